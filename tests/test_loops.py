from __future__ import annotations

import asyncio
import gc
import socket
import sys

import pytest

from tests.alerts.simulation.jumps import run
from tests.loops import counted_seconds, cut_all, end, pass_seconds


async def test_seconds_that_are_let_pass_are_over_for_all_that_waits() -> None:
    waiting = asyncio.create_task(asyncio.sleep(3600))
    await asyncio.sleep(0)
    pass_seconds(1800)
    pass_seconds(1800)
    async with asyncio.timeout(60):
        await waiting


def test_what_waits_is_counted() -> None:
    assert run(counted_seconds(asyncio.sleep(2))) == pytest.approx(2, abs=0.02)


async def test_what_a_machine_holds_up_is_not_counted() -> None:
    async def held_up() -> None:
        pass_seconds(3600)
        await asyncio.sleep(0.01)

    assert await counted_seconds(held_up()) < 1


@pytest.mark.parametrize("turns", range(4))
async def test_who_comes_as_a_server_ends_is_not_left_open(turns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    left: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", left.append)
    server = await asyncio.get_running_loop().create_server(asyncio.Protocol, "127.0.0.1", 0)
    with socket.create_connection(server.sockets[0].getsockname()):
        for _ in range(turns):
            await asyncio.sleep(0)
        await end(server)
        await cut_all()
        gc.collect()
    assert left == []
