from __future__ import annotations

import asyncio

import pytest

from exporter.aws.flight import SingleFlight


class Work:
    def __init__(self) -> None:
        self.runs = 0
        self.go = asyncio.Event()
        self.error: Exception | None = None

    async def __call__(self) -> int:
        self.runs += 1
        run = self.runs
        await self.go.wait()
        if self.error is not None:
            raise self.error
        return run


async def test_all_who_ask_meanwhile_share_one_run_and_a_later_one_starts_another() -> None:
    work = Work()
    flight = SingleFlight(work)
    asked = [asyncio.create_task(flight()) for _ in range(5)]
    await asyncio.sleep(0)
    work.go.set()
    assert await asyncio.gather(*asked) == [1] * 5
    assert await flight() == 2


async def test_a_failure_is_everyone_s_and_the_next_one_tries_again() -> None:
    work = Work()
    flight = SingleFlight(work)
    asked = [asyncio.create_task(flight()) for _ in range(3)]
    await asyncio.sleep(0)
    work.error = ValueError("no")
    work.go.set()
    results = await asyncio.gather(*asked, return_exceptions=True)
    assert [str(result) for result in results] == ["no"] * 3
    work.error = None
    assert await flight() == 2


async def test_one_who_is_cancelled_takes_nothing_from_the_others() -> None:
    work = Work()
    flight = SingleFlight(work)
    first, second = asyncio.create_task(flight()), asyncio.create_task(flight())
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.wait([first])
    work.go.set()
    assert await second == 1


async def test_a_failure_that_nobody_waits_for_is_not_complained_of(caplog: pytest.LogCaptureFixture) -> None:
    work = Work()
    flight = SingleFlight(work)
    asked = asyncio.create_task(flight())
    await asyncio.sleep(0)
    asked.cancel()
    work.error = ValueError("no")
    work.go.set()
    await asyncio.wait([asked])
    await asyncio.sleep(0.01)
    assert caplog.records == []


async def test_closing_cancels_what_is_under_way() -> None:
    work = Work()
    flight = SingleFlight(work)
    await flight.aclose()
    asked = asyncio.create_task(flight())
    await asyncio.sleep(0)
    await flight.aclose()
    with pytest.raises(asyncio.CancelledError):
        await asked
    work.go.set()
    assert await flight() == work.runs == 1
