"""The time of the event loop that a test runs on, so that no verdict is a matter of the machine's speed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

LIMIT_SECONDS = 60.0
"""For what should come at once: a machine that is held up is no failure, and what comes early costs nothing."""
STEP_SECONDS = 0.01
TURNS = 3
"""Of a loop, in which a connection that was accepted comes in, and one that was cut is gone."""


@dataclass(slots=True)
class _Ahead:
    time: Callable[[], float]
    seconds: float = 0.0

    def __call__(self) -> float:
        return self.time() + self.seconds


def pass_seconds(seconds: float) -> None:
    """Let so many seconds have passed: whatever the running loop was to do within them is due now."""
    loop = asyncio.get_running_loop()
    if not isinstance(loop.time, _Ahead):
        loop.time = _Ahead(loop.time)  # type: ignore[method-assign]
    loop.time.seconds += seconds


async def counted_seconds(work: Awaitable[object]) -> float:
    """Return how long *work* took, in steps of the loop: what the machine holds it up is one step, however long."""
    task, steps = asyncio.ensure_future(work), 0
    while not task.done():
        await asyncio.wait((task,), timeout=STEP_SECONDS)
        steps += 1
    await task
    return steps * STEP_SECONDS


async def until(condition: Callable[[], object]) -> None:
    """Return when *condition* is true; raises TimeoutError where that does not come."""
    async with asyncio.timeout(LIMIT_SECONDS):
        while not condition():  # noqa: ASYNC110 - it is about other tasks
            await asyncio.sleep(0.005)


async def end(server: asyncio.Server) -> None:
    """Close *server* once whoever came is let in: Python 3.11 leaves one open that comes in to a closed server.

    What is left open is the failure of whichever test runs when it is found.
    """
    loop = asyncio.get_running_loop()
    for listener in server.sockets:
        loop.remove_reader(listener.fileno())
    for _ in range(TURNS):
        await asyncio.sleep(0)
    server.close()


async def cut_all() -> None:
    """End every connection of the running loop at once, also one whose client does not read."""
    loop: Any = asyncio.get_running_loop()
    for transport in list(loop._transports.values()):
        transport.abort()
    for _ in range(TURNS):
        await asyncio.sleep(0)
