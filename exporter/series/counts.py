"""A count: an exact counter, and gauges over the newest complete period, from the same minutes."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from exporter.config.plan import MetricPlan
from exporter.series.ledger import Ledger
from exporter.series.observations import TOTAL, Reading, Series
from exporter.series.queries import Dimensions, Query
from exporter.series.states import Answered, Outcome, Pace, State
from exporter.series.windows import (
    DAY,
    HOUR,
    LOOK_BACK_SECONDS,
    MINUTE,
    Cuts,
    Span,
    cuts,
    day_due,
    epoch,
    floor_to,
    hour_due,
    is_gap,
    repeat_start,
    same_span,
)

HOURS_KEPT_SECONDS = 2 * DAY
MINUTES_KEPT_SECONDS = HOUR
"""Kept beyond what is read again, so that a clock set back by an hour finds its minutes whole."""
OVERDUE_HOURS_SECONDS = 6 * HOUR
OVERDUE_DAYS_SECONDS = 4 * DAY
GAUGE_POLLS = 3
GAUGE_MIN_SECONDS = 900

ZERO_WHEN_ABSENT = frozenset({"Sum", "SampleCount"})


@dataclass(frozen=True, slots=True)
class _Ask:
    """One poll's questions: *minutes* always, *hours* and *days* at start and when a look is due."""

    cuts: Cuts
    days: Query | None
    hours: Query | None
    minutes: Query
    others: tuple[Query, ...]

    def resolutions(self) -> list[Query]:
        return [query for query in (self.days, self.hours, self.minutes) if query is not None]


@dataclass(slots=True)
class CountMemory:
    """What a count knows: its ledger, up to where minutes were read, and which looks were made."""

    ledger: Ledger | None = None
    read_end: int | None = None
    looked_hour: int = 0
    looked_day: int = 0
    gauges: dict[str, Reading] = field(default_factory=dict)


