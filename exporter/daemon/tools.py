"""What the daemon takes from outside: time, sleep, chance, and the way to AWS. Tests bring their own."""

from __future__ import annotations

import asyncio
import random
import secrets
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from functools import cache
from typing import Protocol

from exporter.aws.clients import Aws
from exporter.aws.models import model_loader
from exporter.aws.observer import CallObserver
from exporter.aws.resolver import Resolver
from exporter.config.settings import AwsSettings, TargetSettings
from exporter.errors import SourceError
from exporter.sources.account import AccountClients
from exporter.sources.cloudwatch import MetricData


class Clients(MetricData, AccountClients, Protocol):
    """The clients of one target and region: `aws.RegionClients`."""

    async def account_id(self) -> str:
        """Return the account of the credentials; raises SourceError."""
        ...

    def ahead_error(self, now: float) -> SourceError | None:
        """Return the error where *now* was ahead of AWS's time, by the answer to the last call."""
        ...

    def redacted(self, text: str) -> str:
        """Return *text* of AWS's without what is secret; from any thread."""
        ...


class Regions(Protocol):
    """Where clients come from: `aws.Aws`."""

    async def region(self, target: TargetSettings, region: str, observer: CallObserver) -> Clients:
        """Return the clients of *target* in *region*, without asking AWS."""
        ...


@dataclass(frozen=True, slots=True)
class Tools:
    """Everything that is not a function of the configuration. *clock* gives unix seconds, *random* 0 <= x < 1.

    *secret* gives random bytes that nobody can guess, *proc* is where the process reads about itself.
    """

    clock: Callable[[], float]
    monotonic: Callable[[], float]
    sleep: Callable[[float], Awaitable[object]]
    random: Callable[[], float]
    open_aws: Callable[[AwsSettings], AbstractAsyncContextManager[Regions]]
    secret: Callable[[], bytes] = secrets.token_bytes
    proc: str = "/proc"


def real_tools() -> Tools:
    """Return the tools of a real process."""
    resolver, loader_for = Resolver(), cache(model_loader)
    return Tools(
        clock=time.time,
        monotonic=time.monotonic,
        sleep=asyncio.sleep,
        random=random.random,
        open_aws=lambda settings: Aws(settings, clock=time.time, resolver=resolver, loader_for=loader_for),
    )
