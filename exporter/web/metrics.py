"""The metrics endpoint: which format and which coding a client wants, and the page in it."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Generator, Iterator, Sequence
from functools import lru_cache
from typing import Protocol

from starlette.datastructures import QueryParams
from starlette.types import Receive, Scope, Send

from exporter.errors import Refusal
from exporter.sources.turns import outcome_of
from exporter.web.plain import TEXT_HEADERS, come_again
from exporter.web.press import Press
from exporter.web.waiting import FullError, WaitingRoom, turn

TEXT = "text/plain; version=0.0.4; charset=utf-8"
MAX_CHOICES = 32
"""What a client accepts beyond so many kinds is not looked at: commas by the thousand would hold everybody up."""
OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
HEADERS_REMEMBERED = 8
"""Each scraper asks in the same way each time, and few are different from each other."""

MAX_FILTERS = 32
"""How many requests with `name[]` may be there before they are answered; Prometheus sends none unless told to."""

_HEADERS = (
    (b"vary", b"Accept, Accept-Encoding"),
    *((name.encode(), value.encode()) for name, value in TEXT_HEADERS.items()),
)
_TYPES = {False: TEXT.encode(), True: OPENMETRICS.encode()}

_BUSY = come_again("Too many wait for pages of their own.\n")


class Page(Protocol):
    """What makes the page: `exposition.Page`."""

    def kept(self, *, openmetrics: bool) -> bytes | None:
        """Return the first part of the whole page where it is kept and would be the same now."""
        ...

    def known_in_steps(self, *, openmetrics: bool, names: frozenset[str] | None) -> Generator[None, None, bytes]:
        """Return the first part, the same object until something in it changes; only *names* where not None.

        Between steps, each of a few milliseconds, others may be served.
        """
        ...

    def own(self, *, openmetrics: bool, names: frozenset[str] | None) -> tuple[bytes, bytes]:
        """Return the second part, kept like the first, and the third, which is short and changes each time."""
        ...


class Scrapes:
    """Answers scrapes of *page* from memory.

    What is kept waits for nobody. All else is made one at a time, so that a changed page is made once; of pages with
    `name[]`, which are made anew for each request, one from render to gzip, so that no crowd of them takes all the
    time there is. *refused* is told of those that find too many others waiting.
    """

    def __init__(self, page: Page, refused: Callable[[Refusal], None]) -> None:
        """Keep nothing yet."""
        self._page = page
        self._refused = refused
        self._presses = {False: Press(), True: Press()}
        self._making = asyncio.Lock()
        self._filtering = asyncio.Lock()
        self._filters = WaitingRoom(MAX_FILTERS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one scrape."""
        openmetrics = wants_openmetrics(_header(scope, b"accept"))
        gzip = wants_gzip(_header(scope, b"accept-encoding"))
        query = scope["query_string"]
        names = frozenset(name for name in QueryParams(query).getlist("name[]") if name) if query else frozenset()
        try:
            parts = await (
                self._filtered(names, receive, openmetrics=openmetrics, gzip=gzip)
                if names
                else self._whole(openmetrics=openmetrics, gzip=gzip)
            )
        except FullError:
            self._refused(Refusal.BUSY)
            await _BUSY(scope, receive, send)
            return
        headers = [*_HEADERS, (b"content-type", _TYPES[openmetrics]), (b"content-length", b"%d" % sum(map(len, parts)))]
        if gzip:
            headers.append((b"content-encoding", b"gzip"))
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        for part in parts[:-1]:  # they are not put together first: the copy would take longer than all the rest
            await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body", "body": parts[-1]})

    async def _whole(self, *, openmetrics: bool, gzip: bool) -> Sequence[bytes]:
        known = self._page.kept(openmetrics=openmetrics)
        if known is None:
            known = await self._known(openmetrics=openmetrics, names=None)
        return await self._coded(
            known, self._presses[openmetrics] if gzip else None, openmetrics=openmetrics, names=None
        )

    async def _filtered(
        self, names: frozenset[str], receive: Receive, *, openmetrics: bool, gzip: bool
    ) -> Sequence[bytes]:
        with self._filters.place(receive) as gone:
            async with turn(self._filtering, gone) as there:
                if not there:
                    return (b"",)
                known = await self._known(openmetrics=openmetrics, names=names)
                return await self._coded(known, Press() if gzip else None, openmetrics=openmetrics, names=names)

    async def _coded(
        self, known: bytes, press: Press | None, *, openmetrics: bool, names: frozenset[str] | None
    ) -> Sequence[bytes]:
        own, process = self._page.own(openmetrics=openmetrics, names=names)
        return (known, own + process) if press is None else await press.gzip_aside((known, own, process))

    async def _known(self, *, openmetrics: bool, names: frozenset[str] | None) -> bytes:
        async with self._making:
            return await outcome_of(self._page.known_in_steps(openmetrics=openmetrics, names=names))


def _header(scope: Scope, name: bytes) -> str:
    return b",".join([value for each, value in scope["headers"] if each == name]).decode("latin-1")


@lru_cache(maxsize=HEADERS_REMEMBERED)
def wants_openmetrics(accept: str) -> bool:
    """Return whether OpenMetrics 1.0 is at least as welcome as the text format.

    A wildcard asks for nothing in particular and gets text.
    """
    openmetrics = 0.0
    text = 0.0
    for kind, parameters, weight in _choices(accept):
        if kind == "application/openmetrics-text" and parameters.get("version", "1.0.0").split(".")[0] == "1":
            openmetrics = max(openmetrics, weight)
        elif kind == "text/plain":
            text = max(text, weight)
    return openmetrics > 0 and openmetrics >= text


@lru_cache(maxsize=HEADERS_REMEMBERED)
def wants_gzip(accept_encoding: str) -> bool:
    """Return whether gzip is accepted, by name or by wildcard, and not refused with `q=0`."""
    weights = {coding: weight for coding, _, weight in _choices(accept_encoding)}
    return weights.get("gzip", weights.get("*", 0.0)) > 0


def _choices(header: str) -> Iterator[tuple[str, dict[str, str], float]]:
    for choice in header.split(",", MAX_CHOICES)[:MAX_CHOICES]:
        name, *rest = (part.strip().lower() for part in choice.split(";", MAX_CHOICES)[:MAX_CHOICES])
        pairs = (part.partition("=") for part in rest)
        parameters = {key.strip(): value.strip().strip('"') for key, _, value in pairs}
        yield name, parameters, _weight(parameters.get("q", "1"))


def _weight(text: str) -> float:
    try:
        weight = float(text)
    except ValueError:
        return 0.0
    return weight if math.isfinite(weight) else 0.0
