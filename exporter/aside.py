"""Work in threads: long work, which the end of the process does not wait for, and short."""

from __future__ import annotations

import asyncio
import errno
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


class NoThreadError(OSError):
    """The system has no thread to give: too many processes, or too little memory."""


async def aside(work: Callable[[], T]) -> T:
    """Return what *work* returns or raise what it raises; cancelled, leave it behind.

    The event loop's own executor is waited for at the end, and a read of a pipe or a dead file server may never end.

    Raises:
        NoThreadError: nothing was done.
    """
    outcome: Future[T] = Future()
    outcome.set_running_or_notify_cancel()  # from here on a cancelled waiter does not cancel it

    thread = threading.Thread(target=_run, args=(work, outcome), name="aside", daemon=True)
    try:
        thread.start()
    except RuntimeError as error:
        raise NoThreadError(errno.EAGAIN, "no thread can be started") from error
    return await asyncio.wrap_future(outcome)


async def in_a_thread(work: Callable[[], T]) -> T:
    """Return what short *work* returns or raise what it raises: done in the event loop's executor, whose threads stay.

    Where the system has no thread to give it is done here, and others wait for it. The executor keeps what it could not
    start a thread for, so that a thread that it has would do it once more: whoever comes first does it.
    """
    outcome: Future[T] = Future()
    outcome.set_running_or_notify_cancel()
    claim = threading.Lock()

    def once() -> None:
        if claim.acquire(blocking=False):
            _run(work, outcome)

    try:
        asyncio.get_running_loop().run_in_executor(None, once)
    except RuntimeError:
        once()
    return await asyncio.wrap_future(outcome)


def _run(work: Callable[[], T], outcome: Future[T]) -> None:
    try:
        outcome.set_result(work())
    except BaseException as error:  # noqa: BLE001 - raised again where it is waited for
        outcome.set_exception(error)
    finally:
        del outcome  # else it, the error and this frame hold one another, and whatever the work held
