"""What one connection may cost: time, memory, lines of the log, and the places of others."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import socket
import struct

import pytest

from exporter.errors import Refusal
from exporter.web import protocol as module
from exporter.web.protocol import (
    MAX_BODY_BYTES,
    MAX_HEADERS,
    MAX_PIPELINED,
    MAX_UNREAD_BYTES,
    MIN_READERS,
    REQUEST_TIMEOUT_SECONDS,
    Protocol,
)
from tests.loops import LIMIT_SECONDS, pass_seconds, until
from tests.web.sites import BIG, MANY, Open, Site, answer, get

POST = b"POST /small HTTP/1.1\r\nHost: x\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"


def connections(site: Site) -> list[Protocol]:
    return [each for each in site.server.server_state.connections if isinstance(each, Protocol)]


@pytest.mark.parametrize("asked", [("/parts",), ("/big", "/small")])
async def test_a_reader_who_stops_in_the_middle_of_an_answer_is_cut(
    start: Open, monkeypatch: pytest.MonkeyPatch, asked: tuple[str, ...]
) -> None:
    monkeypatch.setattr(module, "KEEP_ALIVE_SECONDS", 0.05)
    site = await start()
    _, writer = await site.connect()
    writer.write(b"".join(get(path, close=False) for path in asked))
    await until(lambda: site.server.server_state.tasks)
    await until(lambda: not connections(site))
    await until(lambda: not site.server.server_state.tasks)


async def test_readers_who_stop_in_the_middle_of_an_answer_give_way(start: Open) -> None:
    site = await start(max_connections=5)
    for _ in range(10):
        _, writer = await site.connect()
        writer.write(get("/parts", close=False))
        assert b"200 OK" in await site.ask(get("/small"))
    assert len(connections(site)) <= 5


async def test_a_reader_who_goes_on_in_time_gets_all_of_it(start: Open) -> None:
    site = await start()
    reader, writer = await site.connect()
    writer.write(get("/parts"))
    await until(lambda: any(each._unread for each in connections(site)))
    assert (await answer(reader)).endswith(b"xend")


async def test_who_has_read_his_answer_keeps_his_connection(start: Open) -> None:
    site = await start()
    reader, _ = await site.begin(get("/big", close=False), b"\r\n\r\n")
    (one,) = connections(site)
    await until(lambda: one._unread)
    await reader.readexactly(BIG)
    await until(lambda: one._unread is None)
    assert one in connections(site)


async def test_a_reader_who_goes_on_too_slowly_is_cut(start: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEEP_ALIVE_SECONDS", 0.4)
    site = await start()
    reader, _ = await site.begin(get("/many", close=False))
    with contextlib.suppress(ConnectionResetError):
        async with asyncio.timeout(LIMIT_SECONDS):
            while connections(site):
                await reader.read(BIG // MANY)
                await asyncio.sleep(0.02)
    assert not site.server.server_state.total_requests, "an answer has its time as a whole, not each of its parts"


async def test_answers_that_nobody_reads_are_few_and_who_waits_for_his_reader_longest_gives_way(start: Open) -> None:
    site = await start()
    readers = [(await site.begin(get("/big")))[0] for _ in range(MIN_READERS + 3)]
    await until(lambda: len(connections(site)) == MIN_READERS)
    assert MIN_READERS * BIG > MAX_UNREAD_BYTES
    for reader in readers[:3]:
        assert len(await answer(reader)) < BIG
    assert (await answer(readers[3])).endswith(b"x" * 100)


async def test_an_answer_behind_one_that_is_not_read_counts_before_any_of_it_is_sent(start: Open) -> None:
    site = await start()
    await site.begin(get("/big", close=False) + get("/big"))
    await until(lambda: connections(site)[0].unread_bytes == 2 * BIG)


async def test_a_crowd_of_slow_readers_at_one_address_has_nobody_cut_at_another(start: Open) -> None:
    site = await start()
    first, _ = await site.begin(get("/big"), local="127.0.0.2")
    for _ in range(MIN_READERS + 3):
        await site.begin(get("/big"))
    await until(lambda: len(connections(site)) == MIN_READERS)
    assert "127.0.0.2" in [each.place for each in connections(site)]
    assert len(await answer(first)) > BIG


async def test_who_asks_again_in_place_of_reading_is_waited_for_all_the_same(start: Open) -> None:
    site = await start(max_connections=5)

    async def asks_twice() -> None:
        _, writer = await site.begin(get("/parts", close=False))
        (one,) = (each for each in connections(site) if each.client == writer.get_extra_info("sockname"))
        await until(lambda: one.flow.write_paused)
        writer.write(get("/small"))
        await until(lambda: one.pipeline)

    for _ in range(10):
        await asks_twice()
        assert b"200 OK" in await site.ask(get("/small"))
    assert len(connections(site)) <= 5


async def test_who_asks_twice_at_once_and_reads_neither_answer_gives_way(start: Open) -> None:
    site = await start(max_connections=5)
    for _ in range(10):
        await site.begin(get("/big", close=False) + get("/small"))
        assert b"200 OK" in await site.ask(get("/small"))
    assert len(connections(site)) <= 5


@pytest.mark.parametrize("body", [b"Content-Length: 9\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n9\r\n"])
async def test_a_body_that_does_not_end_is_cut_although_it_was_answered(start: Open, body: bytes) -> None:
    site = await start()
    reader, writer = await site.connect()
    writer.write(POST + body)
    assert b"405 " in await reader.readuntil(b"\r\n\r\nMethod Not Allowed")
    writer.write(b"x")
    pass_seconds(REQUEST_TIMEOUT_SECONDS)
    assert await answer(reader) == b""


async def test_a_body_that_is_too_long_ends_the_connection(start: Open) -> None:
    site = await start()
    reader, writer = await site.begin(CHUNKED, b"\r\n\r\nMethod Not Allowed")
    for _ in range(MAX_BODY_BYTES // 10_000 + 10):
        writer.write(b"2710\r\n" + b"x" * 10_000 + b"\r\n")
    assert await answer(reader) == b""


async def test_trailers_are_dropped(start: Open) -> None:
    site = await start()
    reader, writer = await site.begin(CHUNKED, b"\r\n\r\nMethod Not Allowed")
    writer.write(b"0\r\n" + b"a: b\r\n" * 1000)
    await asyncio.sleep(0)
    writer.write(b"\r\n" + get("/small"))
    assert b"200 OK" in await answer(reader)
    assert all(len(each.headers) < 5 for each in connections(site))


async def test_too_many_headers_are_refused(start: Open) -> None:
    site = await start()
    assert b" 200 " in await site.ask(get("/small", *["a: b"] * (MAX_HEADERS - 2)))
    assert b" 431 " in await site.ask(get("/small", *["a: b"] * MAX_HEADERS))


async def test_too_many_requests_ahead_of_their_answers_end_the_connection(start: Open) -> None:
    refused: list[Refusal] = []
    site = await start(refused=refused.append)
    text = await site.ask(get("/small", close=False) * MAX_PIPELINED + get("/small"))
    assert text.count(b"200 OK") == MAX_PIPELINED + 1
    assert b"200 OK" not in await site.ask(get("/small", close=False) * 2 * MAX_PIPELINED)
    assert refused == [Refusal.REQUEST]


async def test_an_answer_that_has_begun_is_never_mixed_with_a_refusal(start: Open) -> None:
    site = await start()
    reader, writer = await site.begin(get("/half", close=False), b"half")
    writer.write(b"GARBAGE\r\n\r\n")
    assert b"400" not in await answer(reader)


async def test_a_request_whose_body_is_wrong_is_answered_once(start: Open) -> None:
    site = await start()
    text = await site.ask(CHUNKED + b"xyz\r\n")
    assert text.startswith(b"HTTP/1.1 400 ")
    assert text.count(b"HTTP/1.1") == 1


async def test_whoever_asks_for_another_protocol_is_answered_in_this_one_and_heard_no_more(
    start: Open, caplog: pytest.LogCaptureFixture
) -> None:
    site = await start()
    reader, writer = await site.connect()
    writer.write(get("/slow", "Connection: upgrade", "Upgrade: websocket", close=False) + b"\x81\x05hello")
    await site.entered.wait()
    for _ in range(5):
        writer.write(b"\x81\x05hello")
        await asyncio.sleep(0.005)
    site.go_on.set()
    assert (await answer(reader)).endswith(b"slow")
    assert caplog.records == []


async def test_what_strangers_do_is_counted_and_not_logged(start: Open, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    refused: list[Refusal] = []
    site = await start(refused=refused.append, max_connections=1)
    for _ in range(3):
        await site.ask(b"GARBAGE\r\n\r\n")
        await site.ask(get("/small"))
    assert refused == [Refusal.REQUEST, Refusal.CROWD] * 3
    assert caplog.records == []


@pytest.mark.parametrize("path", ["/small", "/slow", "/parts"])
async def test_nothing_is_left_of_a_connection_that_broke(start: Open, path: str) -> None:
    site = await start()
    reader, writer = await site.connect()
    writer.write(get(path, close=False))
    await (site.entered.wait() if path == "/slow" else reader.readuntil(b"200 OK"))
    raw = writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
    await until(lambda: not connections(site))
    site.go_on.set()
    await until(lambda: not site.server.server_state.tasks)

    def left() -> list[Protocol]:
        gc.collect()
        return [each for each in gc.get_objects() if isinstance(each, Protocol)]

    await until(lambda: not left())


async def test_an_idle_connection_keeps_nothing_of_its_request(start: Open) -> None:
    site = await start()
    await site.begin(get("/small?" + "x" * 1000, "a: " + "y" * 1000, close=False), b"small")
    await until(lambda: not site.server.server_state.tasks)
    (one,) = connections(site)
    assert (one.url, one.headers, dict(one.scope)) == (b"", [], {})


async def test_the_health_check_of_this_machine_which_tries_tls_first_is_not_counted_as_refused(start: Open) -> None:
    refused: list[Refusal] = []
    site = await start(refused=refused.append)
    hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"
    assert b" 400 " in await site.ask(hello)
    assert refused == []
    assert b" 400 " in await site.ask(b"garbage\r\n\r\n")
    assert refused == [Refusal.REQUEST]