class Count:
    """The ledger of one count and the gauges beside it."""

    def __init__(self, plan: MetricPlan, pace: Pace, dimensions: Dimensions = ()) -> None:
        """Begin knowing nothing."""
        self.plan = plan
        self._pace = pace
        self._dimensions = dimensions
        self._others = tuple(statistic for statistic in plan.statistics if statistic != "Sum")
        self._asked: tuple[float, _Ask] | None = None
        self.memory = CountMemory()

    def adopt(self, previous: State) -> None:
        """Go on from what *previous* knows of the same series; its settings may have been others."""
        if not isinstance(previous, Count):
            return
        same = (previous.plan.period_seconds, previous.plan.delay_seconds) == (
            self.plan.period_seconds,
            self.plan.delay_seconds,
        )
        self._asked = None
        self.memory = previous.memory if same else replace(previous.memory, gauges={})

    def starting(self, now: float) -> bool:
        """Return whether days, hours and minutes are all to be read.

        That is at first, after a gap, when the clock was set back behind the hours already handed over, and when the
        looks have failed for so long that the finer rows would grow without end.
        """
        ledger, end = self.memory.ledger, floor_to(now, MINUTE)
        if ledger is None or self.memory.read_end is None or is_gap(end, self.memory.read_end):
            return True
        set_back = end < self.memory.read_end and cuts(now).hours < ledger.cuts.hours
        year = epoch(now).start
        days_overdue = now - max(year, ledger.cuts.days) > OVERDUE_DAYS_SECONDS
        return set_back or days_overdue or now - ledger.cuts.hours > OVERDUE_HOURS_SECONDS or year < ledger.days_from

    def wants(self, now: float) -> list[Query]:
        """Return this poll's questions."""
        ask = self._ask(now)
        self._asked = (now, ask)
        return [*ask.resolutions(), *ask.others]

    def follow_up(self, now: float, answered: Answered) -> list[Query]:
        """Return nothing: a count asks once."""
        del now, answered
        return []

    def absorb(self, now: float, answered: Answered) -> Outcome:
        """Count what was read whole. A counter begins only when days, hours and minutes are all there."""
        asked, self._asked = self._asked, None
        ask = asked[1] if asked is not None and asked[0] == now else self._ask(now)
        self._absorb_others(now, ask, answered)
        read = [query for query in ask.resolutions() if query in answered]
        if self.memory.ledger is None and read != ask.resolutions():
            return Outcome()
        ledger = self._begun(ask)
        before = {DAY: ledger.cuts.days, HOUR: ledger.cuts.hours, MINUTE: ledger.cuts.minutes}
        late = smaller = 0
        for query in read:
            change = ledger.read(query.period_seconds, query.span, answered[query])
            late += bisect_left(change.grown, before[query.period_seconds])
            smaller += change.smaller
        self._move_on(now, ask, ledger, read)
        return Outcome(late, smaller)

    def series(self, now: float) -> Iterator[Series]:
        """Return the counter, once its year is known whole, and the gauges of the configured statistics."""
        ledger = self.memory.ledger
        if ledger is not None and ledger.days_from <= epoch(now).start:
            yield Series(self.plan.name, TOTAL, ledger.reading(now), self._dimensions)
        for statistic in self.plan.statistics:
            if statistic in self.memory.gauges:
                yield Series(self.plan.name, statistic, self.memory.gauges[statistic], self._dimensions)

    def _begun(self, ask: _Ask) -> Ledger:
        if self.memory.ledger is None:
            if ask.hours is None:
                raise ValueError("a ledger begins with hours")
            days = ask.days.span if ask.days is not None else Span(ask.cuts.days, ask.cuts.days)
            self.memory.ledger = Ledger(days, ask.hours.span, ask.minutes.span)
        return self.memory.ledger

    def _move_on(self, now: float, ask: _Ask, ledger: Ledger, read: list[Query]) -> None:
        """Move each cut to where its resolution was *read*, but never over a hole, and show the newest period."""
        year = epoch(now).start
        if ask.days is not None and ask.days in read:
            ledger.move_cuts(days=ask.cuts.days)
            self.memory.looked_day = day_due(now, self._pace.look_seconds)
        if ask.hours is not None and ask.hours in read and ask.hours.span.start <= max(year, *ledger.cuts):
            ledger.move_cuts(hours=ask.cuts.hours)
            self.memory.looked_hour = hour_due(now, self._pace.look_seconds)
        minutes = ask.minutes.span
        if ask.minutes in read and minutes.start <= max(year, *ledger.cuts):
            ledger.move_cuts(minutes=ask.cuts.minutes)
            self.memory.read_end = minutes.end
        if self.memory.read_end != minutes.end:
            return
        period = self._period(now)
        in_hours = self.plan.period_seconds >= HOUR
        self._show(now, "Sum", ledger.hours_in(period) if in_hours else ledger.minutes_in(period))
        ledger.forget(hours_before=_hours_from(now), minutes_before=minutes.start - MINUTES_KEPT_SECONDS)

    def _absorb_others(self, now: float, ask: _Ask, answered: Answered) -> None:
        for query in ask.others:
            if query not in answered:
                continue
            value = answered[query].get(self._period(now).start, 0.0 if query.statistic in ZERO_WHEN_ABSENT else None)
            if value is None:
                self.memory.gauges.pop(query.statistic, None)
            else:
                self._show(now, query.statistic, value)

    def _show(self, now: float, statistic: str, value: float) -> None:
        shown_for = max(GAUGE_POLLS * self._pace.poll_interval_seconds, GAUGE_MIN_SECONDS)
        self.memory.gauges[statistic] = Reading(value, now + shown_for, timestamp_seconds=self._period(now).start)

    def _period(self, now: float) -> Span:
        """Return the newest complete period at *now*."""
        period = self.plan.period_seconds
        end = floor_to(now - self.plan.delay_seconds, period)
        return same_span(end - period, end)

    def _ask(self, now: float) -> _Ask:
        at = cuts(now)
        end = floor_to(now, MINUTE)
        if self.memory.read_end is None or self.starting(now):
            minutes = Span(floor_to(end - self.plan.range_seconds, HOUR), end)
            whole_days = Span(epoch(now).start, at.days)
            return self._asking(now, whole_days, Span(_hours_from(now), at.hours), minutes)
        start = floor_to(repeat_start(end, self.memory.read_end, self.plan.range_seconds), self._pace.align_seconds)
        days: Span | None = None
        hours: Span | None = None
        if hour_due(now, self._pace.look_seconds) > self.memory.looked_hour:
            hours = same_span(at.hours - LOOK_BACK_SECONDS, at.hours)
        if day_due(now, self._pace.look_seconds) > self.memory.looked_day:
            days = same_span(epoch(now).start, at.days)
        return self._asking(now, days, hours, same_span(start, end))

    def _asking(self, now: float, days: Span | None, hours: Span | None, minutes: Span) -> _Ask:
        """Return the questions over these windows; on 1 January no day of the year is over, and none is asked."""
        return _Ask(
            cuts=cuts(now),
            days=self._sum(DAY, days) if days is not None and days.end > days.start else None,
            hours=self._sum(HOUR, hours) if hours is not None else None,
            minutes=self._sum(MINUTE, minutes),
            others=tuple([self._other(statistic, now, minutes) for statistic in self._others]),
        )

    def _other(self, statistic: str, now: float, minutes: Span) -> Query:
        """Ask for the minutes' window where the newest complete period fits into it, else for that period alone."""
        period = self._period(now)
        fits = minutes.start <= period.start and not minutes.start % self.plan.period_seconds
        span = minutes if fits else period
        return Query(self.plan.name, statistic, self.plan.period_seconds, span, self._dimensions)

    def _sum(self, period_seconds: int, span: Span) -> Query:
        return Query(self.plan.name, "Sum", period_seconds, span, self._dimensions)


def _hours_from(now: float) -> int:
    """Return from where on hours are kept: whole days, enough for the longest period at the longest delay."""
    return floor_to(now - HOURS_KEPT_SECONDS, DAY)
