"""One loop per target and source: its pace, its time limit, and the one place where a failed poll is caught.

The first poll comes at once; the others at a fixed phase of the wall clock, a hash of target, region and source, so
that replicas and restarts read the same windows. A source may ask for a poll in between. A failed poll is tried again
with growing pauses. Only a `SourceError` is a failed poll: anything else is a bug, goes up, and ends the process.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol

from exporter.errors import PollTimeoutError, Reason, SourceError, alone
from exporter.sources import Source
from exporter.store import Entry, Store, TargetKey

SPREAD_SECONDS = 1.0
"""The longest wait before the first poll, so that a thousand loops do not start in one moment."""
FIRST_RETRY_SECONDS = 5.0
LAST_RETRY_SECONDS = 300.0
"""Pauses after failures double from the first to the last, short enough for the hourly look of a long interval."""
CLOCK_CHECK_SECONDS = 60.0
"""The longest sleep: a step of the wall clock is seen after it at the latest."""
MIN_PAUSE_SECONDS = 1.0
"""The shortest pause before a poll that a source asks for by itself."""
STUCK_MARGIN_SECONDS = 60.0

log = logging.getLogger(__name__)


class PollObserver(Protocol):
    """Who counts polls: `telemetry.TargetTelemetry`."""

    def poll_finished(self, source: str, *, seconds: float, reason: Reason | None, at: float) -> None:
        """Count one poll of *source* that took *seconds* and ended *at* (unix seconds), well when *reason* is None."""
        ...

    def series_served(self, n: int) -> None:
        """Note that *n* series of the target are in the store."""
        ...


@dataclass(slots=True)
class PollRecord:
    """How the polls of one source have gone. It outlives its loop: a reload hands it on.

    Moments are unix seconds. *failures* counts those in a row, and *told* holds the reasons among them that were
    logged; *error* is the last failure, kept after recovery.
    """

    tried: bool = False
    failures: int = 0
    told: set[Reason] = field(default_factory=set)
    last_success_at: float | None = None
    last_failure_at: float | None = None
    error: SourceError | None = None


class Loop:
    """Polls one source for ever, never two polls at once, and puts what it knows into the store after each."""

    def __init__(
        self,
        source: Source,
        key: TargetKey,
        *,
        interval_seconds: int,
        poll_timeout_seconds: float,
        start_timeout_seconds: float,
        store: Store,
        telemetry: PollObserver,
        clock: Callable[[], float],
        monotonic: Callable[[], float],
        sleep: Callable[[float], Awaitable[object]],
        random: Callable[[], float],
        spread_seconds: float = SPREAD_SECONDS,
        record: PollRecord | None = None,
    ) -> None:
        """Prepare the loop; nothing is polled before `run`.

        *start_timeout_seconds* limits a poll while the source is `starting`. *random* returns 0 <= x < 1.
        *record* is that of the loop which this one follows after a reload.
        """
        self.source = source
        self.key = key
        self.record = record if record is not None else PollRecord()
        self._interval_seconds = interval_seconds
        self._poll_timeout_seconds = poll_timeout_seconds
        self._start_timeout_seconds = start_timeout_seconds
        self._store = store
        self._telemetry = telemetry
        self._clock = clock
        self._monotonic = monotonic
        self._sleep = sleep
        self._random = random
        self._spread_seconds = spread_seconds
        self._phase_seconds = phase_seconds(key, source.name, interval_seconds)
        self._tick_at = monotonic()

    @property
    def name(self) -> str:
        """The loop in a log line or a task's name: `target/region/source`."""
        return f"{self.key.target}/{self.key.region}/{self.source.name}"

    @property
    def silent_seconds(self) -> float:
        """How long the loop has given no sign of life."""
        return self._monotonic() - self._tick_at

    @property
    def stuck(self) -> bool:
        """Whether the loop is silent for longer than any sleep or poll of it may take."""
        limit = max(self._poll_timeout_seconds, self._start_timeout_seconds)
        return self.silent_seconds > self._interval_seconds + limit + STUCK_MARGIN_SECONDS

    async def run(self) -> None:
        """Poll until cancelled. What is raised besides that is a bug."""
        self._tick()
        await self._sleep(self._spread_seconds * self._random())
        while True:
            await self._poll()
            await self._wait()

    async def _poll(self) -> None:
        self._tick()
        begun = self._monotonic()
        error = await self._asked(self._clock())
        self._tick()
        now = self._clock()
        self._telemetry.poll_finished(
            self.source.name,
            seconds=self._monotonic() - begun,
            reason=None if error is None else error.reason,
            at=now,
        )
        self._note(error, now)
        self._store.put(
            Entry(
                key=self.key,
                source=self.source.name,
                account_id=self.source.account_id,
                answered=error is None,
                series=self.source.series(),
            )
        )
        self._telemetry.series_served(self._store.target(self.key).series_count)

    async def _asked(self, now: float) -> SourceError | None:
        limit = self._start_timeout_seconds if self.source.starting else self._poll_timeout_seconds
        try:
            async with asyncio.timeout(limit) as deadline:
                await self.source.poll(now)
        except SourceError as error:
            return alone(error)
        except TimeoutError:
            if not deadline.expired():
                raise
            await self.source.prepare()
            return PollTimeoutError(f"no complete answer within {limit:g} s")
        return None

    def _note(self, error: SourceError | None, now: float) -> None:
        record = self.record
        facts: dict[str, object] = {
            "target": self.key.target,
            "account": self.source.account_id,
            "region": self.key.region,
            "source": self.source.name,
        }
        record.tried = True
        if error is not None:
            level = logging.DEBUG if error.reason in record.told else logging.WARNING
            log.log(level, "poll failed", extra={**facts, "reason": error.reason.value, "error": str(error)})
            record.failures += 1
            record.told.add(error.reason)
            record.last_failure_at = now
            record.error = error
            return
        if record.failures > 0:
            log.info("poll recovered", extra={**facts, "failures": record.failures})
        else:
            log.debug("poll finished", extra=facts)
        record.failures = 0
        record.told.clear()
        record.last_success_at = now

    async def _wait(self) -> None:
        latest = self._monotonic() + self._interval_seconds + CLOCK_CHECK_SECONDS
        seen = self._clock()
        wake = self._next_wake(seen)
        while (now := self._clock()) < wake and self._monotonic() < latest:
            if now < seen:
                wake = self._next_wake(now)
            elif self.record.failures == 0:
                wake = min(wake, self._next_wake(now))
            seen = now
            await self._sleep(min(wake - now, CLOCK_CHECK_SECONDS))
            self._tick()

    def _next_wake(self, now: float) -> float:
        failures = self.record.failures
        return next_wake(
            now,
            interval_seconds=self._interval_seconds,
            phase_seconds=self._phase_seconds,
            look_at=self.source.next_look(now),
            retry_seconds=retry_seconds(failures, self._random()) if failures > 0 else None,
        )

    def _tick(self) -> None:
        self._tick_at = self._monotonic()


