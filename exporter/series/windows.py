"""Moments and windows: which part of the past a poll may use. All times are unix seconds, UTC-aligned.

The numbers are design, not settings: a counter that a setting could move would fall across a restart, and Prometheus
takes a fall for a reset of the whole counter.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple

MINUTE = 60
HOUR = 3600
DAY = 86400

SETTLE_SECONDS = 300
"""A minute or hour is counted once it ended this long ago."""

DAY_SETTLE_SECONDS = 3600
"""A day is counted as a whole once it ended this long ago; the turn of the year waits as long."""

YEAR_OPEN_SECONDS = 4500
"""The new year's counter is shown this long after midnight; from 01:00 until then the counter is 0."""

REPEAT_SECONDS = 300
"""When the last good read ended longer ago than this, the next one reaches back to before its end."""

RESTART_SECONDS = 7200
"""When the last good read ended longer ago than this, a series is read as at start."""

LOOK_BACK_SECONDS = DAY
"""How far the hourly look reads counts again."""

HELD_LOOK_BACK_SECONDS = 3 * HOUR
"""How far the hourly look reads held values again."""

MOMENTS_REMEMBERED = 64
"""All series of a poll ask about the same few moments; polls of several targets take turns."""

LOOK_EARLIEST_SECONDS = 45 * MINUTE
LOOK_LATEST_SECONDS = 55 * MINUTE


class Span(NamedTuple):
    """From *start*, inclusive, to *end*, exclusive."""

    start: int
    end: int


class Cuts(NamedTuple):
    """Up to where (exclusive) days, hours and minutes may be counted; one reading of the clock gives all three."""

    days: int
    hours: int
    minutes: int


@lru_cache(maxsize=MOMENTS_REMEMBERED)
def same_span(start: int, end: int) -> Span:
    """Return a span that all series share."""
    return Span(start, end)


@lru_cache(maxsize=MOMENTS_REMEMBERED)
def same_cuts(days: int, hours: int, minutes: int) -> Cuts:
    """Return cuts that all series share."""
    return Cuts(days, hours, minutes)


def floor_to(moment: float, step: int) -> int:
    """Return the last multiple of *step* seconds at or before *moment*."""
    return int(moment // step) * step


@lru_cache(maxsize=MOMENTS_REMEMBERED)
def cuts(now: float) -> Cuts:
    """Return the cuts at *now*: days <= hours <= minutes."""
    return Cuts(
        days=floor_to(now - DAY_SETTLE_SECONDS, DAY),
        hours=floor_to(now - SETTLE_SECONDS, HOUR),
        minutes=floor_to(now - SETTLE_SECONDS, MINUTE),
    )


@lru_cache(maxsize=MOMENTS_REMEMBERED)
def epoch(now: float) -> Span:
    """Return the UTC year whose datapoints the counters hold at *now*: until 01:00 on 1 January it is the old one."""
    year = datetime.fromtimestamp(now - DAY_SETTLE_SECONDS, UTC).year
    return Span(_new_year(year), _new_year(year + 1))


def _new_year(year: int) -> int:
    return int(datetime(year, 1, 1, tzinfo=UTC).timestamp())


def look_moment(spread: float, poll_interval_seconds: float) -> int:
    """Return the second of the hour at which a target looks back, between minutes 45 and 55.

    *spread* (0 to 1) is the target's own. Short intervals have a poll between this moment and minute 55, and the look
    is part of it; for longer ones the moment is a poll of its own.
    """
    room = LOOK_LATEST_SECONDS - LOOK_EARLIEST_SECONDS
    if poll_interval_seconds <= room:
        room -= int(poll_interval_seconds)
    return LOOK_EARLIEST_SECONDS + int(spread * room)


def next_look(now: float, moment: int, poll_interval_seconds: float) -> float:
    """Return when the next look needs a poll of its own, infinity when a regular poll falls into its time anyway."""
    if poll_interval_seconds <= LOOK_LATEST_SECONDS - LOOK_EARLIEST_SECONDS:
        return float("inf")
    due = floor_to(now, HOUR) + moment
    return float(due if due > now else due + HOUR)


def hour_due(now: float, moment: int) -> int:
    """Return up to which hour (exclusive) the hourly look should have been made at *now*."""
    return floor_to(now - moment, HOUR)


def day_due(now: float, moment: int) -> int:
    """Return up to which day (exclusive) the daily look should have been made at *now*; it goes with an hourly one."""
    return floor_to(now - DAY_SETTLE_SECONDS - moment, DAY)


def is_gap(end: int, last_end: int | None) -> bool:
    """Return whether a series last read up to *last_end* is to be read as at start by a read that ends at *end*."""
    return last_end is None or end - last_end > RESTART_SECONDS


def repeat_start(end: int, last_end: int, range_seconds: int) -> int:
    """Return where a read that ends at *end* starts, so that it overlaps the last good one by *range_seconds*."""
    return (end if end - last_end <= REPEAT_SECONDS else last_end) - range_seconds
