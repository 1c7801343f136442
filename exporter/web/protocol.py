"""One connection of the HTTP server: uvicorn's, with a limit on everything that a client can make it cost.

No page reads a body, so bodies are dropped as they come. What is no request is counted, never logged: a stranger must
not be able to fill a disk.
"""

from __future__ import annotations

import asyncio
import http
import math
import sys
from asyncio.events import TimerHandle
from collections import Counter
from collections.abc import Callable, Iterable
from operator import itemgetter
from typing import Any

import httptools
from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from exporter.config.web.sans import sans_of
from exporter.errors import Refusal
from exporter.web.place import place_of
from exporter.web.plain import come_again
from exporter.web.slices import in_slices

MAX_HEAD_BYTES = 64 * 1024
MAX_HEADERS = 100
"""Each costs some 150 bytes, however short it is."""
MAX_BODY_BYTES = 1024 * 1024
MAX_PIPELINED = 16
"""How many requests may wait behind the one that is being answered."""
REQUEST_TIMEOUT_SECONDS = 10.0
"""How long a request may take to arrive, its body included, the first one from the connection on."""
TLS_SLICE_BYTES = 64 * 1024
"""How much is encrypted at once; smaller ones take longer."""
MAX_UNREAD_BYTES = 32 * 1024 * 1024
"""How much of answers may wait, all together, for clients that do not read; the one who waits longest gives way.

Of a connection through TLS up to 128 KiB more wait unseen, encrypted: below TLS the event loop takes whatever comes up
to 64 KiB, and then one slice.
"""
MIN_READERS = 4
"""So many may wait however large the answers are."""
_TLS_RECORD = b"\x16\x03"
"""How TLS begins. The health check, on the same machine, tries it first, and nobody is refused by that."""
KEEP_ALIVE_SECONDS = 75
"""Longer than the usual scrape interval, so that Prometheus keeps its connection. An answer has as long to be read."""
_CROWDED = come_again("Too many connections.\n", {"connection": "close"})


