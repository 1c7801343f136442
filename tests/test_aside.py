from __future__ import annotations

import asyncio
import threading

import pytest

from exporter.aside import aside


async def test_it_returns_what_the_work_returns_and_raises_what_it_raises() -> None:
    assert await aside(threading.current_thread) is not threading.main_thread()
    with pytest.raises(ZeroDivisionError):
        await aside(lambda: 1 / 0)


async def test_cancelled_it_leaves_the_work_behind_in_a_thread_that_no_end_waits_for() -> None:
    begun, go_on, done = threading.Event(), threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        go_on.wait(20)
        done.set()

    waiting = asyncio.create_task(aside(work))
    await asyncio.to_thread(begun.wait, 20)
    (thread,) = [thread for thread in threading.enumerate() if thread.name == "aside"]
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert thread.daemon
    go_on.set()
    await asyncio.to_thread(thread.join, 20)
    assert done.is_set()
