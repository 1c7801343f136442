"""Work in a thread that the end of the process does not wait for."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


async def aside(work: Callable[[], T]) -> T:
    """Return what *work* returns or raise what it raises; cancelled, leave it behind.

    The event loop's own executor is waited for at the end, and a read of a pipe or a dead file server may never end.
    """
    outcome: Future[T] = Future()
    outcome.set_running_or_notify_cancel()  # from here on a cancelled waiter does not cancel it

    def run() -> None:
        try:
            outcome.set_result(work())
        except BaseException as error:  # noqa: BLE001 - raised again where it is waited for
            outcome.set_exception(error)

    threading.Thread(target=run, name="aside", daemon=True).start()
    return await asyncio.wrap_future(outcome)
