"""What is read of one account and region as lists of dimensions come in: selected, counted, and named in the log."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Protocol

from exporter.config.dialect import Rule
from exporter.config.selections import Selection
from exporter.series.dimensions import Listing, Picker, Place, Wanted
from exporter.series.roster import Roster
from exporter.series.states import State
from exporter.sources.listing import ListingSource
from exporter.sources.turns import in_turns, outcome_of

log = logging.getLogger(__name__)

NAMED_AT_ONCE = 10
WAIT_SECONDS = 5.0
"""How long the first poll waits for the first list, after everything else was read."""


class Drops(Protocol):
    """Who counts what is left out."""

    def series_dropped(self, reason: str, count: int) -> None:
        """*count* series with dimensions are left out for *reason*."""


class Selected:
    """Keeps a roster in line with the list that a source beside reads. Only the first poll waits for that, a little."""

    def __init__(
        self, roster: Roster, listing: ListingSource | None, *, rules: Sequence[Rule], telemetry: Drops, key: str
    ) -> None:
        """Have nothing selected yet. Without *listing* nothing has to be found. *key* is for the log."""
        self._roster = roster
        self.listing = listing
        self._telemetry = telemetry
        self._key = key
        self._wanting = tuple(rule for rule in rules if rule.warn_when_empty)
        self._empty: frozenset[str] = frozenset()
        self._waited = False
        self.listed: Listing | None = None
        """The list that was selected from, None before the first."""
        self.left_out: Mapping[str, frozenset[Place]] | None = None
        """What is left out, by the reason; None before the first selection."""

    @property
    def news(self) -> Listing | None:
        """The list that is to be selected from, None if that was done."""
        known = None if self.listing is None else self.listing.known
        return None if known is self.listed else known

    @property
    def first_came(self) -> bool:
        """Whether the first list came since the last poll."""
        return self.listed is None and self.news is not None

    async def begin(self, now: float) -> None:
        """Select the exact sets, which need no list."""
        if self.left_out is None:
            await self._note(await outcome_of(self._roster.select(now, {})), {})

    async def adopt(self, previous: Selected) -> None:
        """Go on from what *previous*, of the same account, knows."""
        steps = self._roster.adopt(previous._roster, previous.listed or {})
        await self._note(await outcome_of(steps), previous.left_out or {})
        self.listed = previous.listed

    async def take(self, now: float) -> Sequence[State]:
        """Take what the list has brought, if there is anything; return the states that it adds."""
        await self._wait_once()
        news = self.news
        if news is None:
            return ()
        before = set(map(id, self._roster.reading))
        await self._note(await outcome_of(self._roster.select(now, news)), self.left_out or {})
        await self._warn_of_empty(news)
        self.listed = news
        return [state for state in self._roster.reading if id(state) not in before]

    async def _wait_once(self) -> None:
        if self.listing is None or self.listed is not None or self._waited:
            return
        self._waited = True
        with suppress(TimeoutError):
            async with asyncio.timeout(WAIT_SECONDS):
                await self.listing.tried.wait()

    async def _note(self, found: Wanted, before: Mapping[str, frozenset[Place]]) -> None:
        """Count what is left out, and name it where it was not *before*."""
        left_out: dict[str, frozenset[Place]] = {}
        for reason, places in (("limit", found.over_limit), ("label", found.clashing)):
            self._telemetry.series_dropped(reason, len(places))
            known = before.get(reason, frozenset())
            new = [place async for place in in_turns(places) if place not in known]
            if new:
                text = "; ".join(f"{metric} {dict(dimensions)}" for metric, dimensions in new[:NAMED_AT_ONCE])
                facts = {"reason": reason, "count": len(new), "series": text, "key": self._key}
                log.warning("series with dimensions left out", extra=facts)
            left_out[reason] = frozenset(places)
        self.left_out = left_out

    async def _warn_of_empty(self, listed: Listing) -> None:
        """Say of each rule that wants to hear it that CloudWatch lists nothing that it selects, until it does."""
        empty: set[str] = set()
        for rule in self._wanting:
            if rule.selection is None or not rule.selection.listed:
                continue
            if not await _lists_any(listed, rule.metric, rule.selection):
                empty.add(rule.id)
                if rule.id not in self._empty:
                    facts = {"metric": rule.metric, "dimensions": rule.selection.names, "key": self._key}
                    log.warning("CloudWatch lists no dimensions", extra=facts)
        self._empty = frozenset(empty)


async def _lists_any(listed: Listing, metric: str, selection: Selection) -> bool:
    keeps = Picker(selection).keeps
    async for dimensions in in_turns(listed.get(metric, ())):
        if keeps(dimensions):
            return True
    return False
