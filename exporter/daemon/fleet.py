"""The loops of the configuration in force, exchanged as a whole for those of another one."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass

from exporter.config.accounts import Account, FoundAccounts, accounts
from exporter.config.settings import Settings
from exporter.daemon.crew import CLOUDWATCH, LINKED, Seat, interval_seconds, source_names, sources
from exporter.daemon.garbage import much_died
from exporter.daemon.heirs import heirs
from exporter.daemon.tools import Regions, Tools
from exporter.errors import OtherSourceError, Reason
from exporter.scheduler import SPREAD_SECONDS, Loop, PollRecord
from exporter.sources import Source
from exporter.sources.identity import Claims
from exporter.sources.linked import LinkedSource
from exporter.store import Registration, Store, TargetKey
from exporter.telemetry import Telemetry, operations_of

START_TIMEOUT_FACTOR = 5
"""How many times as long as a poll the first read may take: it is of a whole year instead of a quarter of an hour."""
SPREAD_PER_LOOP_SECONDS = 0.01
"""A single target does not wait; from a hundred loops on, the whole spread is used."""


@dataclass(frozen=True, slots=True)
class _Member:
    """One loop and the task it runs in."""

    loop: Loop
    task: asyncio.Task[None]


@dataclass(frozen=True, slots=True)
class _Force:
    """What is in force: the settings, the way to AWS, and who has claimed which account."""

    settings: Settings
    aws: Regions
    claims: Claims


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
        self._force: _Force | None = None
        self._exchanging = asyncio.Lock()
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
            ExporterError: there is no way to AWS with *settings*, or too little memory; everything is as before.
        """
        async with self._exchanging, AsyncExitStack() as opened:
            with _enough_memory():
                aws = await opened.enter_async_context(self._tools.open_aws(settings.aws))
                force = _Force(settings, aws, Claims())
                former = self._by_key()
                own = _heirs(accounts(settings), former)
                seats = await self._seats(force, _found({key: former[old] for key, old in own.items()}))
                heir_of = _heirs((seat.account for seat in seats), former)
                loops = list(self._made(force, seats, {key: former[old] for key, old in heir_of.items()}))
            await _ended(self._members)
            self._register(settings, seats, heir_of)
            self._telemetry.set_price(settings.aws.price_per_thousand_metrics_dollars)
            self._telemetry.set_dialect(settings.dialect.name)
            self._members = tuple(map(self._started, loops))
            self._force = force
            closing, self._open = self._open, opened.pop_all()
        await closing.aclose()
        if former:
            much_died()

    async def regroup(self) -> None:
        """Take in the linked accounts that were found, and part with those that are gone; all others run on.

        Where nobody is new or gone, nothing happens. From the first change on nothing waits, so whoever is cancelled
        has done all of it or nothing.

        Raises:
            SourceError: there is too little memory; everything is as before.
        """
        async with self._exchanging:
            if self._force is None:
                return
            with _enough_memory():
                former = self._by_key()
                found = _found(former)
                keys = {_key(account) for account in accounts(self._force.settings, found)}
                if keys == former.keys():
                    return
                seats = await self._seats(self._force, found)
                loops = list(self._made(self._force, [seat for seat in seats if seat.key not in former], {}))
            gone = [member for member in self._members if member.loop.key not in keys]
            for member in gone:
                member.task.cancel()
            kept = tuple(member for member in self._members if member.loop.key in keys)
            self._register(self._force.settings, seats, {key: key for key in former if key in keys})
            self._members = kept + tuple(map(self._started, loops))
            await _ended(gone)

    async def close(self) -> None:
        """Cancel every loop, with the poll it may be in, and close the clients."""
        await _ended(self._members)
        await self._open.aclose()

    async def _seats(self, force: _Force, found: FoundAccounts) -> list[Seat]:
        seats: list[Seat] = []
        for rank, account in enumerate(accounts(force.settings, found)):
            key = _key(account)
            telemetry = self._telemetry.writer(key.target, key.region)
            through = self._telemetry.writer(account.target.label, account.region)
            clients = await force.aws.region(account.target, account.region, through)
            seats.append(Seat(rank, account, key, clients, telemetry))
        return seats

    def _register(self, settings: Settings, seats: Sequence[Seat], heir_of: Mapping[TargetKey, TargetKey]) -> None:
        """Put all in force at once: nothing here waits, so whoever looks sees all of the old or all of the new."""
        gone = self._by_key().keys() - {seat.key for seat in seats}
        names = {seat.key: source_names(settings, seat.account) for seat in seats}
        self._store.exchange(
            Registration(seat.key, seat.account.name, names[seat.key], heir_of.get(seat.key)) for seat in seats
        )
        for seat in seats:
            operations = operations_of(seat.account, names[seat.key])
            self._telemetry.bind(seat.key.target, seat.key.region, sources=names[seat.key], operations=operations)
        for key in gone:
            self._telemetry.forget(key.target, key.region)

    def _refused(self, key: TargetKey) -> bool:
        """Return whether AWS denied the data of *key* at its last poll."""
        loop = self._by_key().get(key, {}).get(CLOUDWATCH)
        error = None if loop is None or loop.record.failures == 0 else loop.record.error
        return error is not None and error.reason is Reason.ACCESS_DENIED

    def _started(self, loop: Loop) -> _Member:
        return _Member(loop, self._group.create_task(loop.run(), name=f"poll:{loop.name}"))

    def _by_key(self) -> dict[TargetKey, dict[str, Loop]]:
        found: dict[TargetKey, dict[str, Loop]] = {}
        for loop in self.loops:
            found.setdefault(loop.key, {})[loop.source.name] = loop
        return found

    def _made(
        self, force: _Force, seats: Sequence[Seat], former: Mapping[TargetKey, Mapping[str, Loop]]
    ) -> Iterator[Loop]:
        """Make a loop for each source of each seat; *former* has the loops, by source, that a seat goes on with."""
        count = sum(len(source_names(force.settings, seat.account)) for seat in seats)
        spread_seconds = min(SPREAD_SECONDS, SPREAD_PER_LOOP_SECONDS * (count - 1))
        for seat in seats:
            before = former.get(seat.key, {})
            for source in sources(
                force.settings,
                seat,
                claims=force.claims,
                before=before,
                regroup=self.regroup,
                refused=self._refused,
            ):
                record = before[source.name].record if source.name in before else None
                yield self._loop(force.settings, seat, source, spread_seconds, record)

    def _loop(
        self, settings: Settings, seat: Seat, source: Source, spread_seconds: float, record: PollRecord | None
    ) -> Loop:
        return Loop(
            source,
            seat.key,
            interval_seconds=interval_seconds(settings, source.name, seat.account),
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


@contextmanager
def _enough_memory() -> Iterator[None]:
    """Have too little memory fail what asked for loops, a reload or a poll, instead of ending the process."""
    try:
        yield
    except MemoryError as error:
        raise OtherSourceError("too little memory for the loops and their clients") from error


async def _ended(members: Sequence[_Member]) -> None:
    tasks = [member.task for member in members]
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks)


def _key(account: Account) -> TargetKey:
    return TargetKey(account.label, account.region)


def _found(former: Mapping[TargetKey, Mapping[str, Loop]]) -> FoundAccounts:
    """Return who was found to be linked, as far as the loops of *former* look for that."""
    finders = {key: loops[LINKED].source for key, loops in former.items() if LINKED in loops}
    return {
        (key.target, key.region): source.accounts for key, source in finders.items() if isinstance(source, LinkedSource)
    }


def _heirs(there: Iterable[Account], former: Mapping[TargetKey, Mapping[str, Loop]]) -> dict[TargetKey, TargetKey]:
    """Return which target of *former* each of the accounts goes on with."""
    return heirs([(_key(account), account.account_id) for account in there], _accounts(former))


def _accounts(former: Mapping[TargetKey, Mapping[str, Loop]]) -> dict[TargetKey, str | None]:
    """Return the account of each target as far as one of its sources knows it."""
    known = {key: (loop.source.account_id for loop in loops.values()) for key, loops in former.items()}
    return {key: next(filter(None, numbers), None) for key, numbers in known.items()}
