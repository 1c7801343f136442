"""Requests that wait for something: so many and no more, and nobody's once he has hung up.

Each takes the place of a connection that cannot give way, since it is not its client who is waited for.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator

from starlette.types import Receive


class FullError(Exception):
    """There is no more room."""


class WaitingRoom:
    """Has room for a number of requests that wait for the same."""

    def __init__(self, places: int) -> None:
        """Begin with nobody there."""
        self._free = places

    @contextlib.contextmanager
    def place(self, receive: Receive) -> Iterator[asyncio.Future[None]]:
        """Have a place in the `with`, and yield what is done once the client has hung up.

        Raises:
            FullError: there is no room.
        """
        if self._free == 0:
            raise FullError
        self._free -= 1
        gone = asyncio.ensure_future(hung_up(receive))
        try:
            yield gone
        finally:
            gone.cancel()
            self._free += 1


@contextlib.asynccontextmanager
async def turn(lock: asyncio.Lock, gone: asyncio.Future[None]) -> AsyncIterator[bool]:
    """Have *lock* in the `with` and yield True, or yield False without it: the client is *gone* before its turn."""
    acquiring = asyncio.ensure_future(lock.acquire())
    try:
        await asyncio.wait((acquiring, gone), return_when=asyncio.FIRST_COMPLETED)
        yield not gone.done()
    finally:
        acquiring.cancel()
        if acquiring.done() and not acquiring.cancelled():
            lock.release()


async def hung_up(receive: Receive) -> None:
    """Return when the client is gone. What it sends meanwhile is dropped: no page reads a body."""
    while (await receive())["type"] != "http.disconnect":
        pass
