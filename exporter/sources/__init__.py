"""What is polled: one file per AWS call that feeds metrics."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from typing import Protocol, TypeAlias

from exporter.errors import SourceError
from exporter.series.observations import Series

Believes: TypeAlias = Callable[[float], SourceError | None]
"""Gives the error where a poll's moment (unix seconds) turns out to be wrong by the time of AWS's last answer."""


def believed(now: float) -> None:
    """Believe any moment."""
    del now


class Source(Protocol):
    """One thing to poll for one target and region. It keeps what it knows, whether or not a poll fails."""

    @property
    def name(self) -> str:
        """The value of the `source` label."""
        ...

    @property
    def starting(self) -> bool:
        """Whether the next poll is the long first read, which has a larger time limit."""
        ...

    @property
    def account_id(self) -> str | None:
        """The account that the series belong to, None while it is not known: then there are no series."""
        ...

    async def poll(self, now: float) -> None:
        """Ask AWS once, with *now* (unix seconds) as the one reading of the clock.

        Raises:
            SourceError: something failed; what was read completely before and beside the failure is kept.
        """
        ...

    async def prepare(self) -> None:
        """Do what `series` would take long for after a poll that was cut short, with turns for others in between."""
        await asyncio.sleep(0)

    def series(self) -> tuple[Series, ...]:
        """Return everything known, in a stable order, good whether or not the last poll failed."""
        ...

    def next_look(self, now: float) -> float:
        """Return the next moment after *now* at which a poll is wanted besides the regular ones: infinity, none."""
        del now
        return math.inf
