"""Work in threads: long work, which the end of the process does not wait for, and short."""

from __future__ import annotations

import _thread
import asyncio
import errno
import threading
import weakref
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

T = TypeVar("T")

LOOK_SECONDS = 1.0
"""How often to look whether a thread that is waited for lives: one without memory dies without a word."""


class NoThreadError(OSError):
    """The system has no thread to give: too many processes, or too little memory."""


async def aside(work: Callable[[], T]) -> T:
    """Return what *work* returns or raise what it raises; cancelled, leave it behind.

    The event loop's own executor is waited for at the end, and a read of a pipe or a dead file server may never end.

    Raises:
        NoThreadError: there was no thread, or it died for want of memory, which may have been in the middle of it.
    """
    outcome: Future[T] = Future()
    outcome.set_running_or_notify_cancel()  # from here on a cancelled waiter does not cancel it
    try:
        # `Thread.start` waits for a sign of the new thread, for ever where that dies for want of memory before it
        errand = _Errand(work, outcome)
        _thread.start_new_thread(errand, ())
    except (RuntimeError, MemoryError) as error:
        raise NoThreadError(errno.EAGAIN, "no thread can be started") from error
    alive = weakref.ref(errand)
    del errand
    waiting = asyncio.wrap_future(outcome)
    try:
        while not (await asyncio.wait((waiting,), timeout=LOOK_SECONDS))[0] and alive() is not None:
            pass
    finally:
        waiting.cancel()
    if not outcome.done():
        raise NoThreadError(errno.ENOMEM, "a thread died before its work was done")
    try:
        return outcome.result()
    finally:
        del outcome, waiting  # else they, the error and this frame hold one another


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


class _Errand(Generic[T]):
    """Work for a thread, which lives as long as that and keeps nothing of it."""

    def __init__(self, work: Callable[[], T], outcome: Future[T]) -> None:
        self._errand = [(work, outcome)]

    def __call__(self) -> None:
        _run(*self._errand.pop())


def _run(work: Callable[[], T], outcome: Future[T]) -> None:
    try:
        outcome.set_result(work())
    except BaseException as error:  # noqa: BLE001 - raised again where it is waited for
        outcome.set_exception(error)
    finally:
        del outcome  # else it, the error and this frame hold one another, and whatever the work held
