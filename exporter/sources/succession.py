"""How a source follows the one that served the same account and region before a reload."""

from __future__ import annotations

from typing import Generic, Protocol, TypeVar

from exporter.errors import ClaimedError
from exporter.sources import Source


class Account(Protocol):
    """Whose account is read: `identity.Identity`."""

    @property
    def account_id(self) -> str | None:
        """The account's 12 digits while they are known and this target's to serve, else None."""
        ...

    async def resolve(self) -> str:
        """Return the account's 12 digits, asking AWS where they are not known.

        Raises:
            ClaimedError: another target serves the account and region.
            SourceError: the account cannot be known now.
        """
        ...


S = TypeVar("S", bound=Source)


class Succession(Generic[S]):
    """The source before this one stands in for it until the account is known, then hands over what it knows."""

    def __init__(self, identity: Account, previous: Succession[S] | None, source: S) -> None:
        """Follow *previous*, the succession of the source before *source*, or whom that one is still waiting for."""
        self._identity = identity
        self._own = source
        self.standing_in: S | None = None if previous is None else previous.known

    @property
    def known(self) -> S:
        """The source whose account is known: this one, or still the one before it."""
        return self._own if self.standing_in is None else self.standing_in

    @property
    def account_id(self) -> str | None:
        """The account that the series belong to, None while it is not known."""
        return self._identity.account_id if self.standing_in is None else self.standing_in.account_id

    async def meet(self) -> tuple[str, S | None]:
        """Return the account and, until `settle`, the source before this one if it served the same account.

        That one stands in until then; one of another account does no more.

        Raises:
            ClaimedError: another target serves the account and region; nothing stands in any more.
            SourceError: the account cannot be known now.
        """
        try:
            account_id = await self._identity.resolve()
        except ClaimedError:
            self.settle()
            raise
        if self.standing_in is not None and self.standing_in.account_id != account_id:
            self.settle()
        return account_id, self.standing_in

    def settle(self) -> None:
        """Have everything that is to be taken over: nothing stands in any more."""
        self.standing_in = None

    async def resolve(self) -> tuple[str, S | None]:
        """Return the account and, the first time, the source before this one, for who takes over all at once.

        Raises:
            ClaimedError: another target serves the account and region; nothing stands in any more.
            SourceError: the account cannot be known now.
        """
        found = await self.meet()
        self.settle()
        return found
