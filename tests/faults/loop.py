"""The event loop of a world that jumps through time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any, TypeVar

from tests.alerts.simulation.jumps import JumpingLoop

T = TypeVar("T")


class Loop(JumpingLoop):
    """A jumping loop on which work for threads is done at once, so that no time passes in it."""

    def run_in_executor(  # type: ignore[override]  # the same for callers
        self, executor: Executor | None, func: Callable[..., T], *args: Any
    ) -> asyncio.Future[T]:
        """Do it now."""
        future: asyncio.Future[T] = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:  # noqa: BLE001 - goes to whoever waits
            future.set_exception(error)
        return future
