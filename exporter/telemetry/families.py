"""Every self-metric: name, TYPE, labels and HELP."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Gauge

from exporter.catalogue import PREFIX, Family
from exporter.errors import Refusal
from exporter.telemetry.maybe import MaybeGauge

POLL_BUCKETS_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30, 60, 120, 300)

_BOUNDS = (*(str(float(bound)) for bound in POLL_BUCKETS_SECONDS), "+Inf")

Labels = tuple[str, ...]
"""The values of a family's labels, without those of `target` and `region`."""


@dataclass(frozen=True, eq=False, slots=True)
class TargetFamily:
    """A family that has samples of every target and region; *labels* are those beside `target` and `region`."""

    family: Family
    labels: tuple[str, ...] = ()

    @property
    def sample_names(self) -> tuple[str, ...]:
        """What its samples are called."""
        suffixes = ("_bucket", "_count", "_sum") if self.family.type == "histogram" else ("",)
        return tuple(self.family.name + suffix for suffix in suffixes)

    def rows(self, values: Labels) -> Iterator[tuple[str, dict[str, str]]]:
        """Yield name and labels, without `target` and `region`, of each sample that stands for the label *values*."""
        labels = dict(zip(self.labels, values, strict=True))
        if self.family.type != "histogram":
            yield self.family.name, labels
            return
        bucket, count, total = self.sample_names
        yield from ((bucket, labels | {"le": bound}) for bound in _BOUNDS)
        yield count, labels
        yield total, labels


def _family(name: str, kind: str, text: str, *labels: str) -> TargetFamily:
    return TargetFamily(Family(f"{PREFIX}exporter_{name}", kind, text), labels)


POLLS = _family("polls_total", "counter", "Polls that ended, well or not. Unit: polls.", "source")
POLL_FAILURES = _family(
    "poll_failures_total", "counter", "Polls that failed, by reason. Unit: polls.", "source", "reason"
)
POLL_DURATION = _family(
    "poll_duration_seconds",
    "histogram",
    "How long polls took, the long first read included. Unit: seconds.",
    "source",
)
LAST_SUCCESS = _family(
    "last_success_timestamp_seconds",
    "gauge",
    "When the last successful poll ended, 0 until there was one. Unit: unix seconds.",
    "source",
)
LAST_SUCCESSFUL = _family(
    "last_poll_successful",
    "gauge",
    "1 when the last poll succeeded, 0 when it failed or there was none yet.",
    "source",
)
API_REQUESTS = _family(
    "api_requests_total", "counter", "HTTP requests to AWS by operation, retries included. Unit: requests.", "operation"
)
API_ERRORS = _family(
    "api_errors_total",
    "counter",
    "Calls to AWS that failed for good, after their retries. Unit: calls.",
    "operation",
)
API_THROTTLES = _family(
    "api_throttles_total",
    "counter",
    "Answers of AWS that asked to slow down, retried or not. Unit: answers.",
    "operation",
)
METRICS_REQUESTED = _family(
    "cloudwatch_metrics_requested_total",
    "counter",
    "Metrics requested with GetMetricData, which is what AWS bills. Unit: metrics.",
)
COST = _family(
    "cloudwatch_estimated_cost_dollars_total",
    "counter",
    "Metrics requested times the configured price at the time: an estimate, not a bill. Unit: US dollars.",
)
LATE_DATAPOINTS = _family(
    "datapoints_late_total",
    "counter",
    "Datapoints that CloudWatch showed or raised only after their time was read. Unit: datapoints.",
)
SMALLER_ANSWERS = _family(
    "smaller_answers_total",
    "counter",
    "Datapoints that CloudWatch showed smaller than before, which were not believed. Unit: datapoints.",
)
SERIES_DROPPED = _family(
    "series_dropped",
    "gauge",
    "Series with dimensions that are left out: over a limit, or with labels that would fall on others. Unit: series.",
    "reason",
)
CLOCK_OFFSET = _family(
    "clock_offset_seconds",
    "gauge",
    "This machine's clock minus AWS's, from the last answer; absent until there was one. Unit: seconds.",
)
SERIES_SERVED = _family(
    "series_served", "gauge", "Series of AWS that are held for the page, of all sources. Unit: series."
)

TARGET_FAMILIES = (
    POLLS,
    POLL_FAILURES,
    POLL_DURATION,
    LAST_SUCCESS,
    LAST_SUCCESSFUL,
    API_REQUESTS,
    API_ERRORS,
    API_THROTTLES,
    METRICS_REQUESTED,
    COST,
    LATE_DATAPOINTS,
    SMALLER_ANSWERS,
    CLOCK_OFFSET,
    SERIES_SERVED,
    SERIES_DROPPED,
)


class ProcessFamilies:
    """The families of the process as a whole, on one registry."""

    def __init__(self, registry: CollectorRegistry, *, build: Mapping[str, str]) -> None:
        """Put every family on *registry*; *build* are the labels of build_info."""

        def gauge(name: str, text: str, labels: tuple[str, ...] = ()) -> Gauge:
            return Gauge(f"{PREFIX}exporter_{name}", text, labels, registry=registry)

        built = gauge("build_info", "Version of the exporter and of its Python; the value is always 1.", tuple(build))
        built.labels(*build.values()).set(1)

        self.config_hash = gauge(
            "config_hash",
            "First 48 bits of the SHA-256 of the configuration in force, as a number: equal where replicas agree. "
            "Secrets are masked in it, so it does not show when one of them changes.",
        )
        self.reload_successful = gauge(
            "config_last_reload_successful",
            "1 when the last attempt to load the configuration succeeded, else 0; the old one stays in force.",
        )
        self.reload_time = gauge(
            "config_last_reload_success_timestamp_seconds",
            "When the configuration in force was loaded. Unit: unix seconds.",
        )
        self.web_reload_successful = gauge(
            "web_config_last_reload_successful",
            "1 when what was last seen of the web configuration and the files that it names is in force, 0 when it was "
            "refused; the old one stays in force.",
        )
        self.web_reload_successful.set(1)
        self.web_not_after = MaybeGauge(
            f"{PREFIX}exporter_web_certificate_not_after_timestamp_seconds",
            "Until when the certificate is valid that clients are shown; absent without TLS. Unit: unix seconds.",
        )
        registry.register(self.web_not_after)
        self.web_reload_failures = Counter(
            f"{PREFIX}exporter_web_config_reload_failures_total",
            "Changes of the web configuration, or of a file that it names, that were refused; the old one stays in "
            "force. Unit: changes.",
            registry=registry,
        )
        self.web_refused = Counter(
            f"{PREFIX}exporter_web_refused_total",
            "Requests and connections that were not let in, by reason: password (no right one), busy (too many wait "
            "already), rate, tls (TLS failed), request (not a proper one), crowd (too many connections). "
            "Unit: requests.",
            ("reason",),
            registry=registry,
        )
        for reason in Refusal:
            self.web_refused.labels(reason)
