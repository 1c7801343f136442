"""The sources of one account and region: which there are, and how they are put together."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from exporter.config.accounts import Account
from exporter.config.plan import dimension_plan, metric_plans
from exporter.config.settings import Settings
from exporter.daemon.tools import Clients
from exporter.scheduler import Loop
from exporter.sources import Source
from exporter.sources.account import AccountSource
from exporter.sources.cloudwatch import CloudWatchSource
from exporter.sources.identity import Claims, Identity
from exporter.sources.linked import LinkedClients, LinkedSource
from exporter.sources.listing import ListingSource
from exporter.store import TargetKey
from exporter.telemetry import TargetTelemetry

CLOUDWATCH = "cloudwatch"
ACCOUNT = "account"
DIMENSIONS = "dimensions"
LINKED = "linked"


@dataclass(frozen=True, slots=True)
class Seat:
    """One account and region of a configuration, with its way to AWS; *rank* is its place there."""

    rank: int
    account: Account
    key: TargetKey
    clients: Clients
    telemetry: TargetTelemetry


def source_names(settings: Settings, account: Account) -> tuple[str, ...]:
    """Return the sources of *account*; SES tells a linked one's facts to nobody but itself."""
    own = account.linked is None
    wanted = {
        CLOUDWATCH: True,
        ACCOUNT: own and settings.sources.account.enabled,
        DIMENSIONS: dimension_plan(settings, account.place).listed,
        LINKED: account.finds_linked,
    }
    return tuple(name for name, there in wanted.items() if there)


def interval_seconds(settings: Settings, source: str, account: Account) -> int:
    """Return how often *source* is polled."""
    if source in {DIMENSIONS, LINKED}:
        return settings.sources.dimensions.refresh_seconds
    return account.target.poll_interval_seconds or settings.poll_interval_seconds


def sources(
    settings: Settings,
    seat: Seat,
    *,
    claims: Claims,
    before: Mapping[str, Loop],
    regroup: Callable[[], Awaitable[object]],
    refused: Callable[[TargetKey], bool],
) -> Iterator[Source]:
    """Make the sources of *seat*, to go on from those of the loops *before*.

    *regroup* is for new linked accounts, *refused* tells of which one AWS denies the data.
    """
    account, key = seat.account, seat.key
    identity = Identity(
        known=account.account_id,
        ask=seat.clients.account_id,
        claims=claims,
        region=key.region,
        rank=seat.rank,
        target=key.target,
    )
    former = {name: loop.source for name, loop in before.items()}
    metrics, facts, finder = former.get(CLOUDWATCH), former.get(ACCOUNT), former.get(LINKED)
    lists = former.get(DIMENSIONS)
    names = source_names(settings, account)
    clients = seat.clients if account.linked is None else LinkedClients(seat.clients, account.linked)
    plans, dimensions = metric_plans(settings, account.target), dimension_plan(settings, account.place)
    listing = None
    if DIMENSIONS in names:
        listing = ListingSource(
            clients,
            identity=identity,
            plan=dimensions,
            metrics=[plan.name for plan in plans],
            previous=lists if isinstance(lists, ListingSource) else None,
        )
    yield CloudWatchSource(
        clients,
        key=f"{key.target}/{key.region}",
        identity=identity,
        plans=plans,
        poll_interval_seconds=interval_seconds(settings, CLOUDWATCH, account),
        telemetry=seat.telemetry,
        dimensions=dimensions,
        listing=listing,
        rules=settings.dialect.rules_of(account.place),
        previous=metrics if isinstance(metrics, CloudWatchSource) else None,
        ahead_error=seat.clients.ahead_error,
        redacted=seat.clients.redacted,
    )
    if ACCOUNT in names:
        yield AccountSource(
            seat.clients,
            identity=identity,
            poll_interval_seconds=interval_seconds(settings, ACCOUNT, account),
            previous=facts if isinstance(facts, AccountSource) else None,
            ahead_error=seat.clients.ahead_error,
        )
    if listing is not None:
        yield listing
    if LINKED in names:
        yield LinkedSource(
            seat.clients,
            key=f"{key.target}/{key.region}",
            identity=identity,
            regroup=regroup,
            refused=lambda number: refused(TargetKey(replace(account, linked=number).label, key.region)),
            previous=finder if isinstance(finder, LinkedSource) else None,
        )
