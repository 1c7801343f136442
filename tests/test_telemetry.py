from __future__ import annotations

from collections.abc import Callable

import pytest
from prometheus_client import CollectorRegistry

from exporter import __version__
from exporter.config.dialect import DialectName
from exporter.errors import Reason, Refusal
from exporter.telemetry import OPERATIONS, SOURCES, Telemetry

READING = {
    *("errors", "label_values", "last_poll", "numbers", "place", "process", "requested_of", "requests", "samples"),
    *("version", "versions", "writer", "set_price", "prepare"),
}
"""What tells something of telemetry, or prepares what is told later."""

P = "aws_ses_exporter_"
PLACE = {"target": "default", "region": "us-east-1"}
CLOUDWATCH = PLACE | {"source": "cloudwatch"}


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def telemetry(registry: CollectorRegistry) -> Telemetry:
    return Telemetry(registry, price_per_thousand_metrics_dollars=0.01)


def names(registry: CollectorRegistry) -> set[str]:
    return {
        sample.name
        for family in registry.collect()
        for sample in family.samples
        if sample.name.startswith(P) and not sample.name.endswith("_created")
    }


def test_everything_that_can_be_known_is_there_with_0_as_soon_as_a_target_is_bound(
    registry: CollectorRegistry, telemetry: Telemetry
) -> None:
    telemetry.bind("default", "us-east-1")
    value = registry.get_sample_value
    for source in SOURCES:
        labels = PLACE | {"source": source}
        for name in (
            "polls_total",
            "poll_duration_seconds_count",
            "last_success_timestamp_seconds",
            "last_poll_successful",
        ):
            assert value(P + name, labels) == 0, name
        for reason in Reason:
            assert value(P + "poll_failures_total", labels | {"reason": reason}) == 0
    for operation in OPERATIONS:
        for name in ("api_requests_total", "api_errors_total", "api_throttles_total"):
            assert value(P + name, PLACE | {"operation": operation}) == 0, name
    for name in (
        "cloudwatch_metrics_requested_total",
        "cloudwatch_estimated_cost_dollars_total",
        "datapoints_late_total",
        "smaller_answers_total",
        "series_served",
    ):
        assert value(P + name, PLACE) == 0, name


def test_the_clock_offset_is_absent_until_aws_has_answered(registry: CollectorRegistry, telemetry: Telemetry) -> None:
    bound = telemetry.bind("default", "us-east-1")
    assert registry.get_sample_value(P + "clock_offset_seconds", PLACE) is None
    bound.clock_offset(-1.5)
    assert registry.get_sample_value(P + "clock_offset_seconds", PLACE) == -1.5


def test_a_good_poll_is_counted_timed_and_dated(registry: CollectorRegistry, telemetry: Telemetry) -> None:
    telemetry.bind("default", "us-east-1").poll_finished("cloudwatch", seconds=0.2, reason=None, at=1000.0)
    value = registry.get_sample_value
    assert value(P + "polls_total", CLOUDWATCH) == 1
    assert value(P + "poll_duration_seconds_sum", CLOUDWATCH) == 0.2
    assert value(P + "poll_duration_seconds_bucket", CLOUDWATCH | {"le": "0.25"}) == 1
    assert value(P + "poll_duration_seconds_bucket", CLOUDWATCH | {"le": "0.1"}) == 0
    assert value(P + "last_success_timestamp_seconds", CLOUDWATCH) == 1000
    assert value(P + "last_poll_successful", CLOUDWATCH) == 1
    assert value(P + "polls_total", PLACE | {"source": "account"}) == 0


def test_a_failed_poll_is_counted_by_reason_and_leaves_the_time_of_the_last_success(
    registry: CollectorRegistry, telemetry: Telemetry
) -> None:
    bound = telemetry.bind("default", "us-east-1")
    bound.poll_finished("cloudwatch", seconds=0.2, reason=None, at=1000.0)
    bound.poll_finished("cloudwatch", seconds=60.0, reason=Reason.TIMEOUT, at=1300.0)
    value = registry.get_sample_value
    assert value(P + "polls_total", CLOUDWATCH) == 2
    assert value(P + "poll_failures_total", CLOUDWATCH | {"reason": "timeout"}) == 1
    assert value(P + "poll_failures_total", CLOUDWATCH | {"reason": "tls"}) == 0
    assert value(P + "last_success_timestamp_seconds", CLOUDWATCH) == 1000
    assert value(P + "last_poll_successful", CLOUDWATCH) == 0


