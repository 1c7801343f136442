"""A server at work, whose pages are small, big, slow and broken, and clients of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from exporter.web.server import Server
from tests.loops import LIMIT_SECONDS, counted_seconds

Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]
BIG = 20_000_000
MANY = 100


@dataclass
class Site:
    """A server at work, whose pages are small, big, slow, and broken."""

    server: Server
    port: int
    task: asyncio.Task[None]
    entered: asyncio.Event
    go_on: asyncio.Event
    streams: list[Stream] = field(default_factory=list)

    async def connect(self, local: str = "127.0.0.1") -> Stream:
        """Connect from the address *local*."""
        self.streams.append(await asyncio.open_connection("127.0.0.1", self.port, local_addr=(local, 0)))
        return self.streams[-1]

    async def begin(self, request: bytes, seen: bytes = b"200 OK", *, local: str = "127.0.0.1") -> Stream:
        """Send *request* on a connection of its own and return that once *seen* came."""
        reader, writer = await self.connect(local)
        writer.write(request)
        await reader.readuntil(seen)
        return reader, writer

    async def ask(self, request: bytes) -> bytes:
        """Send *request* on a connection of its own and return all that comes until it ends."""
        reader, writer = await self.connect()
        writer.write(request)
        return await answer(reader)

    async def end(self) -> float:
        """End it and return how many seconds that took."""
        self.server.should_exit = True
        return await counted_seconds(self.task)


Open = Callable[..., Awaitable[Site]]


async def answer(reader: asyncio.StreamReader) -> bytes:
    try:
        return await asyncio.wait_for(reader.read(), LIMIT_SECONDS)
    except ConnectionResetError:
        return b""


def get(path: str, *headers: str, close: bool = True) -> bytes:
    lines = [f"GET {path} HTTP/1.1", "Host: exporter", *headers, *(["Connection: close"] if close else []), "", ""]
    return "\r\n".join(lines).encode()


async def _parts(_: Request) -> Response:
    return StreamingResponse(_two_parts(), headers={"content-length": str(BIG + 3)})


async def _two_parts() -> AsyncIterator[bytes]:
    yield b"x" * BIG
    yield b"end"


async def _many(_: Request) -> Response:
    async def parts() -> AsyncIterator[bytes]:
        for _ in range(MANY):
            yield b"x" * (BIG // MANY)

    return StreamingResponse(parts(), headers={"content-length": str(BIG)})


def app_of(entered: asyncio.Event, go_on: asyncio.Event) -> Starlette:
    """Return the pages; the slow one sets *entered*, and those that wait go on with *go_on*."""

    async def small(_: Request) -> Response:
        return PlainTextResponse("small")

    async def big(_: Request) -> Response:
        return Response(b"x" * BIG)

    async def slow(_: Request) -> Response:
        entered.set()
        await go_on.wait()
        return PlainTextResponse("slow")

    async def broken(_: Request) -> Response:
        raise ZeroDivisionError

    async def half(_: Request) -> Response:
        async def parts() -> AsyncIterator[bytes]:
            yield b"half"
            await go_on.wait()

        return StreamingResponse(parts())

    pages = {
        "/many": _many,
        "/parts": _parts,
        "/half": half,
        "/small": small,
        "/big": big,
        "/slow": slow,
        "/broken": broken,
    }
    return Starlette(routes=[Route(path, page) for path, page in pages.items()])
