"""The accounts that are read: each target's own, those that the configuration links to it, and those found linked."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from exporter.config.dialect import Place
from exporter.config.keys import Loc
from exporter.config.settings import Settings, TargetSettings
from exporter.config.values import ALL

FoundAccounts = Mapping[tuple[str, str], Collection[str]]
"""The accounts that CloudWatch says are linked, by the label and a region of the target they are read through."""


@dataclass(frozen=True, slots=True)
class Account:
    """One account in one *region*, read through *target*: its own, or the one of number *linked*.

    *loc* is where the configuration names it, the target where it was found.
    """

    target: TargetSettings
    region: str
    loc: Loc
    linked: str | None = None

    @property
    def label(self) -> str:
        """The value of the `target` label: the target's, and for a linked account its number too."""
        return self.target.label if self.linked is None else f"{self.target.label}/{self.linked}"

    @property
    def place(self) -> Place:
        """Where the configuration names it: a linked account is read in the place of its target."""
        return (self.target.label, self.region)

    @property
    def name(self) -> str | None:
        """The configured name, None for what has none of its own."""
        return self.target.name if self.linked is None else None

    @property
    def account_id(self) -> str | None:
        """The account's number as far as the settings tell."""
        return self.linked or self.target.account_id or self.target.role_account_id

    @property
    def finds_linked(self) -> bool:
        """Whether CloudWatch is to be asked which accounts are linked to this one."""
        return self.linked is None and ALL in self.target.linked_accounts


def accounts(settings: Settings, found: FoundAccounts | None = None) -> Iterator[Account]:
    """Yield the accounts, who has a way in of its own before who is linked, and who is configured before who is found.

    What was *found* and is there already is left out.
    """
    there: set[tuple[str | None, str]] = set()
    for account in _configured(settings):
        there.add((account.account_id, account.region))
        yield account
    for index, target in enumerate(settings.targets):
        for region in target.regions if ALL in target.linked_accounts else ():
            for number in sorted((found or {}).get((target.label, region), ())):
                if (number, region) not in there:
                    there.add((number, region))
                    yield Account(target, region, ("targets", index), number)


def _configured(settings: Settings) -> Iterator[Account]:
    for index, target in enumerate(settings.targets):
        for position, region in enumerate(target.regions):
            yield Account(target, region, ("targets", index, "regions", position))
    for index, target in enumerate(settings.targets):
        for position, number in enumerate(target.linked_accounts):
            for region in target.regions if number != ALL else ():
                yield Account(target, region, ("targets", index, "linked_accounts", position), number)
