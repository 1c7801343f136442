from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.errors import AccessDeniedError, AwsConnectionError, Reason, SourceError, ThrottledError
from exporter.scheduler import (
    CLOCK_CHECK_SECONDS,
    LAST_RETRY_SECONDS,
    Loop,
    PollRecord,
    next_wake,
    phase_seconds,
    retry_seconds,
)
from exporter.series.observations import FACT, Reading, Series
from exporter.store import Store, TargetKey
from tests.stores import register

KEY = TargetKey("default", "us-east-1")
START = 1_767_225_600.0
SERIES = Series("sending_enabled", FACT, Reading(1.0))

moments = st.floats(min_value=0, max_value=4e9) | st.integers(min_value=0, max_value=4_000_000_000)
intervals = st.integers(min_value=10, max_value=3600)


class EnoughError(Exception):
    """The test has seen what it wanted."""


@dataclass
class FakeTime:
    now: float = START
    ticks: float = 1000.0
    slept: list[float] = field(default_factory=list)
    steps: dict[int, float] = field(default_factory=dict)

    def clock(self) -> float:
        return self.now

    def monotonic(self) -> float:
        return self.ticks

    def pass_by(self, seconds: float) -> None:
        self.now += seconds
        self.ticks += seconds

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.pass_by(seconds)
        self.now += self.steps.get(len(self.slept), 0.0)


@dataclass
class FakeSource:
    time: FakeTime
    outcomes: Iterator[Exception | float | None]
    name: str = "account"
    starting: bool = False
    account_id: str | None = "123456789012"
    look_at: float = math.inf
    polled: list[float] = field(default_factory=list)
    under_way: int = 0
    prepared: int = 0

    async def poll(self, now: float) -> None:
        assert self.under_way == 0
        self.under_way += 1
        try:
            self.polled.append(now)
            outcome = next(self.outcomes, EnoughError())
            await asyncio.sleep(0)
            if isinstance(outcome, Exception):
                raise outcome
            self.time.pass_by(outcome or 0.0)
        finally:
            self.under_way -= 1

    async def prepare(self) -> None:
        self.prepared += 1

    def series(self) -> tuple[Series, ...]:
        return (SERIES,)

    def next_look(self, now: float) -> float:
        return self.look_at


@dataclass
class Counted:
    polls: list[tuple[str, float, Reason | None, float]] = field(default_factory=list)
    served: list[int] = field(default_factory=list)

    def poll_finished(self, source: str, *, seconds: float, reason: Reason | None, at: float) -> None:
        self.polls.append((source, seconds, reason, at))

    def series_served(self, n: int) -> None:
        self.served.append(n)


@dataclass
class Stage:
    time: FakeTime = field(default_factory=FakeTime)
    store: Store = field(default_factory=Store)
    counted: Counted = field(default_factory=Counted)

    def __post_init__(self) -> None:
        register(self.store, KEY, None, ("account",))

    def source(self, *outcomes: Exception | float | None) -> FakeSource:
        return FakeSource(self.time, iter(outcomes))

    def loop(
        self,
        source: FakeSource,
        *,
        interval_seconds: int = 300,
        random: float = 0.0,
        record: PollRecord | None = None,
        poll_timeout_seconds: float = 60,
        sleep: Callable[[float], Awaitable[object]] | None = None,
    ) -> Loop:
        return Loop(
            source,
            KEY,
            interval_seconds=interval_seconds,
            poll_timeout_seconds=poll_timeout_seconds,
            start_timeout_seconds=600,
            store=self.store,
            telemetry=self.counted,
            clock=self.time.clock,
            monotonic=self.time.monotonic,
            sleep=sleep or self.time.sleep,
            random=lambda: random,
            record=record,
        )


@pytest.fixture
def stage() -> Stage:
    return Stage()


async def run(loop: Loop) -> None:
    with pytest.raises(EnoughError):
        await loop.run()


def messages(caplog: pytest.LogCaptureFixture, level: int = logging.INFO) -> list[str]:
    return [record.message for record in caplog.records if record.levelno >= level]


# The pace as arithmetic