def test_every_refusal_is_there_with_0_from_the_start_and_in_the_help(
    registry: CollectorRegistry, telemetry: Telemetry
) -> None:
    (family,) = (each for each in registry.collect() if each.name == P + "web_refused")
    samples = {each.labels["reason"]: each.value for each in family.samples if each.name == P + "web_refused_total"}
    assert samples == dict.fromkeys(Refusal, 0)
    assert all(reason in family.documentation for reason in Refusal)
    telemetry.web_refused(Refusal.CROWD)
    assert registry.get_sample_value(P + "web_refused_total", {"reason": "crowd"}) == 1


def test_calls_are_counted_by_operation_an_unforeseen_one_too(
    registry: CollectorRegistry, telemetry: Telemetry
) -> None:
    bound = telemetry.bind("default", "us-east-1")
    bound.requested("GetMetricData")
    bound.requested("GetMetricData")
    bound.throttled("GetMetricData")
    bound.failed("GetMetricData", Reason.THROTTLED)
    bound.requested("ListMetrics")
    value = registry.get_sample_value
    assert value(P + "api_requests_total", PLACE | {"operation": "GetMetricData"}) == 2
    assert value(P + "api_throttles_total", PLACE | {"operation": "GetMetricData"}) == 1
    assert value(P + "api_errors_total", PLACE | {"operation": "GetMetricData"}) == 1
    assert value(P + "api_requests_total", PLACE | {"operation": "ListMetrics"}) == 1


def test_cost_is_what_was_requested_at_the_price_of_its_moment(
    registry: CollectorRegistry, telemetry: Telemetry
) -> None:
    bound = telemetry.bind("default", "us-east-1")
    bound.metrics_requested({"Send": 500})
    telemetry.set_price(0.02)
    bound.metrics_requested({"Send": 500})
    assert registry.get_sample_value(P + "cloudwatch_metrics_requested_total", PLACE) == 1000
    cost = registry.get_sample_value(P + "cloudwatch_estimated_cost_dollars_total", PLACE)
    assert cost == pytest.approx(0.005 + 0.01)


def test_what_cloudwatch_did_to_datapoints_is_counted(registry: CollectorRegistry, telemetry: Telemetry) -> None:
    bound = telemetry.bind("default", "us-east-1")
    bound.late_datapoints(3)
    bound.smaller_answers(2)
    bound.series_served(42)
    bound.series_served(40)
    value = registry.get_sample_value
    assert value(P + "datapoints_late_total", PLACE) == 3
    assert value(P + "smaller_answers_total", PLACE) == 2
    assert value(P + "series_served", PLACE) == 40


def test_a_forgotten_target_leaves_nothing_and_takes_nothing_else_along(
    registry: CollectorRegistry, telemetry: Telemetry
) -> None:
    gone = telemetry.bind("gone", "us-east-1")
    telemetry.bind("default", "us-east-1").clock_offset(0.1)
    gone.clock_offset(0.1)
    gone.requested("ListMetrics")
    telemetry.forget("gone", "us-east-1")
    gone.requested("GetMetricData")
    gone.poll_finished("cloudwatch", seconds=1, reason=Reason.TIMEOUT, at=1.0)
    targets = {sample.labels.get("target") for family in registry.collect() for sample in family.samples}
    assert targets == {"default", None}
    with pytest.raises(KeyError):
        telemetry.forget("gone", "us-east-1")


def test_a_target_that_comes_back_begins_with_0(registry: CollectorRegistry, telemetry: Telemetry) -> None:
    telemetry.bind("default", "us-east-1").requested("GetAccount")
    telemetry.forget("default", "us-east-1")
    telemetry.bind("default", "us-east-1")
    assert registry.get_sample_value(P + "api_requests_total", PLACE | {"operation": "GetAccount"}) == 0


