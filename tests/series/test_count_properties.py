"""Whatever the schedule, the lateness and the failures: the served counter is the oracle's."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.catalogue import Kind
from exporter.config.plan import MetricPlan
from exporter.series.counts import Count
from exporter.series.observations import TOTAL
from exporter.series.states import Pace
from tests.effort import examples
from tests.series.truth import Oracle, Truth

pytestmark = pytest.mark.usefixtures("untraced")

HOUR, DAY = 3600, 86400
NEW_YEAR = int(datetime(2027, 1, 1, tzinfo=UTC).timestamp())
LEAP_DAY = int(datetime(2028, 2, 29, tzinfo=UTC).timestamp())
STARTS = (
    int(datetime(2026, 6, 17, 9, 31, 7, tzinfo=UTC).timestamp()),
    LEAP_DAY - 7 * HOUR,
    NEW_YEAR - 5 * HOUR,
    NEW_YEAR - 90 * 60,
    NEW_YEAR + 40 * 60,
    NEW_YEAR + 70 * 60,
)


def year_start(now: float) -> int:
    return int(datetime(datetime.fromtimestamp(now, UTC).year, 1, 1, tzinfo=UTC).timestamp())


def phase(now: float) -> tuple[str, int, int]:
    """Return what the counter is at *now*, by the clock alone: `count` or `zero`, and its year's start and end."""
    this = year_start(now)
    into = now - this
    if into < HOUR:
        return "count", year_start(this - 1), this
    following = year_start(this + 366 * DAY + HOUR)
    return ("zero" if into < 4500 else "count"), this, following


