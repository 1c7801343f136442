from __future__ import annotations

import asyncio
import errno
import socket
import ssl

import pytest

from exporter.web import entrance as module
from tests.certificates import authority, oddly_named
from tests.loops import LIMIT_SECONDS, until
from tests.web.secure_sites import REQUEST, SecureSite


async def test_tls_is_that_of_the_moment_and_may_come_and_go(site: SecureSite) -> None:
    assert b"200 OK" in await site.ask(site.client())
    old, other = site.client(), authority(site.ours.folder / "other")
    site.tls = SecureSite(other, None).named()
    assert await site.ask(old) == b""
    assert b"200 OK" in await site.ask(SecureSite(other, None).client())
    site.tls = None
    assert b"200 OK" in await site.ask()
    assert site.refused == 1


async def test_who_came_in_before_has_to_come_again(site: SecureSite) -> None:
    reader = await site.connect(site.client())
    site.writers[-1].write(REQUEST)
    assert b"200 OK" in await reader.readuntil(b"inside")
    site.server.part_with_all()
    assert await reader.read() == b""


async def test_a_name_has_to_be_allowed_and_nothing_is_served_without_it(site: SecureSite) -> None:
    site.tls = site.named("prometheus.example")
    assert b"200 OK" in await site.ask(site.client("prometheus.example"))
    assert await site.ask(site.client("other.example")) == b""
    assert await site.ask(site.client()) == b""
    await until(lambda: site.refused == 2)
    assert site.server.server_state.total_requests == 1


@pytest.mark.parametrize(
    "names",
    [
        b"\x82\x03a\xffb",
        b"\x81\x03\xff@x",
        b"\x86\x01\xff",
        b"\x87\x03\x01\x02\x03",
        b"\x82\x03a\0b",
        b"\x88\x02\x2a\x03",
    ],
)
async def test_a_certificate_with_names_that_are_no_text_lets_nobody_in_and_ends_nothing(
    site: SecureSite, names: bytes
) -> None:
    site.tls = site.named("prometheus.example")
    client = site.client()
    oddly_named(site.ours, names).configure_cert(client)
    assert await site.ask(client) == b""
    await until(lambda: site.refused == 1)
    assert b"200 OK" in await site.ask(site.client("prometheus.example"))


async def test_a_handshake_that_began_before_a_change_does_not_end_after_it(site: SecureSite) -> None:
    raw = await asyncio.get_running_loop().run_in_executor(None, socket.create_connection, ("127.0.0.1", site.port), 60)
    await until(lambda: len(site.server._entrance._under_way) == 1)
    site.tls = SecureSite(authority(site.ours.folder / "other"), None).named()
    site.server.part_with_all()
    with pytest.raises((ssl.SSLError, ConnectionError)):
        await asyncio.to_thread(site.client().wrap_socket, raw, server_hostname="exporter")
    raw.close()
    await until(lambda: not site.server._entrance._under_way)
    assert site.server.server_state.total_requests == 0


async def test_handshakes_that_do_not_end_are_cut(site: SecureSite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HANDSHAKE_SECONDS", 0.05)
    assert await (await site.connect()).read() == b""
    assert site.refused == 1


async def test_of_many_handshakes_the_oldest_gives_way_and_a_good_one_comes_in(
    site: SecureSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_HANDSHAKES", 5)
    silent = [await site.connect() for _ in range(20)]
    await until(lambda: len(site.server._entrance._under_way) == 5)
    assert [await reader.read() for reader in silent[:15]] == [b""] * 15
    assert b"200 OK" in await site.ask(site.client())


async def test_many_handshakes_from_one_address_cut_none_from_another(
    site: SecureSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_HANDSHAKES", 6)
    slow = [await site.connect(host=host) for host in ("127.0.0.3", "127.0.0.4")]
    first = site.writers[:2]
    crowd = [await site.connect(host="127.0.0.2") for _ in range(20)]
    await until(lambda: len(site.server._entrance._under_way) == 6)
    assert [await reader.read() for reader in crowd[:16]] == [b""] * 16
    for reader, writer in zip(slow, first, strict=True):
        async with asyncio.timeout(LIMIT_SECONDS):
            await writer.start_tls(site.client(), server_hostname="exporter")
            writer.write(REQUEST)
            assert b"200 OK" in await reader.readuntil(b"inside")


async def test_the_end_cuts_handshakes_too_and_leaves_nothing_open(
    site: SecureSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "HANDSHAKE_SECONDS", 600.0)
    for _ in range(10):
        await site.connect()
    await until(lambda: len(site.server._entrance._under_way) == 10)
    site.server.should_exit = True
    async with asyncio.timeout(LIMIT_SECONDS):
        await site.task
    with pytest.raises(ConnectionRefusedError):
        await site.connect()


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ECONNABORTED, errno.EHOSTDOWN, errno.EOPNOTSUPP, None])
async def test_a_shortage_and_a_client_that_is_gone_end_nothing(
    site: SecureSite, monkeypatch: pytest.MonkeyPatch, number: int | None
) -> None:
    monkeypatch.setattr(module, "SHORTAGE_PAUSE_SECONDS", 0.01)
    loop = asyncio.get_running_loop()
    failures = [MemoryError() if number is None else OSError(number, "no") for _ in range(3)]
    accept = loop.sock_accept

    async def failing(listener: socket.socket) -> object:
        if failures:
            raise failures.pop()
        return await accept(listener)

    monkeypatch.setattr(loop, "sock_accept", failing)
    await site.ask(site.client())  # wakes the accept that waits already, and may be the one that gives way
    await until(lambda: not failures)
    assert b"200 OK" in await site.ask(site.client())


async def test_a_handshake_without_memory_is_cut_and_counted_and_the_next_one_comes_in(
    site: SecureSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def failing(*_: object, **__: object) -> object:
        raise MemoryError

    with monkeypatch.context() as patched:
        patched.setattr(asyncio.get_running_loop(), "connect_accepted_socket", failing)
        assert await site.ask(site.client()) == b""
    assert site.refused == 1
    assert b"200 OK" in await site.ask(site.client())


async def test_a_network_that_stays_down_is_asked_with_pauses(
    site: SecureSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop, asked = asyncio.get_running_loop(), 0
    accept = loop.sock_accept

    async def failing(listener: socket.socket) -> object:
        nonlocal asked
        asked += 1
        raise OSError(errno.ENETDOWN, "down")

    monkeypatch.setattr(loop, "sock_accept", failing)
    monkeypatch.setattr(module, "GONE_PAUSE_SECONDS", 0.05)
    await site.ask(site.client())
    await asyncio.sleep(0.2)
    assert 1 <= asked <= 6
    monkeypatch.setattr(loop, "sock_accept", accept)
    assert b"200 OK" in await site.ask(site.client())


async def test_any_other_failure_to_accept_ends_the_server(site: SecureSite, monkeypatch: pytest.MonkeyPatch) -> None:
    async def failing(_: socket.socket) -> object:
        raise OSError(errno.EBADF, "a bug")

    monkeypatch.setattr(asyncio.get_running_loop(), "sock_accept", failing)
    await site.ask(site.client())
    async with asyncio.timeout(LIMIT_SECONDS):
        await asyncio.wait((site.task,))
    assert site.task.exception() is not None
