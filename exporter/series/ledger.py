"""The ledger behind a counter: every datapoint of the year exactly once, in days, hours and minutes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from math import fsum

from exporter.series.observations import Reading
from exporter.series.shelf import Change, Shelf
from exporter.series.windows import (
    DAY,
    DAY_SETTLE_SECONDS,
    HOUR,
    MINUTE,
    YEAR_OPEN_SECONDS,
    Cuts,
    Span,
    epoch,
    floor_to,
    same_cuts,
)

NEVER = 0
TURNS_REMEMBERED = 16
"""Until the new year begins it is 0 for every series, which need not hold two readings each for it."""


class Ledger:
    """One count's closed days, late hours and minutes, and the cuts between them.

    Days count up to `cuts.days`, hours from there to `cuts.hours`, minutes from there to `cuts.minutes`. An hour is
    never less than its minutes, a day never less than its hours, so whatever a read once showed stays counted.
    """

    __slots__ = ("_closed", "_closed_from", "_closed_to", "_days", "_hours", "_minutes", "cuts")

    def __init__(self, days: Span, hours: Span, minutes: Span) -> None:
        """Begin empty rows where the first reads begin: *hours* at a whole day, *minutes* at a whole hour."""
        self._days = Shelf(DAY, days.start)
        self._hours = Shelf(HOUR, hours.start)
        self._minutes = Shelf(MINUTE, minutes.start)
        self.cuts = Cuts(days.start, hours.start, minutes.start)
        self._closed: tuple[float, ...] = ()
        self._closed_from = self._closed_to = NEVER

    @property
    def held(self) -> Cuts:
        """How many days, hours and minutes are held."""
        return Cuts(len(self._days), len(self._hours), len(self._minutes))

    @property
    def days_from(self) -> int:
        """The first day that is held."""
        return self._days.start

    def read(self, period_seconds: int, span: Span, points: Mapping[int, float]) -> Change:
        """Take in a complete read of *span*, in days, hours or minutes; *points* is period start -> value."""
        if period_seconds == DAY:
            change = self._days.keep(span, points)
            self._days_changed(change.grown)
            self._fold_hours(range(self._hours.start, self._hours.end, DAY))
            return change
        if period_seconds == HOUR:
            change = self._hours.keep(span, points)
            self._fold_hours(change.grown)
            return change
        change = self._minutes.keep(span, points)
        self._fold_minutes(change.grown)
        return change

    def _fold_minutes(self, grown: Sequence[int]) -> None:
        hours = _periods(grown, HOUR)
        self._fold_hours([hour for hour in hours if self._hours.raise_to(hour, self._minutes.sum(hour, hour + HOUR))])

    def _fold_hours(self, grown: Sequence[int]) -> None:
        days = _periods(grown, DAY)
        self._days_changed([day for day in days if self._days.raise_to(day, self._hours.sum(day, day + DAY))])

    def _days_changed(self, days: Sequence[int]) -> None:
        if days and days[0] < self._closed_to:
            self._closed_from = self._closed_to = NEVER

    def move_cuts(self, days: int = 0, hours: int = 0, minutes: int = 0) -> None:
        """Move each cut forward to where its resolution was read; a cut never moves back."""
        self.cuts = same_cuts(max(self.cuts.days, days), max(self.cuts.hours, hours), max(self.cuts.minutes, minutes))

    def forget(self, hours_before: int, minutes_before: int) -> None:
        """Drop what neither a counter nor a gauge needs: nothing that is still counted in its resolution."""
        self._hours.forget_before(min(floor_to(hours_before, DAY), floor_to(self.cuts.days, DAY)))
        self._minutes.forget_before(min(floor_to(minutes_before, HOUR), self.cuts.hours))
        year = epoch(self.cuts.days + DAY_SETTLE_SECONDS).start
        if self._days.start < year < self.cuts.days:
            self._days_changed((self._days.start,))
            self._days.forget_before(year)

    def minutes_in(self, span: Span) -> float:
        """Return the sum over *span*, from minutes alone."""
        return self._minutes.sum(*span)

    def hours_in(self, span: Span) -> float:
        """Return the sum over *span*, from hours; one that was not read yet is the sum of its minutes."""
        return self._hours.sum(*span)

    def total(self, year: Span) -> float:
        """Return the sum of every counted datapoint of *year*."""
        if max(self.cuts) <= year.start:
            return 0.0
        days = min(max(self.cuts.days, year.start), year.end)
        hours = min(max(self.cuts.hours, days), year.end)
        minutes = min(max(self.cuts.minutes, hours), year.end)
        return fsum(
            (
                *self._closed_days(year.start, days),
                *self._hours.exact_sum(days, hours),
                *self._minutes.exact_sum(hours, minutes),
            )
        )

    def _closed_days(self, start: int, end: int) -> tuple[float, ...]:
        """Return numbers whose sum is that of the days; kept, as to add up a year takes longer than all the rest."""
        if start != self._closed_from or end != self._closed_to:
            self._closed = self._days.exact_sum(start, end)
            self._closed_from, self._closed_to = start, end
        return self._closed

    def reading(self, now: float) -> Reading:
        """Return what the counter shows at *now* and, should no poll come, at the turn of the year.

        Until 01:00 UTC on 1 January the old year's count stays, until 01:15 it is 0, then comes the new year's: so
        every scraper sees the reset, also of a series that was quiet all year.
        """
        year = epoch(now)
        following = epoch(year.end + DAY_SETTLE_SECONDS)
        reading = Reading(self.total(year), year.end + DAY_SETTLE_SECONDS, _turn(year.end, self.total(following)))
        if now < year.start + YEAR_OPEN_SECONDS:
            return Reading(0.0, year.start + YEAR_OPEN_SECONDS, reading)
        return reading


def _periods(moments: Sequence[int], step: int) -> range:
    """Return the starts of the periods of *step* seconds from that of the first of *moments* to that of the last."""
    return range(floor_to(moments[0], step), moments[-1] + 1, step) if moments else range(0)


@lru_cache(maxsize=TURNS_REMEMBERED)
def _turn(year_end: int, total: float) -> Reading:
    """Return what a counter shows from the end of a year on, the new year's *total* last."""
    return Reading(0.0, year_end + YEAR_OPEN_SECONDS, Reading(total))
