"""The HTTP server: uvicorn, kept from doing more than to serve.

Signals, logs and the app's life are the daemon's own. What a client may cost is bounded: how many connections there
are, of which idle ones give way to new ones, how long the head of a request may be and how long it may take, how slowly
an answer may be read, and how long the end waits for all that.
"""

from __future__ import annotations

import asyncio
import contextlib
from asyncio.events import TimerHandle
from collections.abc import Iterator, Sequence
from operator import itemgetter
from socket import socket

import uvicorn
from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_CONNECTIONS = 512
"""With so many, the one that is idle for longest is closed. A request is refused when none of the others is idle."""
MAX_HEAD_BYTES = 64 * 1024
REQUEST_TIMEOUT_SECONDS = 10.0
"""How long the headers of a request, the first one included, may take to arrive."""
KEEP_ALIVE_SECONDS = 75
"""Longer than the usual scrape interval, so that Prometheus keeps its connection."""
GRACE_SECONDS = 0.5
"""How long the end waits for answers that are on their way; the rest of the second is for everything else."""

_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


class Protocol(HttpToolsProtocol):
    """One connection, with a limit on the size of a request's head and on the time it takes to come."""

    idle_since: float | None = None
    """Since when no request is being served, by the loop's clock; None while one is."""
    _head_open = True
    _head_bytes = 0
    _timer: TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in the base class
        """Begin to wait for the first request; when there are too many connections, end one."""
        super().connection_made(transport)
        self.idle_since = self.loop.time()
        self._expect_head()
        limit = self.config.limit_concurrency
        if limit is not None and len(self.connections) >= limit:
            self._end_one()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the timer with the connection."""
        self._stop_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Count what comes before the head is complete, and let it through while it is little enough."""
        if self._head_open:
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD_BYTES:
                self.transport.write(_TOO_LARGE)
                self.transport.close()
                return
            if self._timer is None:
                self._expect_head()
        super().data_received(data)

    def on_headers_complete(self) -> None:
        """Stop to wait: the request is here."""
        self._head_open = False
        self.idle_since = None
        self._stop_timer()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Expect the next head, whenever it comes."""
        super().on_message_complete()
        self._head_open = True
        self._head_bytes = 0

    def on_response_complete(self) -> None:
        """Give a client that reads slowly its time, also where the connection ends with this answer."""
        self.idle_since = None if self.pipeline else self.loop.time()
        super().on_response_complete()
        if self.transport.is_closing():
            self._timer = self.loop.call_later(KEEP_ALIVE_SECONDS, self.transport.abort)

    def timeout_keep_alive_handler(self) -> None:
        """Cut a connection that is idle, or whose answer still has not been read."""
        self.transport.abort()

    def _end_one(self) -> None:
        """Cut the connection that is idle for longest, other than this one."""
        others = (each for each in self.connections if isinstance(each, Protocol) and each is not self)
        idle = [(each.idle_since, each) for each in others if each.idle_since is not None]
        if idle:
            _, oldest = min(idle, key=itemgetter(0))
            self.connections.discard(oldest)
            oldest.transport.abort()

    def _expect_head(self) -> None:
        self._timer = self.loop.call_later(REQUEST_TIMEOUT_SECONDS, self.transport.abort)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class Server(uvicorn.Server):
    """A uvicorn that leaves the signals alone and ends in time."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none: the daemon has its own, and tells the server with `should_exit`."""
        yield

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        """Close the listeners, wait a moment for answers on their way, then cut what is left."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GRACE_SECONDS):
                await super().shutdown(sockets)
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        if tasks := set(self.server_state.tasks):
            _, late = await asyncio.wait(tasks, timeout=GRACE_SECONDS / 5)
            for task in late:
                task.cancel()
            await asyncio.wait(tasks)


def create_server(app: Starlette, *, max_connections: int = MAX_CONNECTIONS) -> Server:
    """Return the server of *app*, to be run with `serve(sockets=[...])` and ended with `should_exit = True`."""
    return Server(
        Config(
            _ends_quietly(app),
            http=Protocol,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            limit_concurrency=max_connections,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
        )
    )


def _ends_quietly(app: ASGIApp) -> ASGIApp:
    """Return *app*, but that a request which is cancelled ends as if answered: it was cut, which is no bug to log."""

    async def ends(scope: Scope, receive: Receive, send: Send) -> None:
        with contextlib.suppress(asyncio.CancelledError):
            await app(scope, receive, send)

    return ends


async def serve(server: Server, listeners: Sequence[socket]) -> None:
    """Serve until told to end; when cancelled instead, cut every connection at once."""
    try:
        await server.serve(sockets=list(listeners))
    finally:
        for connection in list(server.server_state.connections):
            connection.transport.abort()
        for each in getattr(server, "servers", ()):
            each.close()
