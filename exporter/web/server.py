"""The HTTP server: uvicorn, kept from doing more than to serve.

Signals, logs and the app's life are the daemon's own. What a client may cost is bounded: how many connections there
are, of which idle ones give way to new ones, how long the head of a request may be and how long it may take, how slowly
an answer may be read, and how long the end waits for all that.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator, Sequence
from socket import socket

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.config import Config

from exporter.config.web.access import Tls
from exporter.errors import Refusal
from exporter.web import protocol
from exporter.web.entrance import Entrance
from exporter.web.protocol import Protocol, cut_idlest

MAX_CONNECTIONS = 512
"""With so many, the one that is idle for longest is closed. A request is refused when none of the others is idle."""
GRACE_SECONDS = 0.5
"""How long the end waits for answers that are on their way; the rest of the second is for everything else."""


class Server(uvicorn.Server):
    """A uvicorn that leaves the signals alone, lets connections in through an entrance of ours, and ends in time."""

    def __init__(self, config: Config, *, tls: Callable[[], Tls | None], refused: Callable[[Refusal], None]) -> None:
        """Serve what *config* says, behind *tls*, asked for at each connection; *refused* is told of who is not."""
        super().__init__(config)
        config.load()

        def connection(allowed_sans: frozenset[str]) -> Protocol:
            return Protocol(
                config=config,
                server_state=self.server_state,
                app_state={},
                allowed_sans=allowed_sans,
                refused=refused,
            )

        self._entrance = Entrance(
            connection,
            tls=tls,
            refused=lambda: refused(Refusal.TLS),
            make_room=lambda: cut_idlest(self.server_state.connections),
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


def _untold(_: Refusal) -> None:
    return None


def create_server(
    app: ASGIApp,
    *,
    max_connections: int = MAX_CONNECTIONS,
    tls: Callable[[], Tls | None] = _open,
    refused: Callable[[Refusal], None] = _untold,
) -> Server:
    """Return the server of *app*, to be run with `serve(server, [...])` and ended with `should_exit = True`.

    *tls* is asked for at each connection, *refused* told of each that is ended, and of each request that is none.
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
            timeout_keep_alive=protocol.KEEP_ALIVE_SECONDS,
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
