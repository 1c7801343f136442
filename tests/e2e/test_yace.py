"""The exporter as a process on YACE's file and flags: several jobs, roles and regions of one AWS."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
import yaml

from tests.fakes.aws import FakeAws, Role
from tests.golden_pages import Served, served
from tests.processes import Running, environment, exporter, until

ACCOUNT, OTHER = "123456789012", "210987654321"
ROLE = f"arn:aws:iam::{OTHER}:role/ses-reader"
EXTERNAL_ID = "a-secret-of-theirs"
RATE = "Reputation.BounceRate"
FILE = {
    "apiVersion": "v1alpha1",
    "sts-region": "us-east-1",
    "discovery": {
        "jobs": [
            {
                "type": "AWS/SES",
                "regions": ["us-east-1", "eu-west-1"],
                "period": 60,
                "length": 300,
                "delay": 120,
                "nilToZero": True,
                "metrics": [{"name": "Send", "statistics": ["Sum"]}, {"name": RATE, "statistics": ["Sum"]}],
            },
            {"type": "AWS/EC2", "regions": ["us-east-1"], "metrics": [{"name": "CPUUtilization"}]},
        ]
    },
    "customNamespace": [
        {
            "name": "sets",
            "namespace": "AWS/SES",
            "regions": ["us-east-1"],
            "roles": [{"roleArn": ROLE, "externalId": EXTERNAL_ID}],
            "customTags": [{"key": "CostCenter", "value": "mail"}],
            "dimensionNameRequirements": ["ses:configuration-set"],
            "metrics": [{"name": RATE, "statistics": ["Average"]}],
        }
    ],
}

SHOWN = ("aws_ses_send_sum", "aws_ses_reputation_bounce_rate_sum", "aws_ses_reputation_bounce_rate_average")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    file = tmp_path_factory.mktemp("yace") / "config.yml"
    file.write_text(yaml.safe_dump(FILE))
    with FakeAws() as aws:
        aws.roles[ROLE] = Role(external_id=EXTERNAL_ID)
        minute = time.time() // 60 * 60
        for ago in range(-60, 60):
            aws.put("Send", minute - 60 * ago, 40)
            aws.put("Send", minute - 60 * ago, 7, dimensions={"ses:configuration-set": "news"}, region="eu-west-1")
        aws.put(RATE, minute - 7200, 0.1432)
        aws.put(RATE, minute - 600, 0.02, dimensions={"ses:configuration-set": "news"}, account=OTHER)
        flags = ("-config.file", str(file), "-scraping-interval=60", "-labels-snake-case", "-tag-concurrency", "5")
        with exporter(*flags, environ=environment(AWS_ENDPOINT_URL=aws.url)) as daemon:
            daemon.wait_ready()
            yield daemon


def page(running: Running) -> Served:
    return served(running.get("/metrics").text)


def test_each_job_shows_its_series_for_its_roles_and_regions_alone(running: Running) -> None:
    def shown() -> dict[str, float]:
        return {name: sample.value for name, sample in page(running).samples.items() if name.partition("{")[0] in SHOWN}

    def labels(account: str, region: str, name: str = "global", **more: str) -> str:
        pairs = sorted({"account_id": account, "region": region, "name": name, **more}.items())
        return ",".join(f'{key}="{value}"' for key, value in pairs)

    sets = "dimension_ses_configuration_set"
    custom = labels(OTHER, "us-east-1", "sets", custom_tag_cost_center="mail", **{sets: "news"})
    expected = {
        f"aws_ses_send_sum{{{labels(ACCOUNT, 'us-east-1', **{sets: ''})}}}": 40.0,
        f"aws_ses_send_sum{{{labels(ACCOUNT, 'eu-west-1', **{sets: ''})}}}": 0.0,
        f"aws_ses_send_sum{{{labels(ACCOUNT, 'eu-west-1', **{sets: 'news'})}}}": 7.0,
        f"aws_ses_reputation_bounce_rate_sum{{{labels(ACCOUNT, 'us-east-1')}}}": 0.1432,
        f"aws_ses_reputation_bounce_rate_average{{{custom}}}": 0.02,
    }
    until(lambda: shown() == expected, explain=shown)


def test_native_series_and_self_metrics_stand_beside_them(running: Running) -> None:
    samples = page(running).samples
    up = {name for name, sample in samples.items() if name.startswith("aws_ses_up{") and sample.value == 1}
    assert len(up) == 3
    assert samples[f'aws_ses_send_total{{account_id="{ACCOUNT}",region="us-east-1"}}'].value >= 40 * 50
    for operation in ("GetMetricData", "ListMetrics"):
        assert samples[f'yace_cloudwatch_requests_total{{api_name="{operation}"}}'].value > 0
        assert samples[f'yace_cloudwatch_request_errors{{api_name="{operation}"}}'].value == 0
    assert samples["yace_cloudwatch_getmetricdata_metrics_requested_total{}"].value > 0


def test_openmetrics_is_valid_too(running: Running) -> None:
    answer = running.get("/metrics", accept="application/openmetrics-text; version=1.0.0")
    assert answer.text.endswith("# EOF\n")
    assert "# TYPE yace_cloudwatch_request_errors unknown" in answer.text


def test_the_log_says_whose_file_it_is_and_what_is_left_out_and_no_secret(running: Running) -> None:
    def in_force() -> list[str]:
        return [event["dialect"] for event in running.events() if event["msg"] == "configuration in force"]

    until(in_force, explain=lambda: running.lines)
    assert in_force() == ["yace"]
    doubts = [event["problem"] for event in running.events() if event["msg"] == "configuration is doubtful"]
    assert len(doubts) == 4
    assert any("AWS/EC2: the job is left out" in doubt for doubt in doubts)
    assert EXTERNAL_ID not in "".join(running.lines) + running.get("/metrics").text + running.get("/config").text
