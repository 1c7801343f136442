from __future__ import annotations

import pytest
from prometheus_client import CollectorRegistry

from exporter.config.dialect import DialectName
from exporter.errors import Reason
from exporter.telemetry import TargetTelemetry, Telemetry

AWS_SES = {"namespace": "AWS/SES"}


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def telemetry(registry: CollectorRegistry) -> Telemetry:
    telemetry = Telemetry(registry, price_per_thousand_metrics_dollars=0.01)
    telemetry.set_dialect(DialectName.CLOUDWATCH_EXPORTER)
    return telemetry


@pytest.fixture
def bound(telemetry: Telemetry) -> TargetTelemetry:
    return telemetry.bind("default", "us-east-1")


def test_the_native_dialect_has_none_of_theirs(registry: CollectorRegistry, telemetry: Telemetry) -> None:
    telemetry.set_dialect(DialectName.NATIVE)
    assert not [family.name for family in registry.collect() if family.name.startswith("cloudwatch_")]


def test_before_the_first_poll_nothing_is_said_of_it(registry: CollectorRegistry, bound: TargetTelemetry) -> None:
    bound.poll_finished("account", seconds=9, reason=Reason.TLS, at=1.0)
    assert registry.get_sample_value("cloudwatch_exporter_scrape_error") is None
    requests = registry.get_sample_value("cloudwatch_requests_total", {"action": "getMetricData", **AWS_SES})
    assert requests == 0


def test_a_poll_that_failed_is_an_error_until_one_goes_well(
    registry: CollectorRegistry, telemetry: Telemetry, bound: TargetTelemetry
) -> None:
    bound.poll_finished("cloudwatch", seconds=2, reason=Reason.TLS, at=1.0)
    telemetry.bind("other", "us-east-1").poll_finished("cloudwatch", seconds=3, reason=None, at=1.0)
    assert registry.get_sample_value("cloudwatch_exporter_scrape_error") == 1
    assert registry.get_sample_value("cloudwatch_exporter_scrape_duration_seconds") == 3
    bound.poll_finished("cloudwatch", seconds=2, reason=None, at=1.0)
    assert registry.get_sample_value("cloudwatch_exporter_scrape_error") == 0


def test_requests_and_metrics_are_those_of_all_targets(
    registry: CollectorRegistry, telemetry: Telemetry, bound: TargetTelemetry
) -> None:
    other = telemetry.bind("other", "us-east-1")
    for each in (bound, other):
        each.requested("GetMetricData")
        each.requested("ListMetrics")
        each.requested("GetAccount")
        each.metrics_requested({"Send": 2, "Bounce": 1})
    for action in ("getMetricData", "listMetrics"):
        assert registry.get_sample_value("cloudwatch_requests_total", {"action": action, **AWS_SES}) == 2
    for metric, number in (("Send", 4), ("Bounce", 2)):
        labels = {"metric_name": metric, **AWS_SES}
        assert registry.get_sample_value("cloudwatch_metrics_requested_total", labels) == number


def test_those_of_yace_are_there_with_its_file_and_nobody_elses(
    registry: CollectorRegistry, telemetry: Telemetry, bound: TargetTelemetry
) -> None:
    telemetry.set_dialect(DialectName.YACE)
    other = telemetry.bind("other", "us-east-1")
    for each in (bound, other):
        each.requested("GetMetricData")
        each.requested("GetAccount")
        each.metrics_requested({"Send": 2, "Bounce": 1})
    other.requested("ListMetrics")
    other.failed("ListMetrics", Reason.THROTTLED)
    for operation, requests, errors in (("GetMetricData", 2, 0), ("ListMetrics", 1, 1)):
        labels = {"api_name": operation}
        assert registry.get_sample_value("yace_cloudwatch_requests_total", labels) == requests
        assert registry.get_sample_value("yace_cloudwatch_request_errors", labels) == errors
    assert registry.get_sample_value("yace_cloudwatch_getmetricdata_metrics_requested_total") == 6
    assert registry.get_sample_value("yace_cloudwatch_getmetricdata_requests_total") == 2
    assert registry.get_sample_value("yace_cloudwatch_getmetricstatistics_requests_total") == 0
    assert not [family.name for family in registry.collect() if family.name.startswith("cloudwatch_")]
    telemetry.set_dialect(DialectName.NATIVE)
    assert not [family.name for family in registry.collect() if family.name.startswith("yace_")]
