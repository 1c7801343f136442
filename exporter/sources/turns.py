"""Long work beside others: the event loop has its turn in between, so that scrapes wait for nobody."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from typing import TypeVar

from exporter.series.turns import Steps

AT_A_TIME = 100

T = TypeVar("T")


async def in_turns(items: Iterable[T]) -> AsyncIterator[T]:
    """Yield *items*, with a turn for others after each hundred."""
    for number, item in enumerate(tuple(items), start=1):
        yield item
        if number % AT_A_TIME == 0:
            await asyncio.sleep(0)


async def outcome_of(steps: Steps[T]) -> T:
    """Return the outcome of *steps*, with a turn for others after each."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]
        await asyncio.sleep(0)
