"""What the parts that work for one target and region write their self-metrics to: plain numbers, with a version."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping
from itertools import accumulate

from prometheus_client.samples import Sample

from exporter.errors import Reason
from exporter.telemetry import families
from exporter.telemetry.families import POLL_BUCKETS_SECONDS, TARGET_FAMILIES, Labels, TargetFamily

_OF_A_SOURCE = (families.POLLS, families.LAST_SUCCESS, families.LAST_SUCCESSFUL)
_OF_AN_OPERATION = (families.API_REQUESTS, families.API_ERRORS, families.API_THROTTLES)
_OF_THE_TARGET = (
    families.METRICS_REQUESTED,
    families.COST,
    families.LATE_DATAPOINTS,
    families.SMALLER_ANSWERS,
    families.SERIES_SERVED,
)

DROP_REASONS = ("limit", "label")


class _Durations:
    """How many polls took how long."""

    __slots__ = ("_buckets", "_seconds")

    def __init__(self) -> None:
        self._buckets = [0] * (len(POLL_BUCKETS_SECONDS) + 1)
        self._seconds = 0.0

    def observe(self, seconds: float) -> None:
        self._buckets[bisect_left(POLL_BUCKETS_SECONDS, seconds)] += 1
        self._seconds += seconds

    def numbers(self) -> list[float]:
        """Return how many polls reached each bound, how many there were, and the seconds of all."""
        reached = list(accumulate(self._buckets))
        return [*reached, reached[-1], self._seconds]


class TargetTelemetry:
    """Holds the self-metrics of one target and region; serves as the observer of its AWS calls.

    A family's number in *versions* is new whenever a sample of it is, so that what was rendered before can be kept.
    """

    def __init__(
        self, target: str, region: str, price: Callable[[], float], changed: Callable[[], None] = lambda: None
    ) -> None:
        """Hold nothing until `prepare`; *price* tells the US dollars for a thousand metrics of this moment.

        *changed* is told of every change.
        """
        self.place = (target, region)
        self._changed = changed
        self.versions = dict.fromkeys(TARGET_FAMILIES, 0)
        self._price = price
        self._values: dict[TargetFamily, dict[Labels, float]] = {family: {} for family in TARGET_FAMILIES}
        self._durations: dict[str, _Durations] = {}
        self.requested_of: dict[str, int] = {}
        """What AWS billed of each CloudWatch metric."""
        self.last_poll: dict[str, tuple[float, bool]] = {}
        """How many seconds the last poll of each source took, and whether it went well."""

    def prepare(self, sources: tuple[str, ...], operations: tuple[str, ...]) -> None:
        """Have all that can be known, with 0 where it is new.

        What is of other sources goes. Of other operations it stays where it has counted: calls for another target with
        the same credentials are counted here too.
        """
        for family in _OF_A_SOURCE:
            self._keep(family, [(source,) for source in sources])
        self._keep(families.POLL_FAILURES, [(source, reason) for source in sources for reason in Reason])
        self._durations = {source: self._durations.get(source, _Durations()) for source in sources}
        self._note(families.POLL_DURATION)
        for family in _OF_AN_OPERATION:
            counted = [labels for labels, value in self._values[family].items() if value]
            self._keep(family, [*((operation,) for operation in operations), *counted])
        for family in _OF_THE_TARGET:
            self._keep(family, [()])
        self._keep(families.SERIES_DROPPED, [(reason,) for reason in DROP_REASONS])

    def requests(self, operation: str) -> float:
        """Return how many HTTP requests *operation* took."""
        return self._values[families.API_REQUESTS].get((operation,), 0.0)

    def errors(self, operation: str) -> float:
        """Return how many HTTP requests of *operation* failed."""
        return self._values[families.API_ERRORS].get((operation,), 0.0)

    def label_values(self, family: TargetFamily) -> tuple[Labels, ...]:
        """Return for which label values *family* has samples, sorted."""
        if family is families.POLL_DURATION:
            return tuple((source,) for source in sorted(self._durations))
        return tuple(sorted(self._values[family]))

    def numbers(self, family: TargetFamily) -> list[float]:
        """Return the numbers of all samples of *family*, in the order of `label_values` and of their rows."""
        if family is families.POLL_DURATION:
            return [number for _, polls in sorted(self._durations.items()) for number in polls.numbers()]
        return [number for _, number in sorted(self._values[family].items())]

    def samples(self, family: TargetFamily) -> list[Sample]:
        """Return what *family* has of this target and region, in the same order."""
        place = dict(zip(("target", "region"), self.place, strict=True))
        rows = [row for values in self.label_values(family) for row in family.rows(values)]
        return [
            Sample(name, place | labels, number)
            for (name, labels), number in zip(rows, self.numbers(family), strict=True)
        ]

    def poll_finished(self, source: str, *, seconds: float, reason: Reason | None, at: float) -> None:
        """Note that a poll of *source* took *seconds* and ended at *at* (unix seconds), well when *reason* is None."""
        self._add(families.POLLS, (source,))
        self.last_poll[source] = (seconds, reason is None)
        self._durations.setdefault(source, _Durations()).observe(seconds)
        self._note(families.POLL_DURATION)
        self._set(families.LAST_SUCCESSFUL, (source,), float(reason is None))
        if reason is None:
            self._set(families.LAST_SUCCESS, (source,), at)
        else:
            self._add(families.POLL_FAILURES, (source, reason))

    def metrics_requested(self, billed: Mapping[str, int]) -> None:
        """Count what AWS bills of each metric, at the price of this moment."""
        n = sum(billed.values())
        for metric, number in billed.items():
            self.requested_of[metric] = self.requested_of.get(metric, 0) + number
        self._add(families.METRICS_REQUESTED, (), n)
        self._add(families.COST, (), n / 1000 * self._price())

    def late_datapoints(self, n: int) -> None:
        """Count *n* datapoints that came or grew after their time."""
        self._add(families.LATE_DATAPOINTS, (), n)

    def smaller_answers(self, n: int) -> None:
        """Count *n* datapoints that CloudWatch showed smaller than before."""
        self._add(families.SMALLER_ANSWERS, (), n)

    def series_served(self, n: int) -> None:
        """Note that *n* series are held for this target and region, of all its sources together."""
        self._set(families.SERIES_SERVED, (), n)

    def series_dropped(self, reason: str, n: int) -> None:
        """Note that *n* series are left out for *reason*, one of DROP_REASONS."""
        self._set(families.SERIES_DROPPED, (reason,), n)

    def requested(self, operation: str) -> None:
        """Count one HTTP request to AWS, a retry too."""
        self._add(families.API_REQUESTS, (operation,))

    def failed(self, operation: str, reason: Reason) -> None:  # noqa: ARG002 - reasons are counted with the poll
        """Count one call that was given up."""
        self._add(families.API_ERRORS, (operation,))

    def throttled(self, operation: str) -> None:
        """Count one answer that asked to slow down."""
        self._add(families.API_THROTTLES, (operation,))

    def clock_offset(self, seconds: float) -> None:
        """Note how many *seconds* this machine's clock is ahead of AWS's."""
        self._set(families.CLOCK_OFFSET, (), seconds)

    def _add(self, family: TargetFamily, labels: Labels, n: float = 1.0) -> None:
        self._set(family, labels, self._values[family].get(labels, 0.0) + n)

    def _set(self, family: TargetFamily, labels: Labels, value: float) -> None:
        self._values[family][labels] = float(value)
        self._note(family)

    def _keep(self, family: TargetFamily, labels: Iterable[Labels]) -> None:
        before = self._values[family]
        self._values[family] = {each: before.get(each, 0.0) for each in labels}
        self._note(family)

    def _note(self, family: TargetFamily) -> None:
        self.versions[family] += 1
        self._changed()
