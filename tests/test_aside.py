from __future__ import annotations

import _thread
import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from exporter.aside import NoThreadError, aside, in_a_thread
from tests.threads import without_threads


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

    before = threading.enumerate()
    waiting = asyncio.create_task(aside(work))
    while not begun.is_set():  # noqa: ASYNC110 - waited for in a thread, it would have another one begun
        await asyncio.sleep(0.001)
    assert not [thread for thread in threading.enumerate() if not thread.daemon and thread not in before]
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert not done.is_set()
    go_on.set()
    assert await asyncio.to_thread(done.wait, 20)


async def test_where_the_system_has_no_thread_to_give_it_says_so_and_does_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    done: list[int] = []
    with monkeypatch.context() as patched:
        without_threads(patched)
        with pytest.raises(NoThreadError, match="no thread can be started"):
            await aside(lambda: done.append(1))
    await aside(lambda: done.append(2))
    assert done == [2]


async def test_a_thread_that_dies_without_a_word_is_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[int] = []
    monkeypatch.setattr("exporter.aside.LOOK_SECONDS", 0.01)
    with monkeypatch.context() as patched:
        patched.setattr(_thread, "start_new_thread", lambda *_: None)
        async with asyncio.timeout(60):
            with pytest.raises(NoThreadError, match="died before"):
                await aside(lambda: done.append(1))
    assert not done


async def test_short_work_is_done_in_a_thread_and_here_where_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    assert await in_a_thread(threading.current_thread) is not threading.main_thread()
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor())
    with monkeypatch.context() as patched:
        without_threads(patched)
        assert await in_a_thread(threading.current_thread) is threading.main_thread()
    with pytest.raises(ZeroDivisionError):
        await in_a_thread(lambda: 1 / 0)


async def test_short_work_that_waits_for_a_thread_in_vain_is_done_once(monkeypatch: pytest.MonkeyPatch) -> None:
    free, done = threading.Event(), list[threading.Thread]()
    loop, pool = asyncio.get_running_loop(), ThreadPoolExecutor(4)
    loop.set_default_executor(pool)
    busy = loop.run_in_executor(None, free.wait, 20)
    with monkeypatch.context() as patched:
        without_threads(patched)
        await in_a_thread(lambda: done.append(threading.current_thread()))
    free.set()
    await busy
    pool.shutdown()
    assert done == [threading.main_thread()]
