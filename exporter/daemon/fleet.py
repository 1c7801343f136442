"""The loops of the configuration in force, exchanged as a whole for those of another one."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

from exporter.config.plan import metric_plans
from exporter.config.settings import Settings, TargetSettings
from exporter.daemon.heirs import heirs, known_account_id, may_be
from exporter.daemon.tools import Clients, Regions, Tools
from exporter.scheduler import SPREAD_SECONDS, Loop, PollRecord
from exporter.sources import Source
from exporter.sources.account import AccountSource
from exporter.sources.cloudwatch import CloudWatchSource
from exporter.sources.identity import Claims, Identity
from exporter.store import Store, TargetKey
from exporter.telemetry import TargetTelemetry, Telemetry

CLOUDWATCH = "cloudwatch"
ACCOUNT = "account"
START_TIMEOUT_FACTOR = 5
"""How many times as long as a poll the first read may take: it is of a whole year instead of a quarter of an hour."""
SPREAD_PER_LOOP_SECONDS = 0.01
"""A single target does not wait; from a hundred loops on, the whole spread is used."""


@dataclass(frozen=True, slots=True)
class _Seat:
    """One target and region of a configuration, with its way to AWS; *rank* is its place there."""

    rank: int
    target: TargetSettings
    key: TargetKey
    clients: Clients
    telemetry: TargetTelemetry


@dataclass(frozen=True, slots=True)
class _Member:
    """One loop and the task it runs in."""

    loop: Loop
    task: asyncio.Task[None]


class Fleet:
    """Runs one loop per target, region and source in *group*, a task group that the first bug ends.

    A source that is there before and after an exchange hands on what it knows, and the store keeps that on the page
    until the new one has polled.
    """

    def __init__(self, group: asyncio.TaskGroup, store: Store, telemetry: Telemetry, tools: Tools) -> None:
        """Begin without loops."""
        self._group = group
        self._store = store
        self._telemetry = telemetry
        self._tools = tools
        self._members: dict[tuple[TargetKey, str], _Member] = {}
        self._open = AsyncExitStack()

    @property
    def loops(self) -> tuple[Loop, ...]:
        """The loops in force, in the order of the configuration; none before the first `replace`."""
        return tuple(member.loop for member in self._members.values())

    @property
    def ended(self) -> tuple[Loop, ...]:
        """The loops in force that ended by themselves, which is a bug."""
        members = self._members.values()
        return tuple(member.loop for member in members if member.task.done() and not member.task.cancelled())

    async def replace(self, settings: Settings) -> None:
        """Take the loops of *settings* in place of those in force.

        Raises:
            ExporterError: there is no way to AWS with *settings*; everything is as before.
        """
        opened = AsyncExitStack()
        aws = await opened.enter_async_context(self._tools.open_aws(settings.aws))
        closing, self._open = self._open, opened
        try:
            await self._dismiss()
            seats = await self._seats(settings, aws)
            self._telemetry.set_price(settings.aws.price_per_thousand_metrics_dollars)
            self._forget_all_but({seat.key for seat in seats})
            self._start(settings, seats)
        finally:
            await closing.aclose()

    async def close(self) -> None:
        """Cancel every loop, with the poll it may be in, and close the clients."""
        await self._dismiss()
        await self._open.aclose()

    async def _dismiss(self) -> None:
        tasks = [member.task for member in self._members.values()]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def _seats(self, settings: Settings, aws: Regions) -> list[_Seat]:
        sources = (CLOUDWATCH, ACCOUNT) if settings.sources.account.enabled else (CLOUDWATCH,)
        before = frozenset(self._store.keys())
        seats: list[_Seat] = []
        for rank, target in enumerate(settings.targets):
            for region in target.regions:
                key = TargetKey(target.label, region)
                telemetry = self._telemetry.bind(key.target, key.region, sources=sources)
                if key in before and not may_be(target, self._store.target(key).account_id):
                    self._store.drop(key)
                self._store.register(key, target.name, sources)
                seats.append(_Seat(rank, target, key, await aws.region(target, region, telemetry), telemetry))
        return seats

    def _forget_all_but(self, kept: set[TargetKey]) -> None:
        for key in set(self._store.keys()) - kept:
            self._store.drop(key)
            self._telemetry.forget(key.target, key.region)

    def _start(self, settings: Settings, seats: Sequence[_Seat]) -> None:
        before = {place: member.loop for place, member in self._members.items()}
        pairs = list(self._sources(settings, seats, tuple(before.values())))
        spread_seconds = min(SPREAD_SECONDS, SPREAD_PER_LOOP_SECONDS * (len(pairs) - 1))
        members: dict[tuple[TargetKey, str], _Member] = {}
        for seat, source in pairs:
            place = (seat.key, source.name)
            record = before[place].record if place in before else None
            loop = self._loop(settings, seat, source, spread_seconds, record)
            members[place] = _Member(loop, self._group.create_task(loop.run(), name=f"poll:{loop.name}"))
        self._members = members

    def _sources(
        self, settings: Settings, seats: Sequence[_Seat], before: Sequence[Loop]
    ) -> Iterator[tuple[_Seat, Source]]:
        targets = [(seat.key, seat.target) for seat in seats]
        metrics = heirs(targets, {one.key: one.source for one in before if isinstance(one.source, CloudWatchSource)})
        facts = heirs(targets, {one.key: one.source for one in before if isinstance(one.source, AccountSource)})
        claims = Claims()
        for seat in seats:
            identity = Identity(
                known=known_account_id(seat.target),
                ask=seat.clients.account_id,
                claims=claims,
                region=seat.key.region,
                rank=seat.rank,
                target=seat.key.target,
            )
            interval_seconds = _interval_seconds(settings, seat.target)
            yield (
                seat,
                CloudWatchSource(
                    seat.clients,
                    key=f"{seat.key.target}/{seat.key.region}",
                    identity=identity,
                    plans=metric_plans(settings, seat.target),
                    poll_interval_seconds=interval_seconds,
                    telemetry=seat.telemetry,
                    previous=metrics.get(seat.key),
                ),
            )
            if settings.sources.account.enabled:
                yield (
                    seat,
                    AccountSource(
                        seat.clients,
                        identity=identity,
                        poll_interval_seconds=interval_seconds,
                        previous=facts.get(seat.key),
                    ),
                )

    def _loop(
        self, settings: Settings, seat: _Seat, source: Source, spread_seconds: float, record: PollRecord | None
    ) -> Loop:
        return Loop(
            source,
            seat.key,
            interval_seconds=_interval_seconds(settings, seat.target),
            poll_timeout_seconds=settings.poll_timeout_seconds,
            start_timeout_seconds=settings.poll_timeout_seconds * START_TIMEOUT_FACTOR,
            store=self._store,
            telemetry=seat.telemetry,
            clock=self._tools.clock,
            monotonic=self._tools.monotonic,
            sleep=self._tools.sleep,
            random=self._tools.random,
            spread_seconds=spread_seconds,
            record=record,
        )


def _interval_seconds(settings: Settings, target: TargetSettings) -> int:
    return target.poll_interval_seconds or settings.poll_interval_seconds
