"""A rate or a level: the newest datapoint there is, held with its time. Never filled, never added up."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from exporter.catalogue import Kind
from exporter.config.plan import MetricPlan
from exporter.errors import InvalidResponseError
from exporter.series.observations import HELD, TIME, Reading, Series
from exporter.series.queries import Dimensions, Query
from exporter.series.states import Answered, Outcome, Pace, State
from exporter.series.windows import (
    DAY,
    HELD_LOOK_BACK_SECONDS,
    HOUR,
    MINUTE,
    Span,
    floor_to,
    hour_due,
    is_gap,
    repeat_start,
    same_span,
)

MINUTES_KEPT_SECONDS = 15 * DAY - HOUR
FIVE_MINUTES_KEPT_SECONDS = 63 * DAY - HOUR

_NEWEST_KEY = "Average"


def finest_period(age_seconds: float) -> int:
    """Return the finest period that CloudWatch still holds for data of this age (GetMetricData, "StartTime")."""
    if age_seconds < MINUTES_KEPT_SECONDS:
        return MINUTE
    return 5 * MINUTE if age_seconds < FIVE_MINUTES_KEPT_SECONDS else HOUR


@dataclass(slots=True)
class HeldMemory:
    """The newest datapoint (time, value) of each statistic, what was looked for, and up to where."""

    statistics: tuple[str, ...]
    max_age_seconds: int
    newest: dict[str, tuple[int, float]] = field(default_factory=dict)
    read_end: int | None = None
    looked_at: float = 0.0


class Held:
    """The newest value of each statistic of one rate or level, and the time of its datapoint."""

    def __init__(self, plan: MetricPlan, pace: Pace, dimensions: Dimensions = ()) -> None:
        """Begin knowing nothing. A rate is read at a minute, a level at its own period; both read the Average."""
        self._plan = plan
        self._pace = pace
        self._dimensions = dimensions
        self.period_seconds = MINUTE if plan.kind is Kind.RATE else plan.period_seconds
        self._statistics = tuple(dict.fromkeys((_NEWEST_KEY, *plan.statistics)))
        self.memory = HeldMemory(self._statistics, plan.max_age_seconds)

    def adopt(self, previous: State) -> None:
        """Go on from what *previous* knows; a statistic it did not read is looked for as at start."""
        if not isinstance(previous, Held) or self.period_seconds != previous.period_seconds:
            return
        known = previous.memory
        self.memory.newest.update({name: point for name, point in known.newest.items() if name in self._statistics})
        reaches = self._plan.max_age_seconds <= known.max_age_seconds
        if reaches and set(self._statistics) <= set(known.statistics):
            self.memory.read_end, self.memory.looked_at = known.read_end, known.looked_at

    def starting(self, now: float) -> bool:
        """Return whether the newest datapoint is to be looked for in all the time that counts."""
        return is_gap(floor_to(now, MINUTE), self.memory.read_end)

    def wants(self, now: float) -> list[Query]:
        """Return the window's queries, and at start a coarse one over all the time that counts."""
        queries = self._queries(self.period_seconds, self._window(now))
        coarse = self._coarse(now)
        return queries if coarse is None else [coarse, *queries]

    def follow_up(self, now: float, answered: Answered) -> list[Query]:
        """Return at start the queries for the coarse period with the newest datapoint, if the window does not hold it.

        Where minutes are no longer kept, a rate's Average is all there is: a Sum would add up several samples.
        """
        coarse = self._coarse(now)
        if coarse is None or not answered.get(coarse):
            return []
        newest = max(answered[coarse])
        if newest >= self._window(now).start:
            return []
        period = math.lcm(self.period_seconds, finest_period(now - newest))
        queries = self._queries(period, Span(newest, min(newest + coarse.period_seconds, floor_to(now, MINUTE))))
        averaged = self._plan.kind is Kind.RATE and period > MINUTE
        return queries[:1] if averaged else queries

    def absorb(self, now: float, answered: Answered) -> Outcome:
        """Keep the newest datapoint of each statistic; a window that is not whole changes nothing."""
        window = self._queries(self.period_seconds, self._window(now))
        if not _whole(window, answered):
            return Outcome()
        coarse = self._coarse(now)
        fine = self.follow_up(now, answered)
        if fine and _whole(fine, answered) and not any(answered[query] for query in fine):
            text = f"GetMetricData: {self._plan.name} has a datapoint, but none in the finer period of its time"
            return Outcome(error=InvalidResponseError(text))
        exact = [coarse] if coarse is not None and coarse.period_seconds == self.period_seconds else []
        for query in [*exact, *window, *fine]:
            if answered.get(query):
                self._keep(query.statistic, answered[query])
        if _whole([*fine, *([] if coarse is None else [coarse])], answered):
            self.memory.read_end = floor_to(now, MINUTE)
            if coarse is not None or self._hours_since_look(now):
                self.memory.looked_at = now
        return Outcome()

    def series(self, now: float) -> Iterator[Series]:
        """Return the held values; each leaves the page when its datapoint is older than the limit."""
        del now
        for statistic in self._plan.statistics:
            if statistic in self.memory.newest:
                yield self._series(statistic, *self.memory.newest[statistic])
        if _NEWEST_KEY in self.memory.newest:
            moment, value = self.memory.newest[_NEWEST_KEY]
            if self._plan.kind is Kind.RATE:
                yield self._series(HELD, moment, value)
            yield self._series(TIME, moment, float(moment))

    def _series(self, aspect: str, moment: int, value: float) -> Series:
        reading = Reading(value, moment + self._plan.max_age_seconds, timestamp_seconds=float(moment))
        return Series(self._plan.name, aspect, reading, self._dimensions)

    def _keep(self, statistic: str, points: Mapping[int, float]) -> None:
        moment = max(points)
        if moment >= self.memory.newest.get(statistic, (moment, 0.0))[0]:
            self.memory.newest[statistic] = (moment, points[moment])

    def _queries(self, period: int, span: Span) -> list[Query]:
        return [Query(self._plan.name, statistic, period, span, self._dimensions) for statistic in self._statistics]

    def _coarse(self, now: float) -> Query | None:
        """Return at start the query that finds the newest hour, or the shortest time of whole hours and periods."""
        if not self.starting(now):
            return None
        period = math.lcm(HOUR, self.period_seconds)
        span = Span(floor_to(now - self._plan.max_age_seconds, period), floor_to(now, MINUTE))
        return Query(self._plan.name, _NEWEST_KEY, period, span, self._dimensions)

    def _window(self, now: float) -> Span:
        """Return what every poll reads: *range_seconds*, more after a gap or for a look, and two periods at least."""
        end = floor_to(now, MINUTE)
        if self.memory.read_end is None or self.starting(now):
            return Span(self._aligned(floor_to(end - self._plan.range_seconds, HOUR), end), end)
        start = repeat_start(end, self.memory.read_end, self._plan.range_seconds)
        if self._hours_since_look(now) > 0:
            # a late datapoint is seen up to two hours after its time, however long ago the last look was
            looked_end = floor_to(self.memory.looked_at, MINUTE)
            start = min(start, end - HELD_LOOK_BACK_SECONDS, looked_end + HOUR - HELD_LOOK_BACK_SECONDS)
        return same_span(self._aligned(floor_to(start, self._pace.align_seconds), end), end)

    def _hours_since_look(self, now: float) -> int:
        """Return how many looks are due since the last one; below 0 where the clock was set back."""
        due, looked = (hour_due(moment, self._pace.look_seconds) for moment in (now, self.memory.looked_at))
        return (due - looked) // HOUR

    def _aligned(self, start: int, end: int) -> int:
        if self.period_seconds == MINUTE:
            return start
        return floor_to(min(start, end - 2 * self.period_seconds), self.period_seconds)


def _whole(queries: Iterable[Query], answered: Answered) -> bool:
    return all(query in answered for query in queries)
