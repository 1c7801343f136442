from __future__ import annotations

import asyncio
import logging

import pytest

from exporter.web import protocol as module
from exporter.web.protocol import MAX_HEAD_BYTES, REQUEST_TIMEOUT_SECONDS
from exporter.web.server import GRACE_SECONDS
from tests.loops import pass_seconds, until
from tests.web.sites import Open, Site, Stream, answer, get


async def test_it_answers_and_says_nothing_of_itself(start: Open) -> None:
    site = await start()
    text = await site.ask(get("/small"))
    assert text.startswith(b"HTTP/1.1 200 OK\r\n")
    assert text.endswith(b"\r\n\r\nsmall")
    assert b"server:" not in text.lower()


async def test_connections_are_kept_between_requests(start: Open) -> None:
    site = await start()
    reader, writer = await site.connect()
    for _ in range(3):
        writer.write(get("/small", close=False))
        assert b"small" in await reader.readuntil(b"small")
    assert await site.end() < 1
    assert await answer(reader) == b""


@pytest.mark.parametrize(
    "request_",
    [
        b"GARBAGE\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET http://[ HTTP/1.1\r\nHost: x\r\n\r\n",
        b"CONNECT x HTTP/1.1\r\n\r\n",
    ],
)
async def test_what_is_not_a_request_is_refused_and_no_bug(start: Open, request_: bytes) -> None:
    site = await start()
    assert (await site.ask(request_)).startswith(b"HTTP/1.1 400 ")
    assert b"small" in await site.ask(get("/small"))


