"""Who goes on with what was known before a reload: by target and region, else by account and region."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol, TypeVar

from exporter.config.settings import TargetSettings
from exporter.store import TargetKey


class Known(Protocol):
    """What may know its account."""

    @property
    def account_id(self) -> str | None:
        """The account, None while it is not known."""
        ...


T = TypeVar("T", bound=Known)


def known_account_id(target: TargetSettings) -> str | None:
    """Return the account of *target* as far as its settings tell."""
    return target.account_id or target.role_account_id


def may_be(target: TargetSettings, account_id: str | None) -> bool:
    """Return whether *target* may be the account *account_id*, None for one that is not known."""
    return account_id is None or known_account_id(target) in (None, account_id)


def heirs(targets: Iterable[tuple[TargetKey, TargetSettings]], before: Mapping[TargetKey, T]) -> dict[TargetKey, T]:
    """Return which of those *before* each of *targets* goes on with; each of them has one heir at most.

    A target that was there before goes on with itself, unless it is another account now. One that is new, or has
    another name now, goes on with one that nobody else claims, if that is known to be the same account and region.
    """
    pairs = list(targets)
    found = {key: before[key] for key, target in pairs if key in before and may_be(target, before[key].account_id)}
    free = {(source.account_id, key.region): source for key, source in before.items() if key not in found}
    for key, target in pairs:
        place = (known_account_id(target), key.region)
        if key not in found and place[0] is not None and place in free:
            found[key] = free.pop(place)
    return found
