"""A real Prometheus scrapes the exporter that runs on cloudwatch_exporter's file, and answers people's queries."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests import monitoring
from tests.e2e.test_prometheus import query
from tests.fakes.aws import FakeAws
from tests.processes import Running, environment, exporter, until

SEED = Path(__file__).parents[1] / "golden" / "cloudwatch_exporter" / "seed-post.mail" / "config.yml"
SETTLED_SECONDS = 60.0
COUNTS = {"send": 40, "delivery": 37, "bounce": 3, "complaint": 1}
JOBS = {"honoured": "job", "exported": "exported_job"}
"""Prometheus with `honor_labels: true` keeps our `job`; without, it becomes `exported_job`."""


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    """The exporter on the file of the post that this project answers, with mail each minute."""
    with FakeAws() as aws:
        minute = time.time() // 60 * 60
        for ago in range(60):
            for metric, value in (("Send", 40), ("Delivery", 37), ("Bounce", 3), ("Complaint", 1)):
                aws.put(metric, minute - 60 * ago, value)
        for metric, rate in (("Reputation.BounceRate", 0.1432), ("Reputation.ComplaintRate", 0.0021)):
            aws.put(metric, minute - 7200, rate)
        with exporter(f"--config.file={SEED}", environ=environment(AWS_ENDPOINT_URL=aws.url)) as daemon:
            daemon.wait_ready()
            yield daemon


@pytest.fixture(scope="module")
def prometheus(running: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    static = [{"targets": [running.address]}]
    settings = {
        "global": {"scrape_interval": "1s", "scrape_timeout": "1s"},
        "scrape_configs": [
            {"job_name": name, "honor_labels": label == "job", "static_configs": static} for name, label in JOBS.items()
        ],
    }
    with monitoring.prometheus(settings, tmp_path_factory.mktemp("prometheus")) as server:
        yield server


def value(prometheus: Running, expression: str) -> float | None:
    found = query(prometheus, expression)
    return float(found[0]["value"][1]) if len(found) == 1 else None


def wait_for(prometheus: Running, expected: Mapping[str, object]) -> None:
    """Wait until each expression has its value: one of no scrapes that a busy machine missed."""

    def found() -> dict[str, object]:
        return {expression: value(prometheus, expression) for expression in expected}

    until(lambda: found() == expected, SETTLED_SECONDS, found)


def test_the_log_says_whose_file_it_is(running: Running) -> None:
    def in_force() -> list[dict[str, Any]]:
        return [event for event in running.events() if "configuration in force" in event.values()]

    until(in_force, SETTLED_SECONDS, lambda: running.lines)
    assert in_force()[0]["dialect"] == "cloudwatch_exporter"


@pytest.mark.parametrize("label", JOBS.values())
def test_the_queries_of_the_post_are_answered(prometheus: Running, label: str) -> None:
    rate = f'aws_ses_reputation_bounce_rate_sum{{{label}="aws_ses"}}'
    expected = {
        rate: 0.1432,
        f"avg_over_time({rate}[1h]) * 100": pytest.approx(14.32),
        f"avg_over_time({rate}[1h]) * 100 > 5": pytest.approx(14.32),
        f'aws_ses_reputation_complaint_rate_sum{{{label}="aws_ses"}}': 0.0021,
        **{f'aws_ses_{count}_sum{{{label}="aws_ses"}}': number for count, number in COUNTS.items()},
    }
    wait_for(prometheus, expected)


def test_what_is_on_top_has_native_labels(prometheus: Running) -> None:
    native = 'account_id="123456789012",region="us-east-1",job="exported"'
    asked = 'cloudwatch_requests_total{action="getMetricData",job="exported"}'
    expected = {
        f"aws_ses_up{{{native}}}": 1,
        f"aws_ses_reputation_bounce_rate{{{native}}}": 0.1432,
        f"aws_ses_send_total{{{native}}} >= bool {40 * 50}": 1,
        'cloudwatch_exporter_scrape_error{job="exported"}': 0,
        f"{asked} > bool 0": 1,
    }
    wait_for(prometheus, expected)
    assert query(prometheus, f"aws_ses_send_sum{{{native}}}") == []
