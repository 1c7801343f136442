"""A server behind TLS, which may change, and clients of it."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from exporter.config.web.access import Tls
from exporter.web.listen import open_sockets
from exporter.web.server import Server, create_server, serve
from tests.certificates import Authority, authority
from tests.loops import LIMIT_SECONDS

REQUEST = b"GET / HTTP/1.1\r\nHost: exporter\r\n\r\n"


@dataclass
class SecureSite:
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
        async with asyncio.timeout(LIMIT_SECONDS):
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


@contextlib.asynccontextmanager
async def secure_site(folder: Path) -> AsyncIterator[SecureSite]:
    """Have a server at work whose authority keeps its files in *folder*; it ends with its clients."""
    site = SecureSite(authority(folder), None)
    site.tls = site.named()
    site.open()
    try:
        yield site
    finally:
        for writer in site.writers:
            writer.transport.abort()
        site.task.cancel()
        await asyncio.wait((site.task,))
