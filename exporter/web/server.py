"""The HTTP server: uvicorn, kept from doing more than to serve.

Signals, logs and the app's life are the daemon's own. What a client may cost is bounded: how many connections there
are, of which idle ones give way to new ones, how long the head of a request may be and how long it may take, how slowly
an answer may be read, and how long the end waits for all that.
"""

from __future__ import annotations

import asyncio
import contextlib
from asyncio.events import TimerHandle
from collections.abc import Callable, Iterable, Iterator, Sequence
from operator import itemgetter
from socket import socket
from typing import Any

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from exporter.config.web.access import Tls
from exporter.config.web.sans import sans_of
from exporter.web.entrance import Entrance

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
    """One connection, with a limit on the size of a request's head and on the time it takes to come.

    With *allowed_sans*, one of them has to be in the client's certificate.
    """

    idle_since: float | None = None
    """Since when no request is being served, by the loop's clock; None while one is."""
    _head_open = True
    _head_bytes = 0
    _timer: TimerHandle | None = None
    _barred = False

    def __init__(
        self, *args: Any, allowed_sans: frozenset[str] = frozenset(), refused: Callable[[], None], **others: Any
    ) -> None:
        """Serve as the base class does; *refused* is told when the client's certificate is not one of those."""
        super().__init__(*args, **others)
        self._allowed_sans = allowed_sans
        self._refused = refused

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in the base class
        """Begin to wait for the first request; when there are too many connections, end one."""
        super().connection_made(transport)
        if self._allowed_sans and not self._allowed_sans & sans_of(transport.get_extra_info("peercert")):
            self._barred = True
            self._refused()
            transport.abort()
            return
        self.idle_since = self.loop.time()
        self._expect_head()
        limit = self.config.limit_concurrency
        if limit is not None and len(self.connections) >= limit:
            cut_idlest(each for each in self.connections if each is not self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the timer with the connection."""
        self._stop_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Count what comes before the head is complete, and let it through while it is little enough."""
        if self._barred:
            return
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

    def _expect_head(self) -> None:
        self._timer = self.loop.call_later(REQUEST_TIMEOUT_SECONDS, self.transport.abort)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def cut_idlest(connections: Iterable[object]) -> None:
    """Cut the one of *connections* that is idle for longest, if any is."""
    others = (each for each in connections if isinstance(each, Protocol))
    idle = [(each.idle_since, each) for each in others if each.idle_since is not None]
    if idle:
        _, oldest = min(idle, key=itemgetter(0))
        oldest.connections.discard(oldest)
        oldest.transport.abort()


class Server(uvicorn.Server):
    """A uvicorn that leaves the signals alone, lets connections in through an entrance of ours, and ends in time."""

    def __init__(self, config: Config, *, tls: Callable[[], Tls | None], refused: Callable[[], None]) -> None:
        """Serve what *config* says, behind *tls*, asked for at each connection; *refused* is told of failures of it."""
        super().__init__(config)
        config.load()

        def protocol(allowed_sans: frozenset[str]) -> Protocol:
            return Protocol(
                config=config,
                server_state=self.server_state,
                app_state={},
                allowed_sans=allowed_sans,
                refused=refused,
            )

        self._entrance = Entrance(
            protocol, tls=tls, refused=refused, make_room=lambda: cut_idlest(self.server_state.connections)
        )
        self._accepting: dict[asyncio.Task[None], socket] = {}

    async def serve_at(self, listeners: Sequence[socket]) -> None:
        """Serve whoever comes to *listeners* until `should_exit`."""
        async with asyncio.TaskGroup() as group:
            for listener in listeners:
                self._accepting[group.create_task(self._entrance.accept(listener))] = listener
            await self.serve(sockets=[])

    def part_with_all(self) -> None:
        """Close every connection, where a request is being served after its answer: who came in has to come again."""
        self._entrance.part_with_all()
        for connection in list(self.server_state.connections):
            connection.shutdown()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none: the daemon has its own, and tells the server with `should_exit`."""
        yield

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        """Close the listeners, wait a moment for answers on their way, then cut what is left."""
        for task in self._accepting:
            task.cancel()
        if self._accepting:
            await asyncio.wait(self._accepting)
        for listener in self._accepting.values():
            listener.close()
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


def _open() -> None:
    return None


def create_server(
    app: ASGIApp,
    *,
    max_connections: int = MAX_CONNECTIONS,
    tls: Callable[[], Tls | None] = _open,
    refused: Callable[[], None] = _open,
) -> Server:
    """Return the server of *app*, to be run with `serve(server, [...])` and ended with `should_exit = True`.

    *tls* is asked for at each connection, *refused* told of each that TLS ends.
    """
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
        ),
        tls=tls,
        refused=refused,
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
        await server.serve_at(listeners)
    finally:
        for listener in listeners:
            listener.close()
        for connection in list(server.server_state.connections):
            connection.transport.abort()
