"""The datapoints of one series of the fake CloudWatch: minutes with revisions, and their sums over buckets."""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections.abc import Iterable
from dataclasses import dataclass, field

MINUTE = 60
HOUR = 3600


@dataclass(slots=True)
class Totals:
    count: float = 0.0
    total: float = 0.0
    minimum: float = math.inf
    maximum: float = -math.inf
    samples: list[tuple[float, float]] = field(default_factory=list)

    def add(self, other: Totals) -> None:
        self.count += other.count
        self.total += other.total
        self.minimum = min(self.minimum, other.minimum)
        self.maximum = max(self.maximum, other.maximum)
        self.samples += other.samples

    def value(self, statistic: str) -> float:
        match statistic:
            case "Sum":
                return self.total
            case "Average":
                return self.total / self.count
            case "Minimum":
                return self.minimum
            case "Maximum":
                return self.maximum
            case "SampleCount":
                return self.count
        return _percentile(self.samples, float(statistic[1:]) / 100)


def _percentile(samples: Iterable[tuple[float, float]], fraction: float) -> float:
    ordered = sorted(samples)
    wanted = fraction * sum(weight for _, weight in ordered)
    seen = 0.0
    for value, weight in ordered:
        seen += weight
        if seen >= wanted:
            return value
    return ordered[-1][0]


@dataclass(slots=True)
class _Hour:
    minutes: dict[int, list[tuple[float, Totals | None]]] = field(default_factory=dict)
    settled_at: float = -math.inf
    settled: Totals | None = None

    def at(self, minute: int, now: float) -> Totals | None:
        best: Totals | None = None
        for visible_at, totals in self.minutes[minute]:
            if visible_at > now:
                break
            best = totals
        return best

    def whole(self, now: float) -> Totals:
        if self.settled is None:
            self.settled = Totals()
            for minute in self.minutes:
                if (totals := self.at(minute, now)) is not None:
                    self.settled.add(totals)
        return self.settled


@dataclass(slots=True)
class Series:
    hours: dict[int, _Hour] = field(default_factory=dict)
    starts: list[int] = field(default_factory=list)

    def put(self, minute: int, visible_at: float, totals: Totals | None) -> None:
        start = minute - minute % HOUR
        if (hour := self.hours.get(start)) is None:
            hour = self.hours[start] = _Hour()
            insort(self.starts, start)
        insort(hour.minutes.setdefault(minute, []), (visible_at, totals), key=lambda revision: revision[0])
        hour.settled_at = max(hour.settled_at, visible_at)
        hour.settled = None

    def buckets(self, start: float, end: float, period: int, now: float) -> list[tuple[int, Totals]]:
        found: dict[int, Totals] = {}
        for index in range(bisect_left(self.starts, start - start % HOUR), len(self.starts)):
            hour_start = self.starts[index]
            if hour_start >= end:
                break
            hour = self.hours[hour_start]
            if period % HOUR == 0 and start <= hour_start and hour_start + HOUR <= end and now >= hour.settled_at:
                whole = hour.whole(now)
                if whole.count:
                    found.setdefault(hour_start - hour_start % period, Totals()).add(whole)
                continue
            for minute in hour.minutes:
                if start <= minute < end and (totals := hour.at(minute, now)) is not None:
                    found.setdefault(minute - minute % period, Totals()).add(totals)
        return sorted(found.items(), key=lambda item: item[0])
