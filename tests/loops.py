"""The time of the event loop that a test runs on, so that no verdict is a matter of the machine's speed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

STEP_SECONDS = 0.01


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
