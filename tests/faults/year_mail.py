"""The mail of the simulated year as arithmetic, which takes no memory: what there was, and when it can be seen."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from itertools import accumulate

from exporter.config.selections import CONFIGURATION_SET
from tests.fakes.aws import DEFAULT_ACCOUNT
from tests.faults.mail import DAY, HOUR, MINUTE

OLDEST_CUT_SECONDS = 25 * MINUTE
LATEST_SECONDS = 3 * DAY
"""More than any minute takes to be seen."""
METRICS = {"Send": 3, "Bounce": 17}
"""Counts, each with what makes its minutes its own."""


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends: all of a *region*, or one configuration *set* of it; with what makes its mail its own."""

    region: str
    salt: int
    configuration_set: str | None = None

    @property
    def dimensions(self) -> dict[str, str]:
        """Its dimensions in CloudWatch."""
        return {CONFIGURATION_SET: self.configuration_set} if self.configuration_set else {}

    @property
    def labels(self) -> str:
        """What its series have in their braces."""
        more = f',ses_configuration_set="{self.configuration_set}"' if self.configuration_set else ""
        return f'{{account_id="{DEFAULT_ACCOUNT}",region="{self.region}"{more}}}'


SENDERS = (Sender("us-east-1", 0), Sender("eu-west-1", 101), Sender("eu-west-1", 211, "news"))


def mixed(minute: int, salt: int) -> int:
    """Return a number that looks random, always the same one."""
    number = (minute // MINUTE * 2_654_435_761 + salt * 40_503) & 0xFFFFFFFF
    number ^= number >> 15
    return (number * 2_246_822_519 & 0xFFFFFFFF) >> 8


def events(sender: Sender, metric: str, minute: int) -> int:
    """Return how many events of *metric* there were in *minute*."""
    number = mixed(minute, METRICS[metric] + sender.salt)
    return number % 89 if number % 10 < 3 else 0


def visible_at(minute: int) -> int:
    """Return when *minute* can be seen: soon, or before the look that finds it."""
    number = mixed(minute, 29)
    if number % 50:
        return minute + MINUTE + number % 200
    if number % 1000 == 0:  # before the look of a day, when that of an hour finds it no more
        return minute - minute % DAY + 2 * DAY + HOUR + 40 * MINUTE
    hours = 1 + number % 22 if number % 100 == 0 else 1
    return minute - minute % HOUR + hours * HOUR + 40 * MINUTE


@lru_cache(maxsize=2 * LATEST_SECONDS // HOUR)
def late(hour: int) -> tuple[tuple[int, int], ...]:
    """Return the minutes of *hour* that come late, each with when it can be seen."""
    minutes = range(hour, hour + HOUR, MINUTE)
    return tuple((minute, seen) for minute in minutes if (seen := visible_at(minute)) > minute + 5 * MINUTE)


def rate(sender: Sender, minute: int) -> float | None:
    """Return the rate of *minute*, which there is where there was mail."""
    return mixed(minute, 5 + sender.salt) % 1000 / 1e5 if events(sender, "Send", minute) else None


@lru_cache(maxsize=1024)
def _published(sender: Sender, metric: str, hour: int) -> tuple[tuple[int, float, int], ...]:
    found = (
        (minute, events(sender, metric, minute) or None if metric in METRICS else rate(sender, minute))
        for minute in range(hour, hour + HOUR, MINUTE)
    )
    return tuple((minute, float(value), visible_at(minute)) for minute, value in found if value is not None)


def published(sender: Sender, metric: str, start: int, end: int, now: float) -> Iterator[tuple[int, float]]:
    """Yield what there is from *start* to before *end* that can be seen at *now*, minute by minute."""
    for hour in range(start - start % HOUR, end, HOUR):
        for minute, value, seen in _published(sender, metric, hour):
            if start <= minute < end and seen <= now:
                yield minute, value


class Totals:
    """How many events of *metric* there were up to the end of each hour since *start*."""

    def __init__(self, sender: Sender, metric: str, start: int) -> None:
        self._sender = sender
        self._metric = metric
        self._start = start
        self._hours = array("d", [0.0])

    def _up_to(self, end: int) -> float:
        """Return the sum from the start to before *end*."""
        whole = (end - self._start) // HOUR
        while len(self._hours) <= whole:
            hour = self._start + (len(self._hours) - 1) * HOUR
            self._hours.append(self._hours[-1] + self._minutes(hour, hour + HOUR))
        return self._hours[whole] + self._minutes(self._start + whole * HOUR, end)

    def seen(self, start: int, end: int, now: float) -> float:
        """Return the sum from *start* to before *end* of what can be seen at *now*; only late mail is not."""
        oldest = max(start, int(now) - LATEST_SECONDS)
        hidden = (
            minute
            for hour in range(oldest - oldest % HOUR, end, HOUR)
            for minute, seen in late(hour)
            if start <= minute < end and seen > now
        )
        missing = sum(events(self._sender, self._metric, minute) for minute in hidden)
        return self._up_to(end) - self._up_to(start) - missing

    def published(self, start: int, end: int, now: float) -> Iterator[tuple[int, float]]:
        """Yield what there is from *start* to before *end* that can be seen at *now*, minute by minute."""
        return published(self._sender, self._metric, start, end, now)

    def _minutes(self, start: int, end: int) -> float:
        return float(sum(events(self._sender, self._metric, minute) for minute in range(start, end, MINUTE)))


def true_counts(totals: Totals, now: float) -> set[float]:
    """Return what the counter may show at *now*: all of its year up to a cut of the last minutes; told by the clock."""
    this = int(datetime(datetime.fromtimestamp(now, UTC).year, 1, 1, tzinfo=UTC).timestamp())
    if now < this + HOUR:
        before = int(datetime(datetime.fromtimestamp(this - 1, UTC).year, 1, 1, tzinfo=UTC).timestamp())
        return {totals.seen(before, this, now)}
    if now < this + HOUR + 15 * MINUTE:
        return {0.0}
    newest = int(now - 300) // MINUTE * MINUTE
    oldest = newest - OLDEST_CUT_SECONDS
    seen = totals.seen(this, oldest, now)
    return set(accumulate((value for _, value in totals.published(oldest, newest, now)), initial=seen))


def newest_rate(who: Sender, now: float) -> int:
    """Return the newest minute that is over at *now* and has a rate that can be seen."""
    minute = int(now) // MINUTE * MINUTE - MINUTE
    while rate(who, minute) is None or visible_at(minute) > now:
        minute -= MINUTE
    return minute
