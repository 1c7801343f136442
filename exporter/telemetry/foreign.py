"""The self-metrics of another exporter that public rules use, with our numbers, while its file is in force."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from prometheus_client import Metric
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, UnknownMetricFamily
from prometheus_client.registry import Collector

from exporter.catalogue import NAMESPACE
from exporter.config.dialect import DialectName
from exporter.telemetry.target import TargetTelemetry

_DATA = "GetMetricData"
_ACTIONS = {"getMetricData": _DATA, "listMetrics": "ListMetrics"}
_SOURCE = "cloudwatch"


class ForeignCollector(Collector):
    """Gives the families of the dialect in force, of all targets together, as that exporter has no label for them."""

    def __init__(self, bound: Callable[[], Iterable[TargetTelemetry]]) -> None:
        """Ask *bound* at each collection; begin with the native dialect, which has none."""
        self._bound = bound
        self.dialect = DialectName.NATIVE

    def collect(self) -> Iterable[Metric]:
        """Return the families, none of the native dialect."""
        if self.dialect is DialectName.CLOUDWATCH_EXPORTER:
            yield from _of_cloudwatch_exporter(list(self._bound()))
        elif self.dialect is DialectName.YACE:
            yield from _of_yace(list(self._bound()))


def _of_cloudwatch_exporter(targets: list[TargetTelemetry]) -> Iterator[Metric]:
    polls = [target.last_poll[_SOURCE] for target in targets if _SOURCE in target.last_poll]
    error = GaugeMetricFamily("cloudwatch_exporter_scrape_error", "Non-zero if this scrape failed.")
    duration = GaugeMetricFamily(
        "cloudwatch_exporter_scrape_duration_seconds", "Time this CloudWatch scrape took, in seconds."
    )
    if polls:
        error.add_metric((), float(not all(well for _, well in polls)))
        duration.add_metric((), max(seconds for seconds, _ in polls))
    requests = CounterMetricFamily(
        "cloudwatch_requests", "API requests made to CloudWatch", labels=("action", "namespace")
    )
    for action, operation in _ACTIONS.items():
        number = sum(target.requests(operation) for target in targets)
        if number or action == "getMetricData":
            requests.add_metric((action, NAMESPACE), number)
    requested = CounterMetricFamily(
        "cloudwatch_metrics_requested",
        "Metrics requested by either GetMetricStatistics or GetMetricData",
        labels=("metric_name", "namespace"),
    )
    for metric in sorted({metric for target in targets for metric in target.requested_of}):
        number = sum(target.requested_of.get(metric, 0) for target in targets)
        requested.add_metric((metric, NAMESPACE), number)
    yield from (error, duration, requests, requested)


def _of_yace(targets: list[TargetTelemetry]) -> Iterator[Metric]:
    """Yield its families; that of errors, a counter with an odd name, has no type that every format allows."""
    requests = CounterMetricFamily(
        "yace_cloudwatch_requests", "Number of calls made to the CloudWatch APIs", labels=("api_name",)
    )
    errors = UnknownMetricFamily("yace_cloudwatch_request_errors", "Help is not implemented yet.", labels=("api_name",))
    for operation in _ACTIONS.values():
        number = sum(target.requests(operation) for target in targets)
        if number or operation == _DATA:
            requests.add_metric((operation,), number)
            errors.add_metric((operation,), sum(target.errors(operation) for target in targets))
    yield from (requests, errors)
    deprecated = "DEPRECATED: replaced by yace_cloudwatch_requests_total with api_name label"
    asked = sum(target.requests(_DATA) for target in targets)
    yield CounterMetricFamily("yace_cloudwatch_getmetricdata_requests", deprecated, value=asked)
    yield CounterMetricFamily("yace_cloudwatch_getmetricstatistics_requests", deprecated, value=0)
    yield CounterMetricFamily(
        "yace_cloudwatch_getmetricdata_metrics_requested",
        "Number of metrics requested from the CloudWatch GetMetricData API which is how AWS bills",
        value=sum(sum(target.requested_of.values()) for target in targets),
    )