class Protocol(HttpToolsProtocol):
    """One connection. With *allowed_sans*, one of them has to be in the client's certificate."""

    idle_since: float | None = None
    """Since when the client is waited for, to ask or to read, by the loop's clock; None while it waits for us."""
    _serving: RequestResponseCycle | None = None
    _answer_bytes = 0
    _deaf = False
    _head_open = True
    _bytes = 0
    _wrong = http.HTTPStatus.BAD_REQUEST
    _arriving: TimerHandle | None = None
    _unread: TimerHandle | None = None

    def __init__(
        self,
        *args: Any,
        allowed_sans: frozenset[str] = frozenset(),
        refused: Callable[[Refusal], None],
        **others: Any,
    ) -> None:
        """Serve as the base class does; *refused* is told of whoever is not."""
        super().__init__(*args, **others)
        self._allowed_sans = allowed_sans
        self._refused = refused
        self._max_connections = self.limit_concurrency
        self.limit_concurrency = None  # else the base class would log each request beyond it

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in the base class
        """Begin to wait for the first request; when there are too many connections, end one."""
        super().connection_made(transport)
        transport.set_write_buffer_limits(high=1)  # whatever waits for its reader: a page is held for its last byte
        if self._allowed_sans and not self._allowed_sans & sans_of(transport.get_extra_info("peercert")):
            self._deaf = True
            self._refused(Refusal.TLS)
            transport.abort()
            return
        self.idle_since = self.loop.time()
        self._expect_request()
        limit = self._max_connections
        if limit is not None and len(self.connections) >= limit:
            cut_idlest(each for each in self.connections if each is not self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget all timers and requests: what lives on for its timer holds memory that nobody pays for."""
        for timer in (self._arriving, self._unread):
            if timer is not None:
                timer.cancel()
        self.pipeline.clear()
        if self._serving is not None:
            self._serving.disconnected = True
            self._serving.message_event.set()
        super().connection_lost(exc)
        self._unset_keepalive_if_required()

    def data_received(self, data: bytes) -> None:
        """Let *data* through while it is little enough."""
        if self._deaf:
            return
        self._unset_keepalive_if_required()
        if self._arriving is None:
            self._expect_request()
        self._bytes += len(data)
        if self._bytes > (MAX_HEAD_BYTES if self._head_open else MAX_BODY_BYTES):
            self._refuse(_too_large(head=self._head_open))
            return
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:  # answered as if it did not ask for another protocol
            self._deaf = True
            self.cycle.keep_alive = False
        except httptools.HttpParserError:
            self._refuse(self._wrong, told=not (data.startswith(_TLS_RECORD) and self._comes_from_here()))

    def on_message_begin(self) -> None:
        """Expect the rest of a request, also where it began behind another one."""
        super().on_message_begin()
        if self._arriving is None:
            self._expect_request()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header of the head, and no other."""
        if not self._head_open:
            return
        if len(self.headers) >= MAX_HEADERS:
            self._wrong = http.HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
            raise ValueError("too many headers")
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Serve the request, or tell the client to come again when there are too many."""
        if len(self.pipeline) >= MAX_PIPELINED:
            raise ValueError("too many requests ahead of their answers")
        limit = self._max_connections
        crowded = limit is not None and max(len(self.connections), len(self.tasks)) >= limit
        if crowded:
            self._refused(Refusal.CROWD)
        self.app = _CROWDED if crowded else self.config.loaded_app
        if not self.flow.write_paused:  # else it still does not read what it asked for before
            self.idle_since = None
        super().on_headers_complete()
        self._head_open = False
        self._bytes = 0

    def on_body(self, body: bytes) -> None:
        """Drop it."""

    def on_message_complete(self) -> None:
        """Expect the next request, whenever it comes."""
        super().on_message_complete()
        self._head_open = True
        self._bytes = 0
        if self._arriving is not None:
            self._arriving.cancel()
            self._arriving = None

    def on_response_complete(self) -> None:
        """Let go of the request, and give a client that reads slowly its time."""
        if self._serving is not None:
            if self._serving is self.cycle and self.scope is self._serving.scope:
                self.headers, self.url = [], b""
            self._serving.scope.clear()  # type: ignore[attr-defined]  # a dict all the same
            self._serving = None
        self.idle_since = None if self.pipeline and not self.flow.write_paused else self.loop.time()
        super().on_response_complete()
        if self.transport.is_closing():
            self._expect_reader()
        elif not self.flow.write_paused:
            self._expect_no_reader()

    def pause_writing(self) -> None:
        """Wait for a client that does not read, for a while, or until another one needs its place."""
        super().pause_writing()
        self.idle_since = self.loop.time()
        self._expect_reader()
        cut_unread(self.connections)

    def resume_writing(self) -> None:
        """Go on: the client has read."""
        super().resume_writing()
        if self._serving is not None:
            self.idle_since = None
        elif not self.transport.is_closing():
            self._expect_no_reader()

    @property
    def unread_bytes(self) -> int:
        """The length of the answer, all of which is held while some of it waits for its reader; 0 where none does."""
        return self._answer_bytes if self.flow.write_paused else 0

    @property
    def place(self) -> str:
        """Where the client is, as far as that is one; empty where that is not known."""
        return place_of(self.client[0]) if self.client is not None else ""

    def give_way(self) -> None:
        """End the connection at once."""
        self.connections.discard(self)
        self.transport.abort()

    def timeout_keep_alive_handler(self) -> None:
        """Cut a connection that is idle, or whose answer still has not been read."""
        self.transport.abort()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._serving = cycle
        self._answer_bytes = self.unread_bytes  # of the one before

        def begins(length: int) -> None:
            if cycle.scope["method"] != "HEAD":
                self._answer_bytes += length
            if self.flow.write_paused:
                cut_unread(self.connections)

        most = TLS_SLICE_BYTES if self.scheme == "https" else sys.maxsize
        sliced = in_slices(app, most, begins=begins)  # type: ignore[arg-type]  # starlette's types say the same
        super()._start_asgi_task(cycle, sliced)  # type: ignore[arg-type]

    def _expect_request(self) -> None:
        self._arriving = self.loop.call_later(REQUEST_TIMEOUT_SECONDS, self.transport.abort)

    def _expect_reader(self) -> None:
        if self._unread is None:
            self._unread = self.loop.call_later(KEEP_ALIVE_SECONDS, self.transport.abort)

    def _expect_no_reader(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    def _comes_from_here(self) -> bool:
        return self.client is not None and self.server is not None and self.client[0] == self.server[0]

    def _refuse(self, status: http.HTTPStatus, *, told: bool = True) -> None:
        """End the connection, with *status* where it can only be taken for the answer to what was wrong."""
        if told:
            self._refused(Refusal.REQUEST)
        self._deaf = True
        begun = not self._head_open if self._serving is None else self._serving.response_started or self.pipeline
        if begun:
            self.transport.abort()
            return
        if self._serving is not None:
            self._serving.disconnected = True
        head = f"HTTP/1.1 {status.value} {status.phrase}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
        self.transport.write(head.encode())
        self.transport.close()


def cut_idlest(connections: Iterable[object]) -> None:
    """Cut the one of *connections* that is idle for longest, if any is."""
    others = (each for each in connections if isinstance(each, Protocol))
    idle = [(each.idle_since, each) for each in others if each.idle_since is not None]
    if idle:
        _, oldest = min(idle, key=itemgetter(0))
        oldest.give_way()


def cut_unread(connections: Iterable[object]) -> None:
    """Cut those of *connections* whose readers are waited for longest, until the answers of the others are few enough.

    Those of the place that holds most: who opens many from one address has nobody cut at another.

    Answers may be the same object, but each may be another one, as the page changes or is made for one request.
    """
    unread = [each for each in connections if isinstance(each, Protocol) and each.unread_bytes > 0]
    held = Counter[str]()
    for each in unread:
        held[each.place] += each.unread_bytes
    unread.sort(key=lambda each: math.inf if each.idle_since is None else each.idle_since)
    while held.total() > MAX_UNREAD_BYTES and len(unread) > MIN_READERS:
        (most, _), *_ = held.most_common(1)
        oldest = next(each for each in unread if each.place == most)
        unread.remove(oldest)
        held[most] -= oldest.unread_bytes
        oldest.give_way()


def _too_large(*, head: bool) -> http.HTTPStatus:
    return http.HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE if head else http.HTTPStatus.REQUEST_ENTITY_TOO_LARGE
