"""What CloudWatch holds, and what an exact counter would show of it: written without a line of the exporter's."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass, field

STEPS = (60, 3600, 86400)


@dataclass
class Truth:
    """Datapoints by minute; each becomes visible at its time, and may be revised later."""

    revisions: dict[int, list[tuple[float, float]]] = field(default_factory=lambda: defaultdict(list))

    def put(self, minute: int, visible_at: float, value: float) -> None:
        self.revisions[minute].append((visible_at, value))
        self.revisions[minute].sort()

    def at(self, minute: int, now: float) -> float:
        known = self.revisions.get(minute, [])
        index = bisect_right([visible_at for visible_at, _ in known], now)
        return known[index - 1][1] if index else 0.0

    def answer(self, period: int, start: int, end: int, now: float) -> dict[int, float]:
        """Return what GetMetricData says of Sum: only periods that have a datapoint."""
        points: dict[int, float] = defaultdict(float)
        for minute, known in self.revisions.items():
            if start <= minute < end and known[0][0] <= now:
                points[minute // period * period] += self.at(minute, now)
        return dict(points)

    def total(self, start: int, end: int) -> float:
        """Return the sum of everything that will ever be known."""
        return sum(known[-1][1] for minute, known in self.revisions.items() if start <= minute < end)


@dataclass
class Oracle:
    """Every datapoint at the largest value a whole read has shown; an hour at least its minutes, a day its hours."""

    shown: dict[tuple[int, int], float] = field(default_factory=dict)

    def read(self, period: int, points: dict[int, float]) -> None:
        for moment, value in points.items():
            key = (period, moment)
            self.shown[key] = max(self.shown.get(key, 0.0), value)

    def sum(self, start: int, cut: int) -> float:
        """Return the sum over [start, cut): whole days, then whole hours, then minutes."""
        values: dict[int, dict[int, float]] = {step: {} for step in STEPS}
        for (step, moment), value in self.shown.items():
            if start <= moment < cut:
                values[step][moment] = value
        total = 0.0
        for finer, coarser in ((60, 3600), (3600, 86400)):
            parts: dict[int, float] = defaultdict(float)
            for moment, value in values[finer].items():
                parent = moment // coarser * coarser
                if parent + coarser <= cut:
                    parts[parent] += value
                else:
                    total += value
            values[coarser] = {
                parent: max(parts.get(parent, 0.0), values[coarser].get(parent, 0.0))
                for parent in {*parts, *values[coarser]}
                if parent + coarser <= cut
            }
        return total + sum(values[86400].values())
