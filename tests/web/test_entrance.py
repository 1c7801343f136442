from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from exporter.config.web.access import Tls
from exporter.web import entrance as module
from exporter.web.listen import open_sockets
from exporter.web.server import Server, create_server, serve
from tests.certificates import Authority, authority, oddly_named
from tests.web.sites import until

REQUEST = b"GET / HTTP/1.1\r\nHost: exporter\r\n\r\n"


@dataclass
class Site:
    """A server whose `tls` may change, and what clients of it need."""

    ours: Authority
    tls: Tls | None
    refused: int = 0
    writers: list[asyncio.StreamWriter] = field(default_factory=list)

    def open(self) -> None:
        (listener,) = open_sockets(["127.0.0.1:0"])
        self.port = listener.getsockname()[1]

        async def page(_: Request) -> Response:
            return PlainTextResponse("inside")

        self.server: Server = create_server(
            Starlette(routes=[Route("/", page)]), tls=lambda: self.tls, refused=self.refuse, max_connections=50
        )
        self.task = asyncio.create_task(serve(self.server, [listener]))

    def refuse(self, _: object) -> None:
        self.refused += 1

    async def connect(self, context: ssl.SSLContext | None = None, *, host: str = "127.0.0.1") -> asyncio.StreamReader:
        """Connect from *host*, through TLS where a context is given, and return what can be read."""
        reader, writer = await asyncio.open_connection(
            *("127.0.0.1", self.port),
            ssl=context,
            server_hostname="exporter" if context else None,
            local_addr=(host, 0),
        )
        self.writers.append(writer)
        return reader

    async def ask(self, context: ssl.SSLContext | None = None) -> bytes:
        """Ask once on a connection of its own; empty when it was cut."""
        async with asyncio.timeout(20):
            with contextlib.suppress(ConnectionError, ssl.SSLError, EOFError):
                reader = await self.connect(context)
                self.writers[-1].write(REQUEST)
                return await reader.readuntil(b"inside")
        return b""

    def client(self, *identities: str) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.ours.ca.configure_trust(context)
        if identities:
            self.ours.ca.issue_cert(*identities).configure_cert(context)
        return context

    def named(self, *sans: str) -> Tls:
        """Return a server's TLS, with *sans* one that asks for certificates with one of these names."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.ours.ca.issue_cert("exporter").configure_cert(context)
        if sans:
            context.verify_mode = ssl.CERT_REQUIRED
            self.ours.ca.configure_trust(context)
        return Tls(context, b"", frozenset(sans))


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    site = Site(authority(tmp_path), None)
    site.tls = site.named()
    site.open()
    yield site
    for writer in site.writers:
        writer.transport.abort()
    site.task.cancel()
    await asyncio.wait((site.task,))


async def test_tls_is_that_of_the_moment_and_may_come_and_go(site: Site) -> None:
    assert b"200 OK" in await site.ask(site.client())
    old, other = site.client(), authority(site.ours.folder / "other")
    site.tls = Site(other, None).named()
    assert await site.ask(old) == b""
    assert b"200 OK" in await site.ask(Site(other, None).client())
    site.tls = None
    assert b"200 OK" in await site.ask()
    assert site.refused == 1


async def test_who_came_in_before_has_to_come_again(site: Site) -> None:
    reader = await site.connect(site.client())
    site.writers[-1].write(REQUEST)
    assert b"200 OK" in await reader.readuntil(b"inside")
    site.server.part_with_all()
    assert await reader.read() == b""


async def test_a_name_has_to_be_allowed_and_nothing_is_served_without_it(site: Site) -> None:
    site.tls = site.named("prometheus.example")
    assert b"200 OK" in await site.ask(site.client("prometheus.example"))
    assert await site.ask(site.client("other.example")) == b""
    assert await site.ask(site.client()) == b""
    assert site.refused == 2
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
    site: Site, names: bytes
) -> None:
    site.tls = site.named("prometheus.example")
    client = site.client()
    oddly_named(site.ours, names).configure_cert(client)
    assert await site.ask(client) == b""
    await until(lambda: site.refused == 1)
    assert b"200 OK" in await site.ask(site.client("prometheus.example"))


async def test_a_handshake_that_began_before_a_change_does_not_end_after_it(site: Site) -> None:
    raw = await asyncio.get_running_loop().run_in_executor(None, socket.create_connection, ("127.0.0.1", site.port), 5)
    await until(lambda: len(site.server._entrance._under_way) == 1)
    site.tls = Site(authority(site.ours.folder / "other"), None).named()
    site.server.part_with_all()
    with pytest.raises((ssl.SSLError, ConnectionError)):
        await asyncio.to_thread(site.client().wrap_socket, raw, server_hostname="exporter")
    raw.close()
    await until(lambda: not site.server._entrance._under_way)
    assert site.server.server_state.total_requests == 0


async def test_handshakes_that_do_not_end_are_cut(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HANDSHAKE_SECONDS", 0.05)
    assert await (await site.connect()).read() == b""
    assert site.refused == 1


async def test_of_many_handshakes_the_oldest_gives_way_and_a_good_one_comes_in(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_HANDSHAKES", 5)
    silent = [await site.connect() for _ in range(20)]
    await until(lambda: len(site.server._entrance._under_way) == 5)
    assert [await reader.read() for reader in silent[:15]] == [b""] * 15
    assert b"200 OK" in await site.ask(site.client())


async def test_many_handshakes_from_one_address_cut_none_from_another(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_HANDSHAKES", 6)
    slow = [await site.connect(host=host) for host in ("127.0.0.3", "127.0.0.4")]
    first = site.writers[:2]
    crowd = [await site.connect(host="127.0.0.2") for _ in range(20)]
    await until(lambda: len(site.server._entrance._under_way) == 6)
    assert [await reader.read() for reader in crowd[:16]] == [b""] * 16
    for reader, writer in zip(slow, first, strict=True):
        async with asyncio.timeout(20):
            await writer.start_tls(site.client(), server_hostname="exporter")
            writer.write(REQUEST)
            assert b"200 OK" in await reader.readuntil(b"inside")


@pytest.mark.parametrize("garbage", [b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x00\x05hello", b"\x00" * 600])
async def test_what_is_no_tls_is_cut_at_once(site: Site, garbage: bytes) -> None:
    reader = await site.connect()
    site.writers[-1].write(garbage)
    with contextlib.suppress(ConnectionError):
        assert b"HTTP" not in await asyncio.wait_for(reader.read(), 5)
    await until(lambda: site.refused == 1)


async def test_the_end_cuts_handshakes_too_and_leaves_nothing_open(site: Site) -> None:
    for _ in range(10):
        await site.connect()
    await until(lambda: len(site.server._entrance._under_way) == 10)
    site.server.should_exit = True
    async with asyncio.timeout(5):
        await site.task
    with pytest.raises(ConnectionRefusedError):
        await site.connect()


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ECONNABORTED, errno.EHOSTDOWN, errno.EOPNOTSUPP, None])
async def test_a_shortage_and_a_client_that_is_gone_end_nothing(
    site: Site, monkeypatch: pytest.MonkeyPatch, number: int | None
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
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def failing(*_: object, **__: object) -> object:
        raise MemoryError

    with monkeypatch.context() as patched:
        patched.setattr(asyncio.get_running_loop(), "connect_accepted_socket", failing)
        assert await site.ask(site.client()) == b""
    assert site.refused == 1
    assert b"200 OK" in await site.ask(site.client())


async def test_a_network_that_stays_down_is_asked_with_pauses(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
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


async def test_any_other_failure_to_accept_ends_the_server(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    async def failing(_: socket.socket) -> object:
        raise OSError(errno.EBADF, "a bug")

    monkeypatch.setattr(asyncio.get_running_loop(), "sock_accept", failing)
    await site.ask(site.client())
    async with asyncio.timeout(5):
        await asyncio.wait((site.task,))
    assert site.task.exception() is not None
