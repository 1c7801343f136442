"""One piece of work at a time: whoever asks while it is under way gets its result."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class SingleFlight(Generic[T]):
    """Runs *work* at most once at a time. One that asks and is cancelled takes nothing from the others."""

    def __init__(self, work: Callable[[], Awaitable[T]]) -> None:
        """Take *work*, which may run again after it ended, well or not."""
        self._work = work
        self._task: asyncio.Task[T] | None = None

    async def __call__(self) -> T:
        """Return what the work returns or raise what it raises, starting it unless it is under way."""
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())
            self._task.add_done_callback(_retrieve)
        return await asyncio.shield(self._task)

    async def aclose(self) -> None:
        """Cancel the work that is under way."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _run(self) -> T:
        return await self._work()


def _retrieve(task: asyncio.Task[T]) -> None:
    """Take note of a failure that nobody waited for."""
    if not task.cancelled():
        task.exception()
