"""The page as a whole, in both formats, and what Prometheus's own linter says of it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from exporter.catalogue import ENFORCEMENT_STATUSES, METRICS, REVIEW_STATUSES, Kind, Metric
from exporter.errors import Reason
from exporter.exposition import NATIVE, Page
from exporter.series.observations import FACT, HELD, TIME, TOTAL, Reading, Series
from exporter.store import Entry, Store, TargetKey
from exporter.telemetry import Telemetry
from tests.pages import read_openmetrics, read_text
from tests.stores import register
from tests.tools import require_tool

SETS = ((("ses:configuration-set", "news"),), (("ses:configuration-set", 'a "set"\n\\ ü'),))
RULE_SETS = ((("RuleSetName", "[Active]"),),)
ADDRESSES = ((("Ip", "192.0.2.1"),),)
GOLDEN = Path(__file__).parents[1] / "golden"
NOW = 1_795_324_500.0
ALLOWED = {
    f"aws_ses_{name}_sum"
    for name in (
        *("bounce", "click", "complaint", "delivery", "delivery_delay", "open", "reject", "rendering_failure", "send"),
        *("subscription", "reputation_bounce_rate", "reputation_complaint_rate"),
    )
}
ALLOWED |= {name.replace("aws_ses_", "aws_ses_dimension_") for name in ALLOWED} | {
    f"aws_ses_dimension_{name}_sum" for name in ("received", "publish_success", "publish_failure", "publish_expired")
}
"""Gauges called `_sum`: so they are called by the exporters that people come from."""


def mail() -> tuple[Series, ...]:
    known = [metric for metric in METRICS.values() if metric.account_level]
    return tuple(series for number, metric in enumerate(known, start=1) for series in of(metric, number))


def mail_by_dimensions() -> tuple[Series, ...]:
    series: list[Series] = []
    for number, metric in enumerate(METRICS.values(), start=1):
        others = RULE_SETS if metric.kind is Kind.COUNT else ADDRESSES
        for dimensions in SETS if metric.account_level else others:
            series += of(metric, number, dimensions)
    return tuple(series)


def of(metric: Metric, number: int, dimensions: tuple[tuple[str, str], ...] = ()) -> Iterator[Series]:
    if metric.kind is Kind.COUNT:
        yield Series(metric.name, TOTAL, Reading(number * 1000.0), dimensions)
        yield Series(metric.name, "Sum", Reading(number * 10.0, NOW + 900), dimensions)
        return
    value = Reading(0.1432 / number, NOW + 86400, timestamp_seconds=NOW - 1020)
    if metric.kind is Kind.RATE:
        yield Series(metric.name, HELD, value, dimensions)
    for statistic in metric.statistics:
        yield Series(metric.name, statistic, value, dimensions)
    yield Series(metric.name, TIME, Reading(NOW - 1020, NOW + 86400), dimensions)


def facts() -> tuple[Series, ...]:
    def fact(name: str, value: float, **labels: str) -> Series:
        return Series(name, FACT, Reading(value, NOW + 3600), tuple(labels.items()))

    return (
        fact("sending_enabled", 1),
        *(fact("enforcement_status", state == "PROBATION", status=state) for state in ENFORCEMENT_STATUSES),
        fact("production_access_enabled", 1),
        *(fact("production_access_review_status", state == "GRANTED", status=state) for state in REVIEW_STATUSES),
        fact("send_quota_max", 50000),
        fact("send_quota_used", 1234),
        fact("send_quota_rate_max", 14),
        fact("dedicated_ip_auto_warmup_enabled", 0),
        fact("vdm_enabled", 0),
        fact("pricing_plan_info", 1, current_plan="ESSENTIALS", next_plan="PRO"),
    )


@pytest.fixture
def page(tmp_path: Path) -> Page:
    """Two targets: one in which all is well, and one whose SES permission is missing and whose quota is unlimited."""
    store, registry = Store(), CollectorRegistry()
    build = {"version": "1.2.3", "python_version": "3.11.0"}
    telemetry = Telemetry(registry, price_per_thousand_metrics_dollars=0.01, build=build, proc=a_process(tmp_path))
    telemetry.config_loaded("0123456789ab" + "0" * 52, NOW - 3600)
    telemetry.web_loaded(NOW + 30 * 86_400)
    for target, region, account in (
        ("default", "us-east-1", "123456789012"),
        ("marketing", "eu-west-1", "210987654321"),
    ):
        key = TargetKey(target, region)
        register(store, key, None if target == "default" else target, ("cloudwatch", "account"))
        well = target == "default"
        store.put(
            Entry(key, "cloudwatch", account, answered=True, series=mail() + (mail_by_dimensions() if well else ()))
        )
        unlimited = Series("send_quota_max", FACT, Reading(float("inf"), NOW + 60))
        store.put(Entry(key, "account", account, answered=well, series=facts() if well else (unlimited,)))
        bound = telemetry.bind(target, region)
        bound.requested("GetMetricData")
        bound.requested("GetAccount")
        bound.metrics_requested({"Send": 12})
        bound.series_served(store.target(key).series_count)
        bound.clock_offset(0.25)
        bound.poll_finished("cloudwatch", seconds=0.4, reason=None, at=NOW - 30)
        bound.poll_finished("account", seconds=0.1, reason=None if well else Reason.ACCESS_DENIED, at=NOW - 30)
    return Page(store, NATIVE, self_metrics=registry, process=telemetry.process.readings, clock=lambda: NOW)


def a_process(place: Path) -> str:
    """Make a /proc of a process that has used nothing, so that page size and clock ticks of the machine do not show."""
    (place / "self" / "fd").mkdir(parents=True)
    (place / "self" / "fd" / "0").touch()
    (place / "self" / "stat").write_text("1 (exporter) S" + " 0" * 50)
    (place / "self" / "limits").write_text(
        "Max open files            1024                 4096                 files\n"
    )
    (place / "stat").write_text(f"btime {NOW - 7200:.0f}\n")
    return str(place)


@pytest.mark.parametrize("name", ["metrics.txt", "metrics.openmetrics.txt"])
def test_the_page_is_the_golden_one(page: Page, name: str, update_golden: bool) -> None:
    content = page.render(openmetrics="openmetrics" in name)
    if update_golden:
        (GOLDEN / name).write_bytes(content)
    assert content.decode() == (GOLDEN / name).read_text(encoding="utf-8")


def test_both_golden_pages_say_the_same() -> None:
    text = (GOLDEN / "metrics.txt").read_text(encoding="utf-8")
    openmetrics = (GOLDEN / "metrics.openmetrics.txt").read_text(encoding="utf-8")
    assert read_text(text) == read_openmetrics(openmetrics)


def test_promtool_finds_nothing_but_the_names_that_people_come_with() -> None:
    promtool = require_tool("promtool", debian="prometheus")
    with (GOLDEN / "metrics.txt").open("rb") as page:
        run = subprocess.run([promtool, "check", "metrics"], stdin=page, capture_output=True, text=True, check=False)
    findings = {tuple(line.split(" ", 1)) for line in (run.stdout + run.stderr).splitlines()}
    allowed = {(name, 'non-histogram and non-summary metrics should not have "_sum" suffix') for name in ALLOWED}
    hours = 'use base unit "seconds" instead of "hours"'  # of two units in a name promtool takes one or the other
    findings -= {(f"aws_ses_dimension_sent_last24_hours_{end}", hours) for end in ("average", "timestamp_seconds")}
    assert findings == allowed