def phase_seconds(key: TargetKey, source: str, interval_seconds: int) -> int:
    """Return how many seconds after each multiple of *interval_seconds* the polls of *source* come."""
    digest = hashlib.sha256(f"{key.target}/{key.region}/{source}".encode()).digest()
    return int.from_bytes(digest) % interval_seconds


def retry_seconds(failures: int, random: float) -> float:
    """Return the pause after *failures* in a row, 1 or more; *random*, 0 <= x < 1, takes up to a quarter off."""
    doublings = min(failures - 1, 16)
    return min(FIRST_RETRY_SECONDS * 2.0**doublings, LAST_RETRY_SECONDS) * (1 - random / 4)


def next_wake(
    now: float, *, interval_seconds: int, phase_seconds: int, look_at: float, retry_seconds: float | None
) -> float:
    """Return the moment of the next poll: after *now*, and at most one interval later. Moments are unix seconds.

    It is the next moment of the phase or the one that the source asks for, *look_at*, whichever is first. After a
    failure, when *retry_seconds* is not None, the retry takes the place of the latter: it is itself the poll asked for.
    """
    whole = math.floor(now)
    slot = whole - (whole - phase_seconds) % interval_seconds + interval_seconds
    wanted = max(look_at, now + MIN_PAUSE_SECONDS) if retry_seconds is None else now + retry_seconds
    return min(slot, wanted)
