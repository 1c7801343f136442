"""Every self-metric: name, TYPE, labels and HELP."""

from __future__ import annotations

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from exporter.catalogue import PREFIX

POLL_BUCKETS_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30, 60, 120, 300)

_TARGET = ("target", "region")
_SOURCE = (*_TARGET, "source")
_OPERATION = (*_TARGET, "operation")


class Families:
    """All families of `aws_ses_exporter_*` on one registry, and the price that turns metrics into dollars."""

    def __init__(
        self, registry: CollectorRegistry, *, price_per_thousand_metrics_dollars: float, build: Mapping[str, str]
    ) -> None:
        """Put every family on *registry*; *build* are the labels of build_info."""
        self.price_per_thousand_metrics_dollars = price_per_thousand_metrics_dollars

        def counter(name: str, text: str, labels: tuple[str, ...]) -> Counter:
            return Counter(f"{PREFIX}exporter_{name}", text, labels, registry=registry)

        def gauge(name: str, text: str, labels: tuple[str, ...] = ()) -> Gauge:
            return Gauge(f"{PREFIX}exporter_{name}", text, labels, registry=registry)

        built = gauge("build_info", "Version of the exporter and of its Python; the value is always 1.", tuple(build))
        built.labels(*build.values()).set(1)

        self.config_hash = gauge(
            "config_hash",
            "First 48 bits of the SHA-256 of the configuration in force, as a number: equal where replicas agree.",
        )
        self.reload_successful = gauge(
            "config_last_reload_successful",
            "1 when the last attempt to load the configuration succeeded, else 0; the old one stays in force.",
        )
        self.reload_time = gauge(
            "config_last_reload_success_timestamp_seconds",
            "When the configuration in force was loaded. Unit: unix seconds.",
        )

        self.polls = counter("polls_total", "Polls that ended, well or not. Unit: polls.", _SOURCE)
        self.poll_failures = counter(
            "poll_failures_total", "Polls that failed, by reason. Unit: polls.", (*_SOURCE, "reason")
        )
        self.poll_duration = Histogram(
            f"{PREFIX}exporter_poll_duration_seconds",
            "How long polls took, the long first read included. Unit: seconds.",
            _SOURCE,
            buckets=POLL_BUCKETS_SECONDS,
            registry=registry,
        )
        self.last_success = gauge(
            "last_success_timestamp_seconds",
            "When the last successful poll ended, 0 until there was one. Unit: unix seconds.",
            _SOURCE,
        )
        self.last_successful = gauge(
            "last_poll_successful", "1 when the last poll succeeded, 0 when it failed or there was none yet.", _SOURCE
        )
        self.api_requests = counter(
            "api_requests_total", "HTTP requests to AWS by operation, retries included. Unit: requests.", _OPERATION
        )
        self.api_errors = counter(
            "api_errors_total", "Calls to AWS that failed for good, after their retries. Unit: calls.", _OPERATION
        )
        self.api_throttles = counter(
            "api_throttles_total", "Answers of AWS that asked to slow down, retried or not. Unit: answers.", _OPERATION
        )
        self.metrics_requested = counter(
            "cloudwatch_metrics_requested_total",
            "Metrics requested with GetMetricData, which is what AWS bills. Unit: metrics.",
            _TARGET,
        )
        self.cost = counter(
            "cloudwatch_estimated_cost_dollars_total",
            "Metrics requested times the configured price at the time: an estimate, not a bill. Unit: US dollars.",
            _TARGET,
        )
        self.late_datapoints = counter(
            "datapoints_late_total",
            "Datapoints that CloudWatch showed or raised only after their time was read. Unit: datapoints.",
            _TARGET,
        )
        self.smaller_answers = counter(
            "smaller_answers_total",
            "Datapoints that CloudWatch showed smaller than before, which were not believed. Unit: datapoints.",
            _TARGET,
        )
        self.clock_offset = gauge(
            "clock_offset_seconds",
            "This machine's clock minus AWS's, from the last answer; absent until there was one. Unit: seconds.",
            _TARGET,
        )
        self.served = gauge(
            "series_served", "Series of AWS that are held for the page, of all sources. Unit: series.", _TARGET
        )