@dataclass
class Run:
    """One process after another, polling the truth; the oracle sees the same whole reads.

    *cut* is up to where the whole reads of this process reach without a hole.
    """

    truth: Truth
    plan: MetricPlan
    pace: Pace
    oracle: Oracle = field(default_factory=Oracle)
    cut: int | None = None
    held_back: int = 0

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        self.count = Count(self.plan, self.pace)
        self.cut = None

    def poll(self, now: float, failing: frozenset[int] = frozenset(), clock_offset: float = 0.0) -> None:
        """Poll at *now*, while queries of the periods in *failing* fail, with a clock that is *clock_offset* ahead."""
        clock = now + clock_offset
        wanted = self.count.wants(clock)
        answered = {
            query: self.truth.answer(query.period_seconds, *query.span, now)
            for query in wanted
            if query.period_seconds not in failing
        }
        outcome = self.count.absorb(clock, answered)
        self.held_back += outcome.smaller
        if self.cut is None:
            if len(answered) < len(wanted):
                return
            self.cut = 0
        self.cut = max(self.cut, phase(clock)[1])
        for query in sorted(answered, key=lambda query: -query.period_seconds):
            self.oracle.read(query.period_seconds, answered[query])
            end = int((clock - 300) // 60) * 60 if query.period_seconds == 60 else query.span.end
            if query.span.start <= self.cut:
                self.cut = max(self.cut, end)

    def served(self, now: float) -> float | None:
        for series in self.count.series(now):
            if series.aspect == TOTAL:
                reading = series.reading.at(now)
                assert reading is not None
                return reading.value
        return None

    def expected(self, now: float) -> float:
        what, start, end = phase(now)
        assert self.cut is not None
        return 0.0 if what == "zero" else self.oracle.sum(start, min(self.cut, end))


def plan(range_seconds: int = 900) -> MetricPlan:
    return MetricPlan("Send", Kind.COUNT, ("Sum",), 300, 300, range_seconds, 1209600)


def seeded_truth(random_: random.Random, start: int, seconds: int, *, revise: bool, down: bool) -> Truth:
    """Return mail in bursts, published after seconds, minutes, hours or days, some of it revised."""
    truth = Truth()
    for _ in range(random_.randrange(0, 60)):
        minute = (start - 2 * DAY + random_.randrange(0, seconds + 2 * DAY)) // 60 * 60
        if minute in truth.revisions:
            continue
        delay = random_.choice([30, 90, 240, 290, 600, 2400, 3 * HOUR, 26 * HOUR, 2 * DAY])
        value = float(random_.randrange(1, 50))
        truth.put(minute, minute + 60 + delay, value)
        if revise and random_.random() < 0.3:
            change = random_.randrange(-int(value), 20) if down else random_.randrange(1, 20)
            truth.put(minute, minute + 60 + delay + random_.choice([100, 1000, 5000, 30 * HOUR]), value + change)
    return truth


def simulate(seed: int, *, restarts: bool, down: bool, clock_steps: bool) -> None:
    random_ = random.Random(seed)
    start = random_.choice(STARTS)
    seconds = random_.choice([3 * HOUR, 8 * HOUR, 3 * DAY])
    truth = seeded_truth(random_, start, seconds, revise=True, down=down)
    interval = random_.choice([60, 300, 300, 900, 3600])
    run = Run(truth, plan(random_.choice([900, 900, 1800, 7200])), Pace(interval, random_.randrange(2700, 3300), 60))
    now = float(start)
    last: tuple[float, float, int] | None = None
    offset = 0.0
    outage: frozenset[int] = frozenset()
    while now < start + seconds:
        if random_.random() < 0.01:
            outage = frozenset(period for period in (60, HOUR, DAY) if random_.random() < 0.4)
        elif random_.random() < 0.05:
            outage = frozenset()
        failing = outage | {period for period in (60, HOUR, DAY) if random_.random() < 0.1}
        if clock_steps and random_.random() < 0.02:
            offset = random_.choice([0.0, -200.0, 200.0, -HOUR])
        run.poll(now, failing, offset)
        served = run.served(now + offset)
        if served is not None:
            assert served == pytest.approx(run.expected(now + offset)), f"seed {seed} at {now - start:.0f} s"
            year = phase(now + offset)[1]
            if last is not None and last[2] == year and phase(now + offset)[0] == "count":
                assert served >= last[1], f"seed {seed}: the counter fell at {now - start:.0f} s"
            last = (now, served, year)
        now += interval if random_.random() < 0.97 else random_.choice([400, 4000, 3 * HOUR, 30 * HOUR, 80 * HOUR])
        if restarts and random_.random() < 0.02:
            run.restart()
    settle(run, now)


def settle(run: Run, now: float) -> None:
    """Let everything become visible and every look be made: then the counter is what CloudWatch holds."""
    end = now + 6 * DAY
    while now < end:
        run.poll(now)
        now += 1500
    what, start, year_end = phase(now)
    assert run.cut is not None
    if what == "count" and not run.held_back:
        assert run.served(now) == pytest.approx(run.truth.total(start, min(run.cut, year_end)))


@given(st.integers(0, 2**32))
@settings(max_examples=examples(150))
def test_the_counter_is_the_oracles_through_gaps_failures_lateness_and_restarts(seed: int) -> None:
    simulate(seed, restarts=True, down=False, clock_steps=False)


@given(st.integers(0, 2**32))
@settings(max_examples=examples(100))
def test_within_a_process_the_counter_never_falls_even_when_aws_revises_downwards(seed: int) -> None:
    simulate(seed, restarts=False, down=True, clock_steps=False)


@given(st.integers(0, 2**32))
@settings(max_examples=examples(100))
def test_steps_of_the_clock_lose_and_double_nothing(seed: int) -> None:
    simulate(seed, restarts=False, down=False, clock_steps=True)


def increase(scrapes: list[float]) -> float:
    """Return what Prometheus makes of a counter's scrapes: a fall is a reset to 0."""
    return sum(after - before if after >= before else after for before, after in pairwise(scrapes))


@pytest.mark.parametrize("restart_minute", [None, 20, 65, 90])
@pytest.mark.parametrize("mail", ["busy", "quiet", "new", "none"])
@pytest.mark.parametrize("interval", [300, 3600])
def test_the_turn_of_the_year_loses_and_doubles_nothing(mail: str, interval: int, restart_minute: int | None) -> None:
    truth = Truth()
    random_ = random.Random(f"{mail} {interval} {restart_minute}")
    if mail != "new":
        truth.put(NEW_YEAR - 100 * DAY, 0, 1000.0)
    minutes = {"busy": range(-180, 180), "quiet": (-50,), "new": (15, 100), "none": ()}[mail]
    sent = 0.0
    for minute in minutes:
        moment = NEW_YEAR + 60 * minute
        truth.put(moment, moment + 60 + random_.choice([0, 200, 290, 900, 2400]), float(minute + 200))
        sent += minute + 200
    run = Run(truth, plan(), Pace(interval, 50 * 60, 60))
    scrapes = []
    now = float(NEW_YEAR - 5 * HOUR + 7)
    while now < NEW_YEAR + 10 * HOUR:
        if restart_minute is not None and now - 7 == NEW_YEAR + 60 * restart_minute:
            run.restart()
            run.poll(now)
        elif (now - 7) % interval == 0 or (interval == 3600 and (now - 7) % HOUR == 50 * 60):
            run.poll(now)
        served = run.served(now)
        assert served is not None
        assert served == run.expected(now)
        scrapes.append(served)
        now += 60
    assert increase(scrapes) == sent
    assert 0.0 in scrapes
    assert scrapes[-1] == truth.total(NEW_YEAR, NEW_YEAR + DAY)


@given(st.integers(0, 2**32))
@settings(max_examples=examples(20))
def test_two_replicas_that_never_meet_converge(seed: int) -> None:
    random_ = random.Random(seed)
    start = random_.choice(STARTS)
    truth = seeded_truth(random_, start, 8 * HOUR, revise=True, down=False)
    replicas = [Run(truth, plan(), Pace(interval, 50 * 60, 60)) for interval in (300, 900)]
    now = float(start)
    while now < start + 8 * HOUR:
        for replica in replicas:
            if (now - start) % replica.pace.poll_interval_seconds == 0 and random_.random() < 0.9:
                replica.poll(now)
        if random_.random() < 0.02:
            replicas[0].restart()
        now += 300
    for replica in replicas:
        settle(replica, now)
    assert replicas[0].served(now + 6 * DAY + 1500) == replicas[1].served(now + 6 * DAY + 1500)
