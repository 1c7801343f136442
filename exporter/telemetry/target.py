"""What the parts that work for one target and region write their self-metrics to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, TypeVar

from exporter.errors import Reason
from exporter.telemetry.families import Families

_Child = TypeVar("_Child")
_Child_co = TypeVar("_Child_co", covariant=True)


class TargetTelemetry:
    """Writes the self-metrics of one target and region; serves as the observer of its AWS calls."""

    def __init__(self, families: Families, target: str, region: str) -> None:
        """Write to *families*; nothing is on the page until `prepare`."""
        self._families = families
        place = (target, region)
        self._polls = _Children(families.polls, place)
        self._failures = _Children(families.poll_failures, place)
        self._duration = _Children(families.poll_duration, place)
        self._last_success = _Children(families.last_success, place)
        self._successful = _Children(families.last_successful, place)
        self._requests = _Children(families.api_requests, place)
        self._errors = _Children(families.api_errors, place)
        self._throttles = _Children(families.api_throttles, place)
        self._metrics_requested = _Children(families.metrics_requested, place)
        self._cost = _Children(families.cost, place)
        self._late = _Children(families.late_datapoints, place)
        self._smaller = _Children(families.smaller_answers, place)
        self._served = _Children(families.served, place)
        self._clock_offset = _Children(families.clock_offset, place)

    def prepare(self, sources: tuple[str, ...], operations: tuple[str, ...]) -> None:
        """Put all that can be known on the page with 0; take off the sources that are not in *sources*."""
        for children in (self._polls, self._duration, self._last_success, self._successful):
            children.keep(sources)
            children.prepare((source,) for source in sources)
        self._failures.keep(sources)
        self._failures.prepare((source, reason) for source in sources for reason in Reason)
        for children in (self._requests, self._errors, self._throttles):
            children.prepare((operation,) for operation in operations)
        for children in (self._metrics_requested, self._cost, self._late, self._smaller, self._served):
            children.prepare([()])

    def remove(self) -> None:
        """Take everything off the page; what a call that is still under way writes later is not seen."""
        for children in vars(self).values():
            if isinstance(children, _Children):
                children.detach()

    def poll_finished(self, source: str, *, seconds: float, reason: Reason | None, at: float) -> None:
        """Note that a poll of *source* took *seconds* and ended at *at* (unix seconds), well when *reason* is None."""
        self._polls[source,].inc()
        self._duration[source,].observe(seconds)
        self._successful[source,].set(reason is None)
        if reason is None:
            self._last_success[source,].set(at)
        else:
            self._failures[source, reason].inc()

    def metrics_requested(self, n: int) -> None:
        """Count *n* metrics that AWS bills, at the price of this moment."""
        self._metrics_requested[()].inc(n)
        self._cost[()].inc(n / 1000 * self._families.price_per_thousand_metrics_dollars)

    def late_datapoints(self, n: int) -> None:
        """Count *n* datapoints that came or grew after their time."""
        self._late[()].inc(n)

    def smaller_answers(self, n: int) -> None:
        """Count *n* datapoints that CloudWatch showed smaller than before."""
        self._smaller[()].inc(n)

    def series_served(self, n: int) -> None:
        """Note that *n* series are held for this target and region, of all its sources together."""
        self._served[()].set(n)

    def requested(self, operation: str) -> None:
        """Count one HTTP request to AWS, a retry too."""
        self._requests[operation,].inc()

    def failed(self, operation: str, reason: Reason) -> None:  # noqa: ARG002 - reasons are counted with the poll
        """Count one call that was given up."""
        self._errors[operation,].inc()

    def throttled(self, operation: str) -> None:
        """Count one answer that asked to slow down."""
        self._throttles[operation,].inc()

    def clock_offset(self, seconds: float) -> None:
        """Note how many *seconds* this machine's clock is ahead of AWS's."""
        self._clock_offset[()].set(seconds)


class _Family(Protocol[_Child_co]):
    def labels(self, *labelvalues: object) -> _Child_co: ...
    def remove(self, *labelvalues: object) -> None: ...


class _Children(dict[tuple[str, ...], _Child]):
    """The children of one family at one place, by the rest of their labels; made when first asked for."""

    def __init__(self, family: _Family[_Child], place: tuple[str, str]) -> None:
        super().__init__()
        self._family = family
        self._place = place

    def __missing__(self, labels: tuple[str, ...]) -> _Child:
        child = self[labels] = self._family.labels(*self._place, *labels)
        return child

    def prepare(self, labels: Iterable[tuple[str, ...]]) -> None:
        for each in labels:
            self[each]

    def keep(self, sources: tuple[str, ...]) -> None:
        for labels in [labels for labels in self if labels[0] not in sources]:
            self._family.remove(*self._place, *labels)
            del self[labels]

    def detach(self) -> None:
        for labels in self:
            self._family.remove(*self._place, *labels)
