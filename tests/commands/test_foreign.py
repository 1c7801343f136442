"""What `check-config` says of another exporter's file: its series, what changes, and the cost, held to the calls."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from exporter.commands.check_config import check_config, one_region, summary
from exporter.commands.foreign import of_dialect
from exporter.config.dialect import Dialect, DialectName
from exporter.config.load import Loaded, load
from exporter.config.plan import dimension_plan, metric_plans
from exporter.sources.cloudwatch import CloudWatchSource
from tests.fakes.bill import Bill
from tests.fakes.cloudwatch import FakeCloudWatch
from tests.golden_pages import GOLDEN, rendered, served
from tests.sources.test_cloudwatch import identity

NOON = 1_781_697_600.0
FILES = [file for name in ("cloudwatch_exporter", "yace") for file in sorted((GOLDEN / name).glob("*/config.yml"))]
SETS = ["ses:configuration-set"]


def loaded(file: Path) -> Loaded:
    return load(file, environ={}, flags={}, default_region=lambda: None)


def written(folder: Path, *metrics: dict[str, object], **values: object) -> Path:
    file = folder / "config.yml"
    items = [{"aws_namespace": "AWS/SES", **metric} for metric in metrics]
    file.write_text(yaml.safe_dump({"region": "us-east-1", **values, "metrics": items}))
    return file


def test_a_native_file_has_nothing_to_say() -> None:
    assert list(of_dialect(Dialect(DialectName.NATIVE))) == []


def test_it_lists_the_series_and_the_rates_that_change(tmp_path: Path) -> None:
    file = written(
        tmp_path,
        {"aws_metric_name": "Send", "aws_statistics": ["Sum"], "aws_dimensions": SETS, "period_seconds": 60},
        {"aws_metric_name": "Reputation.BounceRate", "aws_statistics": ["Sum", "Average"]},
        period_seconds=300,
    )
    rate = "aws_ses_reputation_bounce_rate_sum, aws_ses_reputation_bounce_rate_average"
    assert list(of_dialect(loaded(file).settings.dialect)) == [
        "The file is one of cloudwatch_exporter; its series stand on the page under that exporter's names:",
        "  Send by ses:configuration-set, every 60 s, 600 s ago: aws_ses_send_sum",
        f"  Reputation.BounceRate of the account, every 300 s, 600 s ago: {rate}",
        (
            "Read over 60 s, not over 300 s, for samples of a rate cannot be added up: "
            f"where five of 0.1432 had the Sum 0.716 it is 0.1432 now: {rate}"
        ),
    ]


def test_a_rate_at_a_minute_does_not_change(tmp_path: Path) -> None:
    file = written(tmp_path, {"aws_metric_name": "Reputation.BounceRate"})
    assert not any("Read over" in line for line in of_dialect(loaded(file).settings.dialect))


def test_the_command_names_what_is_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = written(tmp_path, {"aws_metric_name": "Latency", "aws_namespace": "AWS/ELB"}, {"aws_metric_name": "Send"})
    assert check_config(lambda: loaded(file)) == 0
    printed = capsys.readouterr()
    assert printed.err.endswith("AWS/ELB: Latency is left out: only AWS/SES is read here\n")
    assert "# The file is one of cloudwatch_exporter" in printed.out


JOB = {"regions": ["us-east-1"], "period": 300, "metrics": [{"name": "Send", "statistics": ["Sum"]}]}
YACE = {
    "discovery": {
        "jobs": [
            {"type": "AWS/SES", **JOB, "metrics": [{"name": "Reputation.BounceRate", "statistics": ["Sum"]}]},
            {"type": "AWS/SES", **JOB, "dimensionNameRequirements": SETS, "delay": 60},
        ]
    },
    "static": [
        {
            "name": "mail",
            "namespace": "AWS/SES",
            "regions": ["us-east-1", "eu-west-1"],
            "roles": [{"roleArn": "arn:aws:iam::210987654321:role/ses-reader"}],
            "metrics": [{"name": "Send", "statistics": ["Sum", "SampleCount"]}],
        }
    ],
}


def test_it_lists_the_series_of_each_job_and_where_they_are_for(tmp_path: Path) -> None:
    file = tmp_path / "config.yml"
    file.write_text(yaml.safe_dump(YACE))
    rate, other = "aws_ses_reputation_bounce_rate_sum", "210987654321"
    send = "aws_ses_send_sum, aws_ses_send_sample_count"
    assert list(of_dialect(loaded(file).settings.dialect)) == [
        "The file is one of yace; its series stand on the page under that exporter's names:",
        f"  Reputation.BounceRate of the account in default us-east-1, every 300 s, 0 s ago: {rate}",
        f"  Reputation.BounceRate by all dimensions in default us-east-1, every 300 s, 0 s ago: {rate}",
        "  Send by ses:configuration-set in default us-east-1, every 300 s, 60 s ago: aws_ses_send_sum",
        f"  Send of the account in {other} us-east-1, {other} eu-west-1, every 300 s, 0 s ago: {send}",
        (
            "Read over 60 s, not over 300 s, for samples of a rate cannot be added up: "
            f"where five of 0.1432 had the Sum 0.716 it is 0.1432 now: {rate}"
        ),
    ]


def test_a_place_costs_what_its_own_jobs_ask_for(tmp_path: Path) -> None:
    file = tmp_path / "config.yml"
    file.write_text(yaml.safe_dump(YACE))
    settings = loaded(file).settings
    default, other = settings.targets
    first, second = one_region(settings, default, "us-east-1"), one_region(settings, other, "us-east-1")
    # two of Send over 300 s, and not the Sum of the rate, whose name is the dialect's everywhere
    assert second.queries == first.queries + 2 - 1
    lines = summary(settings)
    assert f"{first.queries + 2 * second.queries}, in 3 pairs" in lines[0]
    assert f"; at most {second.queries} in each" in lines[0]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.parent.name)
async def test_the_cost_is_what_a_poll_asks_for(file: Path) -> None:
    settings = loaded(file).settings
    if dimension_plan(settings).listed:
        assert "On top comes what CloudWatch lists" in "".join(summary(settings))
        return
    bill = Bill()
    source = CloudWatchSource(
        bill,
        key="default/us-east-1",
        identity=identity(),
        plans=metric_plans(settings, settings.targets[0]),
        poll_interval_seconds=settings.poll_interval_seconds,
        telemetry=bill,
        dimensions=dimension_plan(settings),
        rules=settings.dialect.rules,
    )
    await source.poll(NOON)
    bill.queries = bill.metrics = 0
    await source.poll(NOON + settings.poll_interval_seconds)
    load = one_region(settings, settings.targets[0])
    assert (bill.queries, bill.metrics) == (load.queries, load.metrics)


EXAMPLE = """
region: us-east-1
metrics:
  - aws_namespace: AWS/SES
    aws_metric_name: Send
  - aws_namespace: AWS/SES
    aws_metric_name: Delivery
  - aws_namespace: AWS/SES
    aws_metric_name: Bounce
  - aws_namespace: AWS/SES
    aws_metric_name: Complaint
  - aws_namespace: AWS/SES
    aws_metric_name: Reputation.BounceRate
  - aws_namespace: AWS/SES
    aws_metric_name: Reputation.ComplaintRate
