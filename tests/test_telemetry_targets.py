"""Which label values a target has, and how it tells that a number changed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from prometheus_client import CollectorRegistry

from exporter.config.accounts import Account
from exporter.config.settings import TargetSettings
from exporter.errors import Reason
from exporter.telemetry import OPERATIONS, TargetMetric, TargetTelemetry, Telemetry, operations_of

P = "aws_ses_exporter_"
BOTH = ("cloudwatch", "account")
ROLE = "arn:aws:iam::123456789012:role/r"


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def telemetry(registry: CollectorRegistry) -> Telemetry:
    return Telemetry(registry, price_per_thousand_metrics_dollars=0.01)


def operations(registry: CollectorRegistry, name: str = "api_requests_total") -> dict[str, float]:
    return {
        sample.labels["operation"]: sample.value
        for family in registry.collect()
        for sample in family.samples
        if sample.name == P + name
    }


@pytest.mark.parametrize(
    ("target", "sources", "needed"),
    [
        (TargetSettings(regions=("us-east-1",)), BOTH, ("GetMetricData", "GetAccount", "GetCallerIdentity")),
        (TargetSettings(regions=("us-east-1",), account_id="123456789012"), ("cloudwatch",), ("GetMetricData",)),
        (TargetSettings(regions=("us-east-1",), role_arn=ROLE), BOTH, ("GetMetricData", "GetAccount", "AssumeRole")),
        (TargetSettings(regions=("us-east-1",), profile="p"), ("account",), ("GetAccount", "GetCallerIdentity")),
    ],
)
def test_a_target_has_the_operations_that_it_can_take(
    target: TargetSettings, sources: tuple[str, ...], needed: tuple[str, ...]
) -> None:
    account = Account(target, "us-east-1", ())
    assert operations_of(account, sources) == needed
    assert set(needed) <= set(OPERATIONS)
    with_lists = {"ListMetrics", *needed}
    assert set(operations_of(account, (*sources, "dimensions"))) == with_lists
    assert set(operations_of(account, (*sources, "linked"))) == with_lists


def test_what_is_asked_of_a_linked_account_is_counted_at_the_monitoring_account() -> None:
    target = TargetSettings(regions=("us-east-1",), role_arn=ROLE)
    assert operations_of(Account(target, "us-east-1", (), "210987654321"), ("cloudwatch", "dimensions")) == ()


def test_a_target_bound_with_some_operations_has_only_those(registry: CollectorRegistry, telemetry: Telemetry) -> None:
    telemetry.bind("default", "us-east-1", operations=("GetMetricData",))
    for name in ("api_requests_total", "api_errors_total", "api_throttles_total"):
        assert operations(registry, name) == {"GetMetricData": 0}


def test_of_operations_that_are_no_more_those_that_counted_stay(
    registry: CollectorRegistry, telemetry: Telemetry
) -> None:
    telemetry.bind("default", "us-east-1").requested("GetCallerIdentity")
    telemetry.bind("default", "us-east-1", operations=("GetMetricData",))
    assert operations(registry) == {"GetMetricData": 0, "GetCallerIdentity": 1}
    assert operations(registry, "api_errors_total") == {"GetMetricData": 0}


def test_a_poll_of_a_source_that_is_no_more_is_counted_and_harms_nothing(
    registry: CollectorRegistry, telemetry: Telemetry
) -> None:
    bound = telemetry.bind("default", "us-east-1", sources=("cloudwatch",))
    bound.poll_finished("account", seconds=0.2, reason=None, at=1.0)
    labels = {"target": "default", "region": "us-east-1", "source": "account"}
    assert registry.get_sample_value(f"{P}poll_duration_seconds_count", labels) == 1


@pytest.mark.parametrize(("seconds", "bound"), [(0.05, "0.05"), (0.0500001, "0.1"), (300, "300.0"), (301, "+Inf")])
def test_a_duration_is_in_the_first_bucket_that_holds_it(
    seconds: float, bound: str, registry: CollectorRegistry, telemetry: Telemetry
) -> None:
    telemetry.bind("default", "us-east-1").poll_finished("cloudwatch", seconds=seconds, reason=None, at=1.0)
    buckets = [
        (sample.labels["le"], sample.value)
        for family in registry.collect()
        for sample in family.samples
        if sample.name == f"{P}poll_duration_seconds_bucket" and sample.labels["source"] == "cloudwatch"
    ]
    assert next(le for le, count in buckets if count) == bound
    assert buckets[-1] == ("+Inf", 1)


WRITES: dict[str, tuple[Callable[[TargetTelemetry], None], set[str]]] = {
    "requested": (lambda it: it.requested("GetAccount"), {"api_requests_total"}),
    "failed": (lambda it: it.failed("GetAccount", Reason.TLS), {"api_errors_total"}),
    "throttled": (lambda it: it.throttled("GetAccount"), {"api_throttles_total"}),
    "clock_offset": (lambda it: it.clock_offset(1.0), {"clock_offset_seconds"}),
    "series_served": (lambda it: it.series_served(1), {"series_served"}),
    "late": (lambda it: it.late_datapoints(1), {"datapoints_late_total"}),
    "smaller": (lambda it: it.smaller_answers(1), {"smaller_answers_total"}),
    "billed": (
        lambda it: it.metrics_requested({"Send": 1}),
        {"cloudwatch_metrics_requested_total", "cloudwatch_estimated_cost_dollars_total"},
    ),
    "good poll": (
        lambda it: it.poll_finished("account", seconds=1, reason=None, at=1.0),
        {"polls_total", "poll_duration_seconds", "last_success_timestamp_seconds", "last_poll_successful"},
    ),
    "bad poll": (
        lambda it: it.poll_finished("account", seconds=1, reason=Reason.TLS, at=1.0),
        {"polls_total", "poll_duration_seconds", "poll_failures_total", "last_poll_successful"},
    ),
}


@pytest.mark.parametrize("name", WRITES)
def test_what_changed_has_a_new_version_and_nothing_else(name: str, telemetry: Telemetry) -> None:
    write, changed = WRITES[name]
    bound = telemetry.bind("default", "us-east-1")
    before = dict(bound.versions)
    samples = {family: bound.samples(family) for family in before}
    write(bound)
    assert {family.family.name for family in before if bound.versions[family] != before[family]} == {
        P + each for each in changed
    }
    assert {family.family.name for family in before if bound.samples(family) != samples[family]} <= {
        P + each for each in changed
    }


def test_a_target_bound_again_is_new_in_every_family(telemetry: Telemetry) -> None:
    bound = telemetry.bind("default", "us-east-1")
    before = dict(bound.versions)
    telemetry.bind("default", "us-east-1", sources=("cloudwatch",))
    unchanged = {family.family.name for family in before if bound.versions[family] == before[family]}
    assert unchanged == {f"{P}clock_offset_seconds"}


def test_no_sample_is_made_that_nobody_asks_for(
    registry: CollectorRegistry, telemetry: Telemetry, monkeypatch: pytest.MonkeyPatch
) -> None:
    bound = telemetry.bind("default", "us-east-1")
    made = bound.samples

    def unasked(_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(bound, "samples", unasked)
    families = [family for family in registry.collect() if isinstance(family, TargetMetric)]
    assert len(families) == len(bound.versions)
    monkeypatch.setattr(bound, "samples", made)
    assert all(family.samples is family.samples for family in families)
