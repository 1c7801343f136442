"""An event loop that never waits: where nothing is ready, its time jumps to the next timer."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

RESOLUTION_SECONDS = 1e-6
"""What a timer may be early: that of the loop itself, 1e-9, is lost in the roundings of half a year in seconds."""

T = TypeVar("T")


class _Jumping(selectors.DefaultSelector):
    """Looks whether something is ready, and lets the time pass that it was to wait."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise RuntimeError("everything waits, and for no time that will come")
        self.now += max(timeout, 0.0)
        return super().select(0)


class JumpingLoop(asyncio.SelectorEventLoop):
    """Begins at 0 seconds. `asyncio.sleep` and `asyncio.timeout` take no time of ours."""

    def __init__(self) -> None:
        """Take a selector that does not wait."""
        self._jumping = _Jumping()
        super().__init__(self._jumping)
        self._clock_resolution = RESOLUTION_SECONDS

    def time(self) -> float:
        """Return the seconds that have passed."""
        return self._jumping.now


def run(work: Coroutine[Any, Any, T]) -> T:
    """Return what *work* returns, on a loop of its own that never waits."""
    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        return runner.run(work)