"""


async def test_the_example_that_they_ship_loads_and_gives_its_thirty_series(tmp_path: Path) -> None:
    file = tmp_path / "SES.yml"
    file.write_text(EXAMPLE)
    read, cloudwatch = loaded(file), FakeCloudWatch()
    for rule in read.settings.dialect.rules:
        cloudwatch.put(rule.metric, NOON - 900, 1)
    page = served((await rendered(read, cloudwatch, NOON + 7)).decode(), read.settings.dialect.family_names)
    assert len(page.samples) == 30
    assert {sample.timestamp for sample in page.samples.values()} == {NOON - 900}


@pytest.mark.parametrize(("periods", "shown"), [((300, 60), 5.0), ((60, 300), 1.0)])
async def test_of_two_jobs_with_the_same_labels_the_first_is_on_the_page_and_the_other_is_named(
    tmp_path: Path, periods: tuple[int, int], shown: float
) -> None:
    file, cloudwatch = tmp_path / "config.yml", FakeCloudWatch()
    file.write_text(
        yaml.safe_dump({"discovery": {"jobs": [{"type": "AWS/SES", **JOB, "period": each} for each in periods]}})
    )
    for minutes in range(1, 11):
        cloudwatch.put("Send", NOON - 60 * minutes, 1)
    read = loaded(file)
    page = served((await rendered(read, cloudwatch, NOON + 7)).decode(), read.settings.dialect.family_names)
    assert [sample.value for sample in page.samples.values()] == [shown]
    said = "only those of discovery.jobs[0].metrics[0] are shown"
    assert [line.endswith(said) and "discovery.jobs[1].metrics[0]: " in line for line in read.warnings] == [True]