async def test_a_head_that_is_too_long_is_refused(start: Open) -> None:
    site = await start()
    reader, writer = await site.connect()
    writer.write(b"GET /small HTTP/1.1\r\n")
    line = b"X: " + b"x" * 1000 + b"\r\n"
    for _ in range(MAX_HEAD_BYTES // 1000 + 10):
        writer.write(line)
    assert (await answer(reader)).startswith(b"HTTP/1.1 431 ")


async def test_a_long_body_is_not_a_long_head(start: Open) -> None:
    site = await start()
    head = b"GET /small HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n"
    reader, writer = await site.begin(head, b"small")
    writer.write(b"x" * 1_000_000 + get("/small"))
    assert b"small" in await answer(reader)


@pytest.mark.parametrize("begin", [b"", b"GET /small HT"])
async def test_a_client_that_does_not_ask_is_cut(start: Open, monkeypatch: pytest.MonkeyPatch, begin: bytes) -> None:
    monkeypatch.setattr(module, "REQUEST_TIMEOUT_SECONDS", 0.02)
    site = await start()
    assert await site.ask(begin) == b""


async def test_a_second_request_that_does_not_end_is_cut(start: Open) -> None:
    site = await start()
    reader, writer = await site.begin(get("/small", close=False), b"small")
    writer.write(b"GET /small HT")
    (one,) = site.server.server_state.connections
    assert isinstance(one, module.Protocol)
    await until(lambda: one._arriving is not None)
    pass_seconds(REQUEST_TIMEOUT_SECONDS)
    assert await answer(reader) == b""


@pytest.mark.parametrize("close", [True, False])
async def test_a_client_that_does_not_read_its_answer_is_cut(
    start: Open, monkeypatch: pytest.MonkeyPatch, close: bool
) -> None:
    monkeypatch.setattr(module, "KEEP_ALIVE_SECONDS", 0.05)
    site = await start()
    _, writer = await site.connect()
    writer.write(get("/big", close=close))
    await until(lambda: site.server.server_state.total_requests)
    await until(lambda: not site.server.server_state.connections)


async def test_the_end_lets_an_answer_on_its_way_arrive(start: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    assert GRACE_SECONDS > 0.4
    monkeypatch.setattr("exporter.web.server.GRACE_SECONDS", 20.0)  # else a moment's rest of the machine uses it up
    site = await start()
    reader, writer = await site.connect()
    writer.write(get("/slow"))
    await site.entered.wait()
    asyncio.get_running_loop().call_later(0.15, site.go_on.set)
    assert await site.end() < 1
    assert (await answer(reader)).endswith(b"slow")


async def test_the_end_waits_neither_for_a_page_that_hangs_nor_for_a_client_that_does_not_read(start: Open) -> None:
    tasks = asyncio.all_tasks()
    site = await start()
    for path in ("/slow", "/big"):
        _, writer = await site.connect()
        writer.write(get(path))
    await site.entered.wait()
    assert await site.end() < 1
    assert asyncio.all_tasks() == tasks
    assert site.server.server_state.connections == set()


async def test_cancelled_it_cuts_every_connection(start: Open) -> None:
    site = await start()
    reader, writer = await site.connect()
    writer.write(get("/slow"))
    await site.entered.wait()
    site.task.cancel()
    assert await answer(reader) == b""
    with pytest.raises(asyncio.CancelledError):
        await site.task


async def test_a_bug_is_logged_with_its_traceback_and_no_header(start: Open, caplog: pytest.LogCaptureFixture) -> None:
    site = await start()
    text = await site.ask(get("/broken", "Authorization: Basic c2VjcmV0"))
    assert text.startswith(b"HTTP/1.1 500 ")
    (record,) = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert record.exc_info is not None
    assert record.exc_info[0] is ZeroDivisionError
    assert "c2VjcmV0" not in caplog.text


async def idle(site: Site, size: int) -> list[Stream]:
    """Return connections that asked once, were answered, and are kept."""
    return [await site.begin(get("/small", close=False), b"small") for _ in range(size)]


async def test_connections_that_are_idle_keep_nobody_out_and_the_oldest_of_them_goes(start: Open) -> None:
    site = await start(max_connections=6)
    streams = await idle(site, 5)
    for _ in range(3):
        assert b"200 OK" in await site.ask(get("/small"))
    assert await answer(streams[0][0]) == b"", "with the sixth, the oldest one went; the sixth itself had ended since"
    reader, writer = streams[1]
    writer.write(get("/small"))
    assert b"200 OK" in await answer(reader)


async def test_many_idle_connections_and_those_that_never_ask_give_way_to_each_request(start: Open) -> None:
    site = await start(max_connections=20)
    await idle(site, 60)
    for _ in range(40):
        await site.connect()
    for _ in range(25):
        assert b"200 OK" in await site.ask(get("/small"))
    assert len(site.server.server_state.connections) <= 20


async def test_requests_that_are_being_served_are_not_cut_and_the_next_one_is_refused(start: Open) -> None:
    site = await start(max_connections=4)
    streams = [await site.connect() for _ in range(3)]
    for _, writer in streams:
        writer.write(get("/slow"))
    await until(lambda: len(site.server.server_state.tasks) == 3)
    refusal = await site.ask(get("/small"))
    assert refusal.startswith(b"HTTP/1.1 503 ")
    for header in (b"retry-after: 1", b"connection: close", b"cache-control: no-store"):
        assert b"\r\n%s\r\n" % header in refusal
    site.go_on.set()
    for reader, _ in streams:
        assert (await answer(reader)).endswith(b"slow")
    assert b"200 OK" in await site.ask(get("/small"))


async def test_one_that_waits_behind_another_request_of_its_connection_is_not_idle(start: Open) -> None:
    site = await start(max_connections=2)
    reader, writer = await site.connect()
    writer.write(get("/small", close=False) + get("/slow"))
    await site.entered.wait()
    assert (await site.ask(get("/small"))).startswith(b"HTTP/1.1 503 ")
    site.go_on.set()
    assert (await answer(reader)).endswith(b"slow")


@pytest.mark.parametrize("cancel", [True, False])
async def test_a_request_that_the_end_cuts_is_no_bug(
    start: Open, caplog: pytest.LogCaptureFixture, cancel: bool
) -> None:
    site = await start()
    for path in ("/slow", "/half"):
        _, writer = await site.connect()
        writer.write(get(path))
    await until(lambda: len(site.server.server_state.tasks) == 2)
    tasks = set(site.server.server_state.tasks)
    await asyncio.sleep(0.01)
    if cancel:
        site.task.cancel()
        await asyncio.wait((site.task,))
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
    else:
        await site.end()
    assert all(task.done() for task in tasks)
    assert [record.message for record in caplog.records if record.levelno >= logging.WARNING] == []
