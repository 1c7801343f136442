"""Connections from the listening sockets to the protocol that serves them, through TLS where there is any.

TLS is that of the moment a connection comes, so that a new certificate needs no new listener. Of handshakes only so
many are under way at once, and only for so long; the oldest of the place that has most of them gives way, so that who
begins handshakes from one address cuts nobody's at another. The protocol sees a connection when it is done.
"""

from __future__ import annotations

import asyncio
import errno
import socket
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack

from exporter.config.web.access import Tls
from exporter.web.alerts import alerting
from exporter.web.place import place_of

MAX_HANDSHAKES = 128
HANDSHAKE_SECONDS = 10.0
GOODBYE_SECONDS = 5.0
"""How long the other side may take to end TLS in good form."""
SHORTAGE_PAUSE_SECONDS = 0.1
GONE_PAUSE_SECONDS = 0.01
"""So that others have their turn while the network is down."""

_SHORTAGE = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
_GONE = frozenset(
    getattr(errno, name)
    for name in (
        *("ECONNABORTED", "EPERM", "EPROTO", "ENETDOWN", "EHOSTUNREACH", "ENETUNREACH"),
        *("ENOPROTOOPT", "EHOSTDOWN", "ENONET", "EOPNOTSUPP"),
    )
    if hasattr(errno, name)
)
"""What befell the one who was coming, as accept(2) lists it: the next one may do better."""


class Entrance:
    """Lets connections in and makes a *protocol* for each, told of which names a client's certificate has to have one.

    *tls* is asked for at each connection; *refused* is told when TLS ends one; *make_room* cuts an idle connection when
    the process is out of descriptors.
    """

    def __init__(
        self,
        protocol: Callable[[frozenset[str]], asyncio.Protocol],
        *,
        tls: Callable[[], Tls | None],
        refused: Callable[[], None],
        make_room: Callable[[], None],
    ) -> None:
        """Begin with nobody under way."""
        self._protocol = protocol
        self._tls = tls
        self._refused = refused
        self._make_room = make_room
        self._under_way: dict[asyncio.Task[None], str] = {}

    async def accept(self, listener: socket.socket) -> None:
        """Let in whoever comes to *listener*, until cancelled; who is under way then is cut."""
        loop = asyncio.get_running_loop()
        listener.setblocking(False)
        async with asyncio.TaskGroup() as group:
            while True:
                try:
                    connection, address = await loop.sock_accept(listener)
                except (OSError, MemoryError) as error:
                    await self._wait_after(error)
                    continue
                task = group.create_task(self._let_in(connection))
                self._under_way[task] = place_of(address[0])
                task.add_done_callback(self._under_way.pop)
                if len(self._under_way) > MAX_HANDSHAKES:
                    self._cut_one()
                await asyncio.sleep(0)  # who waits already is accepted at once, and others have to have their turn

    async def _wait_after(self, error: OSError | MemoryError) -> None:
        if isinstance(error, MemoryError) or error.errno in _SHORTAGE:
            self._cut_one()
            self._make_room()
            await asyncio.sleep(SHORTAGE_PAUSE_SECONDS)
        elif error.errno in _GONE:
            await asyncio.sleep(GONE_PAUSE_SECONDS)
        else:
            raise error

    def part_with_all(self) -> None:
        """Cut who is under way: what he is secured with is that of the moment he came."""
        for task in self._under_way:
            task.cancel()

    def _cut_one(self) -> None:
        """Cut the oldest handshake of the place that has most of them."""
        places = {task: place for task, place in self._under_way.items() if not task.cancelling()}
        counts = Counter(places.values())
        oldest = max(places, key=lambda task: counts[places[task]], default=None)
        if oldest is not None:
            oldest.cancel()

    async def _let_in(self, connection: socket.socket) -> None:
        loop, tls = asyncio.get_running_loop(), self._tls()
        refusal = ExitStack()  # closed when it fails and again when it ends, it counts once
        refusal.callback(self._refused)
        try:
            if tls is None:
                await loop.connect_accepted_socket(lambda: self._protocol(frozenset()), connection)
            else:
                async with alerting(tls.context, refusal.close):
                    await loop.connect_accepted_socket(
                        lambda: self._protocol(tls.allowed_sans),
                        connection,
                        ssl=tls.context,
                        ssl_handshake_timeout=HANDSHAKE_SECONDS,
                        ssl_shutdown_timeout=GOODBYE_SECONDS,
                    )
        except (OSError, ValueError, MemoryError):  # of a certificate that cannot be read, ssl says UnicodeDecodeError
            connection.close()
            refusal.close()
