"""The loops of the configuration in force, exchanged as a whole for those of another one."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

from exporter.config.plan import metric_plans
from exporter.config.settings import Settings, TargetSettings
from exporter.daemon.heirs import heirs, known_account_id
from exporter.daemon.tools import Clients, Regions, Tools
from exporter.scheduler import SPREAD_SECONDS, Loop, PollRecord
from exporter.sources import Source
from exporter.sources.account import AccountSource
from exporter.sources.cloudwatch import CloudWatchSource
from exporter.sources.identity import Claims, Identity
from exporter.store import Registration, Store, TargetKey
from exporter.telemetry import TargetTelemetry, Telemetry, operations_of

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
        self._members: tuple[_Member, ...] = ()
        self._open = AsyncExitStack()

    @property
    def loops(self) -> tuple[Loop, ...]:
        """The loops in force, in the order of the configuration; none before the first `replace`."""
        return tuple(member.loop for member in self._members)

    @property
    def ended(self) -> tuple[Loop, ...]:
        """The loops in force that ended by themselves, which is a bug."""
        done = (member for member in self._members if member.task.done() and not member.task.cancelled())
        return tuple(member.loop for member in done)

    async def replace(self, settings: Settings) -> None:
        """Take the loops of *settings* in place of those in force, which run on until all the new ones are made.

        Raises:
            ExporterError: there is no way to AWS with *settings*; everything is as before.
        """
        async with AsyncExitStack() as opened:
            aws = await opened.enter_async_context(self._tools.open_aws(settings.aws))
            seats = await self._seats(settings, aws)
            former = self._by_key()
            heir_of = heirs([(seat.key, seat.target) for seat in seats], _accounts(former))
            loops = list(self._made(settings, seats, {key: former[old] for key, old in heir_of.items()}))
            await self._dismiss()
            self._take(settings, seats, heir_of, loops)
            closing, self._open = self._open, opened.pop_all()
        await closing.aclose()

    async def close(self) -> None:
        """Cancel every loop, with the poll it may be in, and close the clients."""
        await self._dismiss()
        await self._open.aclose()

    async def _dismiss(self) -> None:
        tasks = [member.task for member in self._members]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def _seats(self, settings: Settings, aws: Regions) -> list[_Seat]:
        seats: list[_Seat] = []
        for rank, target in enumerate(settings.targets):
            for region in target.regions:
                key = TargetKey(target.label, region)
                telemetry = self._telemetry.writer(key.target, key.region)
                seats.append(_Seat(rank, target, key, await aws.region(target, region, telemetry), telemetry))
        return seats

    def _take(
        self,
        settings: Settings,
        seats: Sequence[_Seat],
        heir_of: Mapping[TargetKey, TargetKey],
        loops: Iterable[Loop],
    ) -> None:
        """Put all in force at once: nothing here waits, so whoever looks sees all of the old or all of the new."""
        names = _source_names(settings)
        gone = self._by_key().keys() - {seat.key for seat in seats}
        self._store.exchange(Registration(seat.key, seat.target.name, names, heir_of.get(seat.key)) for seat in seats)
        for seat in seats:
            operations = operations_of(seat.target, names)
            self._telemetry.bind(seat.key.target, seat.key.region, sources=names, operations=operations)
        for key in gone:
            self._telemetry.forget(key.target, key.region)
        self._telemetry.set_price(settings.aws.price_per_thousand_metrics_dollars)
        self._members = tuple(
            _Member(loop, self._group.create_task(loop.run(), name=f"poll:{loop.name}")) for loop in loops
        )

    def _by_key(self) -> dict[TargetKey, dict[str, Loop]]:
        found: dict[TargetKey, dict[str, Loop]] = {}
        for loop in self.loops:
            found.setdefault(loop.key, {})[loop.source.name] = loop
        return found

    def _made(
        self, settings: Settings, seats: Sequence[_Seat], former: Mapping[TargetKey, Mapping[str, Loop]]
    ) -> Iterator[Loop]:
        """Make a loop for each source of each seat; *former* has the loops, by source, that a seat goes on with."""
        claims = Claims()
        count = len(seats) * len(_source_names(settings))
        spread_seconds = min(SPREAD_SECONDS, SPREAD_PER_LOOP_SECONDS * (count - 1))
        for seat in seats:
            before = former.get(seat.key, {})
            for source in self._sources(settings, seat, claims, before):
                record = before[source.name].record if source.name in before else None
                yield self._loop(settings, seat, source, spread_seconds, record)

    def _sources(self, settings: Settings, seat: _Seat, claims: Claims, before: Mapping[str, Loop]) -> Iterator[Source]:
        interval_seconds = _interval_seconds(settings, seat.target)
        identity = Identity(
            known=known_account_id(seat.target),
            ask=seat.clients.account_id,
            claims=claims,
            region=seat.key.region,
            rank=seat.rank,
            target=seat.key.target,
        )
        metrics = before[CLOUDWATCH].source if CLOUDWATCH in before else None
        yield CloudWatchSource(
            seat.clients,
            key=f"{seat.key.target}/{seat.key.region}",
            identity=identity,
            plans=metric_plans(settings, seat.target),
            poll_interval_seconds=interval_seconds,
            telemetry=seat.telemetry,
            previous=metrics if isinstance(metrics, CloudWatchSource) else None,
        )
        if settings.sources.account.enabled:
            facts = before[ACCOUNT].source if ACCOUNT in before else None
            yield AccountSource(
                seat.clients,
                identity=identity,
                poll_interval_seconds=interval_seconds,
                previous=facts if isinstance(facts, AccountSource) else None,
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


def _source_names(settings: Settings) -> tuple[str, ...]:
    return (CLOUDWATCH, ACCOUNT) if settings.sources.account.enabled else (CLOUDWATCH,)


def _accounts(former: Mapping[TargetKey, Mapping[str, Loop]]) -> dict[TargetKey, str | None]:
    """Return the account of each target as far as one of its sources knows it."""
    known = {key: (loop.source.account_id for loop in loops.values()) for key, loops in former.items()}
    return {key: next(filter(None, accounts), None) for key, accounts in known.items()}


def _interval_seconds(settings: Settings, target: TargetSettings) -> int:
    return target.poll_interval_seconds or settings.poll_interval_seconds
