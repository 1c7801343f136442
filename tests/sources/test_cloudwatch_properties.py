"""Whatever is configured, and however polls go: the page shows what a plain sum over the datapoints gives."""

from __future__ import annotations

import contextlib
import math
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.catalogue import Kind
from exporter.config.plan import MetricPlan
from exporter.errors import SourceError, ThrottledError
from exporter.series.observations import HELD, TIME, TOTAL
from exporter.sources.cloudwatch import CloudWatchSource
from tests.effort import examples
from tests.fakes.cloudwatch import FakeCloudWatch
from tests.fakes.faults import Results
from tests.sources.test_cloudwatch import Clients, Counted, identity, shown

pytestmark = pytest.mark.usefixtures("untraced")

MINUTE, HOUR, DAY = 60, 3600, 86400
STATISTICS: dict[str, Callable[[list[float]], float]] = {
    "Sum": math.fsum,
    "SampleCount": len,
    "Average": lambda samples: math.fsum(samples) / len(samples),
    "Minimum": min,
    "Maximum": max,
}


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


STARTS = (at("2026-06-17T12:20:07"), at("2026-06-17T23:40:03"), at("2026-03-01T00:03:00"), at("2026-06-17T00:59:40"))
YEAR = at("2026-01-01")


@dataclass
class Metric:
    """One metric and its datapoints: minute -> (visible at, samples). All are visible when their minute settles."""

    plan: MetricPlan
    points: dict[int, tuple[float, list[float]]] = field(default_factory=dict)

    def samples(self, start: float, end: float, now: float) -> list[float]:
        return [
            sample
            for minute, (visible_at, samples) in self.points.items()
            if start <= minute < end and visible_at <= now
            for sample in samples
        ]

    def expected(self, now: float) -> dict[str, float]:
        return self._count(now) if self.plan.kind is Kind.COUNT else self._held(now)

    def _count(self, now: float) -> dict[str, float]:
        period = self.plan.period_seconds
        end = (now - self.plan.delay_seconds) // period * period
        samples = self.samples(end - period, end, now)
        found = {TOTAL: math.fsum(self.samples(YEAR, (now - 300) // 60 * 60, now))}
        for name in self.plan.statistics:
            if samples or name in {"Sum", "SampleCount"}:
                found[name] = STATISTICS[name](samples)
        return found

    def _held(self, now: float) -> dict[str, float]:
        period = MINUTE if self.plan.kind is Kind.RATE else self.plan.period_seconds
        starts = [minute // period * period for minute, (visible_at, _) in self.points.items() if visible_at <= now]
        newest = max(starts, default=0)
        if newest + self.plan.max_age_seconds <= now:
            return {}
        samples = self.samples(newest, newest + period, now)
        found = {name: STATISTICS[name](samples) for name in self.plan.statistics} | {TIME: float(newest)}
        return found | ({HELD: STATISTICS["Average"](samples)} if self.plan.kind is Kind.RATE else {})


def any_plan(random_: random.Random, name: str) -> MetricPlan:
    kind = random_.choice([Kind.COUNT, Kind.COUNT, Kind.RATE, Kind.LEVEL])
    period = random_.choice([60, 120, 300, 480, 900, 1800, 2700, HOUR, 6 * HOUR, DAY])
    delay = random_.choice([0, 60, 300, 300, 600, HOUR, DAY])
    if period < HOUR and delay + 2 * period > DAY:
        delay = 300
    range_ = max(random_.choice([900, 900, 1800, 7200]), delay + 2 * period if period < HOUR else 0)
    names = tuple(random_.sample(list(STATISTICS), random_.randint(1, 4)))
    max_age = random_.choice([3 * HOUR, DAY, 14 * DAY])
    return MetricPlan(name, kind, names, delay, period, range_, max_age)


def any_metric(random_: random.Random, name: str, start: float, seconds: int, fake: FakeCloudWatch) -> Metric:
    metric = Metric(any_plan(random_, name))
    count = metric.plan.kind is Kind.COUNT
    for _ in range(random_.choice([0, 3, 40, 200])):
        back = random_.choice([2 * HOUR, 3 * DAY, 12 * DAY, 60 * DAY if count else HOUR])
        minute = int(start - random_.random() * back + random_.choice([0, 1]) * random_.random() * seconds) // 60 * 60
        if minute in metric.points:
            continue
        visible_at = minute + 60 + random_.choice([0, 30, 200, 239])
        samples = [float(random_.randint(1, 9)) for _ in range(random_.randint(1, 3) if count else 1)]
        metric.points[minute] = (visible_at, samples)
        fake.put(name, minute, samples=samples, visible_at=visible_at)
    return metric


@given(st.integers(0, 2**32))
@settings(max_examples=examples(60))
async def test_the_page_is_what_a_plain_sum_over_the_datapoints_gives(seed: int) -> None:
    random_ = random.Random(seed)
    now, seconds = random_.choice(STARTS), random_.choice([2 * HOUR, 8 * HOUR])
    clients = Clients(cloudwatch=FakeCloudWatch(page_size=random_.choice([None, None, 7])))
    metrics = [any_metric(random_, f"M{n}", now, seconds, clients.cloudwatch) for n in range(random_.randint(1, 4))]
    interval = random_.choice([60, 300, 300, 900, 3600])

    def process() -> CloudWatchSource:
        return CloudWatchSource(
            clients,
            key=str(seed),
            identity=identity(),
            plans=[metric.plan for metric in metrics],
            poll_interval_seconds=interval,
            telemetry=Counted(),
        )

    source, end = process(), now + seconds
    while now < end:
        clients.now, clients.fault, clients.error = now, None, None
        suspended = {metric.plan.name for metric in metrics if random_.random() < 0.03}
        if suspended:
            clients.fault = Results(random_.choice(["InternalError", "PartialData"]), metrics=suspended, keep=0.5)
        elif random_.random() < 0.05:
            clients.error, clients.error_after = ThrottledError("slow down"), len(clients.requests)
            suspended = {metric.plan.name for metric in metrics}
        with contextlib.suppress(SourceError) if suspended else contextlib.nullcontext():
            await source.poll(now)
        found = shown(source, now)
        for metric in metrics:
            name = metric.plan.name
            if name not in suspended:
                values = {aspect: value for (of, aspect), value in found.items() if of == name}
                assert values == pytest.approx(metric.expected(now)), f"{metric.plan} at {now}"
        now = min(now + interval, source.next_look(now)) if random_.random() < 0.97 else now + 3 * HOUR
        if random_.random() < 0.03:
            source = process()