def test_a_target_bound_again_keeps_its_numbers_and_loses_the_sources_that_are_no_more(
    registry: CollectorRegistry, telemetry: Telemetry
) -> None:
    bound = telemetry.bind("default", "us-east-1")
    bound.poll_finished("cloudwatch", seconds=1, reason=None, at=1.0)
    assert telemetry.bind("default", "us-east-1", sources=("cloudwatch",)) is bound
    assert registry.get_sample_value(P + "polls_total", CLOUDWATCH) == 1
    sources = {sample.labels.get("source") for family in registry.collect() for sample in family.samples}
    assert sources == {"cloudwatch", None}
    telemetry.bind("default", "us-east-1")
    assert registry.get_sample_value(P + "polls_total", PLACE | {"source": "account"}) == 0


def test_the_configuration_has_a_hash_an_outcome_and_a_time(registry: CollectorRegistry, telemetry: Telemetry) -> None:
    value = registry.get_sample_value
    telemetry.config_loaded("ffffffffffff" + "0" * 52, 1000.0)
    assert value(P + "config_hash") == 2**48 - 1
    assert value(P + "config_last_reload_successful") == 1
    assert value(P + "config_last_reload_success_timestamp_seconds") == 1000
    telemetry.config_reload_failed()
    assert value(P + "config_hash") == 2**48 - 1
    assert value(P + "config_last_reload_successful") == 0
    assert value(P + "config_last_reload_success_timestamp_seconds") == 1000


def test_the_build_is_shown(registry: CollectorRegistry, telemetry: Telemetry) -> None:
    (family,) = [family for family in registry.collect() if family.name == P + "build_info"]
    (sample,) = family.samples
    assert sample.value == 1
    assert sample.labels["version"] == __version__
    assert set(sample.labels) == {"version", "python_version"}


def test_two_telemetries_share_nothing() -> None:
    first, second = CollectorRegistry(), CollectorRegistry()
    Telemetry(first, price_per_thousand_metrics_dollars=0.01).bind("default", "us-east-1").requested("GetAccount")
    Telemetry(second, price_per_thousand_metrics_dollars=0.01).bind("default", "us-east-1")
    assert second.get_sample_value(P + "api_requests_total", PLACE | {"operation": "GetAccount"}) == 0


def test_every_change_has_a_new_version_and_a_look_has_none(registry: CollectorRegistry, telemetry: Telemetry) -> None:
    bound = telemetry.bind("default", "us-east-1")
    changes: list[Callable[[], object]] = [
        lambda: telemetry.config_loaded("f" * 64, 1.0),
        telemetry.config_reload_failed,
        telemetry.web_reload_failed,
        lambda: telemetry.web_loaded(7.0),
        lambda: telemetry.web_refused(Refusal.TLS),
        lambda: telemetry.set_dialect(DialectName.YACE),
        lambda: telemetry.bind("other", "us-east-1"),
        lambda: telemetry.forget("other", "us-east-1"),
        lambda: bound.poll_finished("cloudwatch", seconds=1, reason=None, at=1.0),
        lambda: bound.poll_finished("cloudwatch", seconds=1, reason=Reason.TIMEOUT, at=1.0),
        lambda: bound.metrics_requested({"Send": 1}),
        lambda: bound.late_datapoints(1),
        lambda: bound.smaller_answers(1),
        lambda: bound.series_served(7),
        lambda: bound.series_dropped("limit", 7),
        lambda: bound.requested("GetAccount"),
        lambda: bound.failed("GetAccount", Reason.TIMEOUT),
        lambda: bound.throttled("GetAccount"),
        lambda: bound.clock_offset(1.0),
    ]
    for change in changes:
        before, samples = telemetry.version(), samples_of(registry)
        assert telemetry.version() == before
        change()
        assert samples_of(registry) != samples
        assert telemetry.version() != before
    public = {name for name in dir(bound) + dir(telemetry) if not name.startswith("_")}
    assert public - READING == {"poll_finished", "config_loaded", "config_reload_failed"} | {
        *(
            "web_loaded",
            "web_reload_failed",
            "web_refused",
            "set_dialect",
            "bind",
            "forget",
            "metrics_requested",
            "late_datapoints",
        ),
        *("smaller_answers", "series_served", "series_dropped", "requested", "failed", "throttled", "clock_offset"),
    }


def samples_of(registry: CollectorRegistry) -> list[tuple[str, dict[str, str], float]]:
    return [(sample.name, sample.labels, sample.value) for family in registry.collect() for sample in family.samples]
