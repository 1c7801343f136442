"""Credentials as the SDK's signer wants them, fetched when a request is signed and not when a client is made."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from botocore.credentials import ReadOnlyCredentials
from botocore.exceptions import NoCredentialsError

from exporter.aws.flight import SingleFlight
from exporter.errors import SourceError

EARLY_SECONDS = 900.0
LATE_SECONDS = 120.0
RETRY_SECONDS = 60.0
SHORTEST_SECONDS = 900.0
"""STS gives keys for no less than this (AssumeRole, DurationSeconds): what is less was measured by a wrong clock."""

log = logging.getLogger(__name__)


class _Signing:
    """What the SDK wants of credentials besides keys: an account, for endpoint rules that our services lack."""

    async def get_account_id(self) -> None:
        """Tell no account."""

    def get_deferred_property(self, _: str) -> Callable[[], Awaitable[None]]:
        """Return how to ask for the account later."""
        return self.get_account_id


class ChainCredentials(_Signing):
    """What the SDK's own chain finds (environment, profile, container, instance), looked up again after `forget`."""

    method = "chain"

    def __init__(self, load: Callable[[], Awaitable[Any]]) -> None:
        """Take *load*, which walks the chain and returns the SDK's credentials or None."""
        self._load = load
        self._flight = SingleFlight(self._walk)
        self._found: Any = None

    async def get_frozen_credentials(self) -> ReadOnlyCredentials:
        """Return keys to sign with; where they end, the SDK refreshes them.

        Raises:
            NoCredentialsError: the chain has none.
        """
        found = self._found or await self._flight()
        keys: ReadOnlyCredentials = await found.get_frozen_credentials()
        return keys

    def forget(self) -> None:
        """Walk the chain anew next time: AWS refused what it gave."""
        self._found = None

    async def aclose(self) -> None:
        """Cancel a walk that is under way."""
        await self._flight.aclose()

    async def _walk(self) -> Any:
        found = await self._load()
        if found is None:
            raise NoCredentialsError
        self._found = found
        return found


@dataclass(frozen=True, slots=True)
class RoleKeys:
    """Keys of an assumed role, got at *since* and good until *until* (unix seconds)."""

    keys: ReadOnlyCredentials
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


class RoleCredentials(_Signing):
    """Keys of an assumed role, renewed before they end; a failed renewal is tried again a minute later."""

    method = "assume-role"

    def __init__(self, assume: Callable[[], Awaitable[RoleKeys]], clock: Callable[[], float]) -> None:
        """Take *assume*, which asks STS, and *clock*, unix seconds."""
        self._flight = SingleFlight(assume)
        self._clock = clock
        self._keys: RoleKeys | None = None
        self._not_before = 0.0

    async def get_frozen_credentials(self) -> ReadOnlyCredentials:
        """Return keys to sign with, good for at least the call.

        Raises:
            SourceError: the role cannot be assumed, and there are no keys left that are still good.
        """
        now = self._clock()
        keys = self._keys
        if keys is None or keys.late(now):
            keys = self._keys = await self._flight()
        elif keys.early(now) and now >= self._not_before:
            self._not_before = now + RETRY_SECONDS
            try:
                keys = self._keys = await self._flight()
            except SourceError as error:
                log.info(
                    "role not renewed, its keys are still good", extra={"reason": error.reason, "error": str(error)}
                )
        return keys.keys

    def forget(self) -> None:
        """Assume the role anew next time: AWS refused its keys."""
        self._keys = None

    async def aclose(self) -> None:
        """Cancel a renewal that is under way."""
        await self._flight.aclose()
