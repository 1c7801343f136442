"""Credentials as the SDK's signer wants them, fetched when a request is signed and not when a client is made."""

from __future__ import annotations

import logging
import math
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from botocore.credentials import ReadOnlyCredentials
from botocore.exceptions import NoCredentialsError

from exporter.aws.flight import SingleFlight
from exporter.aws.provided import of_a_provider, usable
from exporter.errors import SourceError

EARLY_SECONDS = 900.0
LATE_SECONDS = 120.0
RETRY_SECONDS = 60.0
SHORTEST_SECONDS = 900.0
"""STS gives keys for no less than this (AssumeRole, DurationSeconds): what is less was measured by a wrong clock."""
ALONE_SECONDS = 900.0
"""How long keys are kept that one region alone refuses."""

log = logging.getLogger(__name__)


class Credentials(ABC):
    """What the SDK signs with: keys that are kept until they end, or until AWS refuses them and there are others."""

    def __init__(self) -> None:
        """Begin without keys."""
        self._signed: ReadOnlyCredentials | None = None
        self._before: ReadOnlyCredentials | None = None
        self._doubted = False
        self._doubted_at = -math.inf
        self._good_in = set[str]()
        """Regions that took these very keys, since they were last looked for."""
        self._odd = set[str]()
        """Regions that refused what others took, and have not taken any since."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must not be told of the keys and of those before them, which an answer that is under way may repeat."""
        kept = [keys for keys in (self._signed, self._before) if keys is not None]
        return tuple(secret for keys in kept for secret in (keys.secret_key or "", keys.token or ""))

    def accepted(self, region: str) -> None:
        """Note that AWS took the keys in *region*."""
        self._good_in.add(region)
        self._odd.discard(region)

    def refused(self, access_key: str, region: str, now: float) -> None:
        """Try to have others at the next call, where the very keys of *access_key* are held that AWS refused.

        A region that never took what others take has a reason of its own: it may not be enabled. For its sake they are
        fetched anew once in 15 minutes at most, in case the others say nothing. *now* is in unix seconds.
        """
        if self._signed is None or self._signed.access_key != access_key:
            return
        if region not in self._good_in:
            if self._good_in:
                self._odd.add(region)
            if region in self._odd and 0 <= now - self._doubted_at < ALONE_SECONDS:
                return
        self._doubted, self._doubted_at = True, now

    async def get_frozen_credentials(self) -> ReadOnlyCredentials:
        """Return keys to sign with, good for at least the call.

        Raises:
            BotoCoreError: the SDK's chain has none.
            SourceError: the role cannot be assumed, and there are no keys left that are still good.
        """
        doubted, self._doubted = self._doubted, False
        keys = await self._keys(doubted=doubted)
        if keys != self._signed:
            self._before, self._signed, self._doubted = self._signed, keys, False
            self._good_in.clear()
        return keys

    @abstractmethod
    async def _keys(self, *, doubted: bool) -> ReadOnlyCredentials:
        """Return keys, others than before if they are *doubted* and there are others to be had."""

    @abstractmethod
    async def aclose(self) -> None:
        """Cancel what is under way."""

    async def get_account_id(self) -> str | None:
        """Tell no account, which endpoint rules ask for that our services lack."""
        return None

    def get_deferred_property(self, _: str) -> Callable[[], Awaitable[str | None]]:
        """Return how to ask for the account later."""
        return self.get_account_id


class ChainCredentials(Credentials):
    """What the SDK's own chain finds: environment, profile, container, instance."""

    method = "chain"

    def __init__(self, load: Callable[[], Awaitable[Any]]) -> None:
        """Take *load*, which walks the chain and returns the SDK's credentials or None."""
        super().__init__()
        self._load = load
        self._flight = SingleFlight(self._walk)
        self._found: Any = None

    async def _keys(self, *, doubted: bool) -> ReadOnlyCredentials:
        """Return keys of what was found; where they end, the SDK refreshes them."""
        found = self._found
        if found is None:
            found = await self._flight()
        elif doubted:
            try:
                found = await self._flight()
            except Exception as error:  # noqa: BLE001 - whatever it is, other regions may take what there is
                log.info("credentials not found anew, the old ones serve on", extra={"error": type(error).__name__})
        try:
            return await _frozen(found)
        except Exception:
            self._found = None  # it has ended, and what it is refreshed from may be another by now
            raise

    async def aclose(self) -> None:
        """Cancel a walk that is under way."""
        await self._flight.aclose()

    async def _walk(self) -> Any:
        with of_a_provider():
            found = await self._load()
        if found is None:
            raise NoCredentialsError
        await _frozen(found)  # what is found may have its keys still to fetch; until they are, the old ones serve
        self._found = found
        self._good_in.clear()  # what counts from now on is who takes what was found, be it the same
        return found


async def _frozen(found: Any) -> ReadOnlyCredentials:
    with of_a_provider():
        return usable(await found.get_frozen_credentials())


@dataclass(frozen=True, slots=True)
class RoleKeys:
    """Keys of an assumed role, got at *since* and good until *until* (unix seconds)."""

    keys: ReadOnlyCredentials = field(repr=False)
    since: float
    until: float

    def early(self, now: float) -> bool:
        """Return whether it is time to renew them, with time left to try more than once."""
        return self.until - now < min(EARLY_SECONDS, self._life_seconds / 3)

    def late(self, now: float) -> bool:
        """Return whether they should not be used any more."""
        return self.until - now < min(LATE_SECONDS, self._life_seconds / 10)

    @property
    def _life_seconds(self) -> float:
        return max(self.until - self.since, SHORTEST_SECONDS)


class RoleCredentials(Credentials):
    """Keys of an assumed role, renewed before they end; a failed renewal is tried again a minute later."""

    method = "assume-role"

    def __init__(self, assume: Callable[[], Awaitable[RoleKeys]], clock: Callable[[], float]) -> None:
        """Take *assume*, which asks STS, and *clock*, unix seconds."""
        super().__init__()
        self._assume = assume
        self._flight = SingleFlight(self._renew)
        self._clock = clock
        self._held: RoleKeys | None = None
        self._not_before = 0.0

    async def _keys(self, *, doubted: bool) -> ReadOnlyCredentials:
        now = self._clock()
        held = self._held
        if held is None or held.late(now):
            held = await self._flight()
        elif doubted or (held.early(now) and now >= self._not_before):
            self._not_before = now + RETRY_SECONDS
            try:
                held = await self._flight()
            except SourceError as error:
                log.info("role not renewed, its keys serve on", extra={"reason": error.reason, "error": str(error)})
        return held.keys

    async def _renew(self) -> RoleKeys:
        """Keep what STS gives, also where whoever waited for it has gone."""
        self._held = await self._assume()
        return self._held

    async def aclose(self) -> None:
        """Cancel a renewal that is under way."""
        await self._flight.aclose()
