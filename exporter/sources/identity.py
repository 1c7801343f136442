"""Whose account a target and region is: asked once, kept, and claimed by one target only."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from exporter.errors import ClaimedError


class Claims:
    """Which target serves which account and region; the one that stands first in the configuration has the right."""

    def __init__(self) -> None:
        """Begin with nothing claimed."""
        self._holders: dict[tuple[str, str], tuple[int, str]] = {}

    def claim(self, account_id: str, region: str, rank: int, target: str) -> None:
        """Claim *account_id* in *region* for *target*, the one of *rank* in the configuration.

        Raises:
            ClaimedError: a target further up serves this account and region already.
        """
        holder = self._holders.setdefault((account_id, region), (rank, target))
        if holder[0] < rank:
            raise ClaimedError(
                f"account {account_id} in {region} is served by target {holder[1]} already, so nothing is shown of "
                f"target {target}: take that region out of one of the two, or its role"
            )
        self._holders[account_id, region] = (rank, target)

    def holds(self, account_id: str, region: str, rank: int) -> bool:
        """Return whether the target of *rank* has claimed *account_id* in *region*, and no other one since."""
        return self._holders.get((account_id, region), (None, ""))[0] == rank


class Identity:
    """The account of one target and region. Both sources of the pair share it."""

    def __init__(
        self,
        *,
        known: str | None,
        ask: Callable[[], Awaitable[str]],
        claims: Claims,
        region: str,
        rank: int,
        target: str,
    ) -> None:
        """Take what is *known* from the configuration or the role's ARN; else *ask* (STS) when first needed."""
        self._known = known
        self._ask = ask
        self._claims = claims
        self._region = region
        self._rank = rank
        self._target = target

    @property
    def account_id(self) -> str | None:
        """The account while it is known and this target's to serve, else None."""
        if self._known is None or not self._claims.holds(self._known, self._region, self._rank):
            return None
        return self._known

    async def resolve(self) -> str:
        """Return the account.

        Raises:
            ClaimedError: another target serves this account and region.
            SourceError: STS did not say.
        """
        if self._known is None:
            self._known = await self._ask()
        self._claims.claim(self._known, self._region, self._rank, self._target)
        return self._known
