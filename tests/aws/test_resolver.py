"""Names of hosts, asked for in threads that nobody waits for."""

from __future__ import annotations

import asyncio
import socket
import threading
from typing import Any

import pytest

from exporter.aws.resolver import Resolver
from tests.loops import LIMIT_SECONDS, until


async def test_a_name_has_the_addresses_that_the_system_knows() -> None:
    (found,) = await Resolver().resolve("127.0.0.1", 443)
    assert (found["hostname"], found["host"], found["port"], found["family"]) == (
        "127.0.0.1",
        "127.0.0.1",
        443,
        socket.AF_INET,
    )


async def test_an_address_keeps_its_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    link_local = [(socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("fe80::1", 443, 0, 1))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: link_local)
    (found,) = await Resolver().resolve("here.test", 443, socket.AF_INET6)
    assert found["host"] == f"fe80::1%{socket.if_indextoname(1)}"


async def test_a_name_that_there_is_not_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(socket.gaierror):
        await Resolver().resolve("nowhere.test")


async def test_a_name_that_hangs_takes_one_thread_that_is_left_behind_and_nothing_from_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    release = threading.Event()
    asked: list[str] = []
    real = socket.getaddrinfo

    def slow(host: str, *arguments: Any, **options: Any) -> object:
        asked.append(host)
        if host == "slow.test":
            release.wait()
        return real("127.0.0.1", *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    resolver = Resolver()
    waiting = [asyncio.create_task(resolver.resolve("slow.test")) for _ in range(40)]
    try:
        async with asyncio.timeout(LIMIT_SECONDS):
            assert await resolver.resolve("quick.test", 80)
        await until(lambda: len(asked) == 2)  # threads begin when they can
        assert not any(task.done() for task in waiting)
        assert sorted(asked) == ["quick.test", "slow.test"], "one question, so one thread, for all who wait"
    finally:
        release.set()
        answers = await asyncio.gather(*waiting)
    assert [found["host"] for each in answers for found in each] == ["127.0.0.1"] * 40


async def test_a_name_is_asked_for_anew_once_an_answer_came(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    real = socket.getaddrinfo

    def counted(host: str, *arguments: Any, **options: Any) -> object:
        asked.append(host)
        return real("127.0.0.1", *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", counted)
    resolver = Resolver()
    for _ in range(2):
        await resolver.resolve("here.test")
    assert asked == ["here.test"] * 2


async def test_who_stops_waiting_for_a_name_takes_nothing_from_others(monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()
    real = socket.getaddrinfo

    def slow(_: str, *arguments: Any, **options: Any) -> object:
        release.wait()
        return real("127.0.0.1", *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    resolver = Resolver()
    first, second = (asyncio.create_task(resolver.resolve("slow.test")) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.wait([first])
    release.set()
    assert await second