@given(now=moments, interval=intervals, look=moments | st.just(math.inf), retry=st.none() | st.floats(1e-3, 300))
def test_the_next_poll_is_later_than_now_and_within_one_interval(
    now: float, interval: int, look: float, retry: float | None
) -> None:
    wake = next_wake(now, interval_seconds=interval, phase_seconds=interval // 3, look_at=look, retry_seconds=retry)
    assert now < wake <= now + interval


@given(now=moments, interval=intervals, share=st.floats(0, 1, exclude_max=True))
def test_without_a_look_or_a_failure_the_next_poll_is_at_the_phase(now: float, interval: int, share: float) -> None:
    phase = int(share * interval)
    wake = next_wake(now, interval_seconds=interval, phase_seconds=phase, look_at=math.inf, retry_seconds=None)
    assert wake % interval == phase
    assert wake - interval <= now


def test_a_look_comes_at_its_moment_but_never_at_once() -> None:
    at = {"interval_seconds": 300, "phase_seconds": 0, "retry_seconds": None}
    assert next_wake(3000.5, look_at=3042.25, **at) == 3042.25  # type: ignore[arg-type]  # one dict for three types
    assert next_wake(3000.5, look_at=3000.5, **at) == 3001.5  # type: ignore[arg-type]
    assert next_wake(3000.5, look_at=9999.0, **at) == 3300.0  # type: ignore[arg-type]


def test_a_retry_takes_the_place_of_a_look_but_not_of_the_phase() -> None:
    at = {"interval_seconds": 300, "phase_seconds": 0, "look_at": 3002.0}
    assert next_wake(3000.0, retry_seconds=20.0, **at) == 3020.0  # type: ignore[arg-type]
    assert next_wake(3290.0, retry_seconds=20.0, **at) == 3300.0  # type: ignore[arg-type]


@given(failures=st.integers(1, 10_000), random=st.floats(0, 1, exclude_max=True))
def test_pauses_after_failures_grow_to_a_limit(failures: int, random: float) -> None:
    pause = retry_seconds(failures, random)
    assert 3.75 <= pause <= LAST_RETRY_SECONDS
    assert retry_seconds(failures + 1, random) >= pause


def test_pauses_double_from_five_seconds_on() -> None:
    assert [retry_seconds(failures, 0.0) for failures in range(1, 9)] == [5, 10, 20, 40, 80, 160, 300, 300]
    assert retry_seconds(1, 0.8) == 4.0


def test_the_phase_is_a_hash_of_target_region_and_source() -> None:
    assert phase_seconds(KEY, "account", 300) == phase_seconds(TargetKey("default", "us-east-1"), "account", 300)
    phases = {phase_seconds(TargetKey("default", f"r-{n}"), source, 300) for n in range(50) for source in ("a", "b")}
    assert len(phases) > 70
    assert min(phases) >= 0
    assert max(phases) < 300


# The loop


async def test_polls_come_at_once_and_then_at_the_same_phase(stage: Stage) -> None:
    source = stage.source(0.4, 2.0, 0.1, 0.3)
    loop = stage.loop(source, random=0.25)
    await run(loop)
    first, *others = source.polled
    assert first == START + 0.25
    assert [moment % 300 for moment in others] == [phase_seconds(KEY, "account", 300)] * 4
    assert [after - before for before, after in pairwise(others)] == [300, 300, 300]


async def test_two_processes_poll_at_the_same_moments_whenever_they_started() -> None:
    seen = []
    for late in (0.0, 77.7):
        stage = Stage(FakeTime(START + late))
        source = stage.source(*[0.1] * 5)
        await run(stage.loop(source))
        seen.append({moment for moment in source.polled[1:] if moment > START + 600})
    assert len(seen[0] & seen[1]) >= 2


async def test_a_poll_longer_than_the_interval_skips_moments_and_never_overlaps(stage: Stage) -> None:
    source = stage.source(0.0, 45.0, 0.0)
    await run(stage.loop(source, interval_seconds=20))
    assert [after - before for before, after in pairwise(source.polled[1:])] == [60, 20]


async def test_each_poll_is_counted_and_stored_whole(stage: Stage) -> None:
    denied = AccessDeniedError("no")
    source = stage.source(0.5, denied)
    loop = stage.loop(source)
    await run(loop)
    (first, second) = stage.counted.polls
    assert first[:3] == ("account", 0.5, None)
    assert first[3] == START + 0.5
    assert second[2] is Reason.ACCESS_DENIED
    state = stage.store.target(KEY)
    assert state.entries["account"].answered is False
    assert state.entries["account"].series == (SERIES,)
    assert state.account_id == "123456789012"
    assert stage.counted.served == [1, 1]
    assert loop.record.error is denied
    assert denied.__traceback__ is None, "frames would keep whatever was read"


async def test_a_good_poll_says_so_in_the_store(stage: Stage) -> None:
    await run(stage.loop(stage.source(None)))
    assert stage.store.target(KEY).up is True


async def test_failures_are_tried_again_with_growing_pauses_but_never_later_than_the_phase(stage: Stage) -> None:
    source = stage.source(*[ThrottledError("slow")] * 40)
    await run(stage.loop(source, interval_seconds=300))
    pauses = [after - before for before, after in pairwise(source.polled)]
    assert pauses[:3] == [5, 10, 20]
    assert max(pauses) <= 300
    phase = phase_seconds(KEY, "account", 300)
    slots = {moment for moment in source.polled if moment % 300 == phase}
    assert max(slots) - min(slots) == 300 * (len(slots) - 1)


async def test_after_recovery_pauses_begin_anew(stage: Stage) -> None:
    boom = AwsConnectionError("down")
    source = stage.source(boom, boom, boom, None, boom, boom)
    await run(stage.loop(source, interval_seconds=3600))
    pauses = [after - before for before, after in pairwise(source.polled)]
    assert [pauses[n] for n in (0, 1, 2, 4, 5)] == [5, 10, 20, 5, 10]


async def test_a_failure_is_logged_once_and_so_is_the_recovery(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    boom = AwsConnectionError("down")
    caplog.set_level(logging.DEBUG)
    await run(stage.loop(stage.source(None, boom, boom, boom, None, None)))
    assert messages(caplog) == ["poll failed", "poll recovered"]
    assert messages(caplog, logging.DEBUG) == [
        "poll finished", "poll failed", "poll failed", "poll failed", "poll recovered", "poll finished",
    ]  # fmt: skip
    record = next(record for record in caplog.records if record.levelno == logging.WARNING)
    facts = {name: getattr(record, name) for name in ("target", "account", "region", "source", "reason", "error")}
    assert facts == {
        "target": "default",
        "account": "123456789012",
        "region": "us-east-1",
        "source": "account",
        "reason": "connection",
        "error": "down",
    }


async def test_each_reason_is_logged_once_in_an_outage(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    boom, denied = AwsConnectionError("down"), AccessDeniedError("no")
    await run(stage.loop(stage.source(boom, boom, denied, denied, boom, denied, boom, None, denied, boom)))
    assert [getattr(record, "reason", "") for record in caplog.records] == [
        "connection", "access_denied", "access_denied", "connection",
    ]  # fmt: skip


async def test_a_loop_that_follows_another_knows_how_it_went(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    boom = AwsConnectionError("down")
    before = stage.loop(stage.source(boom))
    await run(before)
    after = stage.loop(stage.source(boom, None), record=before.record)
    assert after.record.tried
    await run(after)
    assert messages(caplog) == ["poll failed", "poll recovered"]
    assert after.record.failures == 0
    assert after.record.last_success_at is not None
    assert after.record.last_failure_at is not None


async def test_a_poll_without_an_answer_is_cut_and_counted_as_timeout(stage: Stage) -> None:
    source = HangingSource(stage.time, iter(()))
    loop = stage.loop(source, poll_timeout_seconds=0, sleep=enough_after(1))
    await run(loop)
    assert stage.counted.polls[0][2] is Reason.TIMEOUT
    assert str(loop.record.error) == "no complete answer within 0 s"
    assert source.cancelled
    assert source.prepared == 1, "else its series are built in one go"


async def test_the_first_read_has_the_larger_limit(stage: Stage) -> None:
    source = stage.source(None)
    source.starting = True
    await run(stage.loop(source, poll_timeout_seconds=0))
    assert stage.counted.polls[0][2] is None


async def test_a_timeout_that_is_not_the_limit_is_a_bug(stage: Stage) -> None:
    with pytest.raises(TimeoutError):
        await stage.loop(stage.source(TimeoutError("raw"))).run()
    assert stage.counted.polls == []


@pytest.mark.parametrize("bug", [KeyError("x"), ValueError("y"), OSError("z")])
async def test_a_bug_goes_up(stage: Stage, bug: Exception) -> None:
    with pytest.raises(type(bug)):
        await stage.loop(stage.source(bug)).run()


async def test_cancelling_stops_a_poll_under_way(stage: Stage) -> None:
    source = HangingSource(stage.time, iter(()))
    task = asyncio.create_task(stage.loop(source).run())
    await source.entered.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert source.cancelled
    assert stage.counted.polls == []


async def test_a_source_gets_its_look_between_the_regular_polls(stage: Stage) -> None:
    phase = phase_seconds(KEY, "account", 300)
    stage.time.now = START + phase + 10
    source = stage.source(None, None)
    source.look_at = START + phase + 100.5
    await run(stage.loop(source))
    assert source.polled[1] == START + phase + 100.5


@pytest.mark.parametrize(
    ("outcome", "soonest", "latest"), [(None, 60, 120 + 1), (AwsConnectionError("down"), 290, 300)]
)
async def test_a_source_that_asks_for_a_poll_meanwhile_has_it_within_a_minute_but_after_failures_by_its_retry(
    stage: Stage, outcome: Exception | None, soonest: float, latest: float
) -> None:
    source = stage.source(outcome, None)

    async def sleep(seconds: float) -> None:
        await stage.time.sleep(seconds)
        if source.polled and stage.time.now >= source.polled[0] + 60:
            source.look_at = min(source.look_at, stage.time.now)

    stage.time.now = START + phase_seconds(KEY, "account", 3600) + 10
    await run(stage.loop(source, interval_seconds=3600, sleep=sleep, record=PollRecord(failures=9)))
    assert soonest <= source.polled[1] - source.polled[0] <= latest


async def test_no_sleep_is_longer_than_a_minute(stage: Stage) -> None:
    await run(stage.loop(stage.source(None, None), interval_seconds=3600))
    assert max(stage.time.slept) <= CLOCK_CHECK_SECONDS


async def test_a_clock_set_back_delays_the_next_poll_by_a_minute_and_an_interval_at_most(stage: Stage) -> None:
    stage.time.steps = {2: -86_400.0}
    source = stage.source(None, None)
    await run(stage.loop(source))
    assert len(source.polled) == 3
    assert stage.time.ticks - 1000 <= 2 * 300 + 2 * CLOCK_CHECK_SECONDS
    assert source.polled[1] % 300 == phase_seconds(KEY, "account", 300)
    assert source.polled[1] < START


async def test_a_clock_set_forward_brings_one_poll_soon_and_no_spin(stage: Stage) -> None:
    stage.time.steps = {2: 86_400.0}
    source = stage.source(None, None, None)
    await run(stage.loop(source))
    assert source.polled[1] - source.polled[0] <= 86_400 + CLOCK_CHECK_SECONDS
    assert (source.polled[2] - source.polled[1]) <= 300
    assert source.polled[3] - source.polled[2] == 300


async def test_a_clock_that_stands_back_a_little_for_ever_does_not_stall_the_loop(stage: Stage) -> None:
    stage.time.steps = dict.fromkeys(range(1, 1000), -20.0)
    source = stage.source(*[None] * 3)
    await run(stage.loop(source))
    assert len(source.polled) == 4
    assert stage.time.ticks - 1000 <= 3 * (300 + 2 * CLOCK_CHECK_SECONDS)


def test_a_loop_is_stuck_when_it_is_silent_for_longer_than_it_may_be(stage: Stage) -> None:
    loop = stage.loop(stage.source())
    stage.time.pass_by(300 + 600 + 60)
    assert not loop.stuck
    stage.time.pass_by(1)
    assert loop.stuck
    assert loop.silent_seconds == 961
    assert loop.name == "default/us-east-1/account"


async def test_every_sleep_and_poll_is_a_sign_of_life(stage: Stage) -> None:
    loop = stage.loop(stage.source(None, None), interval_seconds=3600)
    await run(loop)
    assert loop.silent_seconds == 0


def enough_after(sleeps: int) -> Callable[[float], Awaitable[None]]:
    left = [sleeps]

    async def sleep(_: float) -> None:
        if left[0] == 0:
            raise EnoughError
        left[0] -= 1

    return sleep


class HangingSource(FakeSource):
    def __init__(self, time: FakeTime, outcomes: Iterator[SourceError | float | None]) -> None:
        super().__init__(time, outcomes)
        self.entered = asyncio.Event()
        self.cancelled = False

    async def poll(self, now: float) -> None:
        self.entered.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.cancelled = True
            raise
