"""The metrics endpoint: which format and which coding a client wants, and the page in it."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Generator, Iterator, Sequence
from functools import lru_cache
from typing import Protocol

from starlette.datastructures import QueryParams
from starlette.types import Receive, Scope, Send

from exporter.sources.turns import outcome_of
from exporter.web.guard import TEXT_HEADERS
from exporter.web.press import Press

TEXT = "text/plain; version=0.0.4; charset=utf-8"
MAX_CHOICES = 32
"""What a client accepts beyond so many kinds is not looked at: commas by the thousand would hold everybody up."""
OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
HEADERS_REMEMBERED = 8
"""Each scraper asks in the same way each time, and few are different from each other."""

_HEADERS = (
    (b"vary", b"Accept, Accept-Encoding"),
    *((name.encode(), value.encode()) for name, value in TEXT_HEADERS.items()),
)
_TYPES = {False: TEXT.encode(), True: OPENMETRICS.encode()}


class Page(Protocol):
    """What makes the page: `exposition.Page`."""

    def known_in_steps(self, *, openmetrics: bool, names: frozenset[str] | None) -> Generator[None, None, bytes]:
        """Return the first part, the same object until something in it changes; only *names* where not None.

        Between steps, each of a few milliseconds, others may be served.
        """
        ...

    def own(self, *, openmetrics: bool, names: frozenset[str] | None) -> tuple[bytes, bytes]:
        """Return the second part, kept like the first, and the third, which is short and changes each time."""
        ...


class Scrapes:
    """Answers scrapes of *page* from memory. They are made one at a time, so that a changed page is made once."""

    def __init__(self, page: Page) -> None:
        """Keep nothing yet."""
        self._page = page
        self._presses = {False: Press(), True: Press()}
        self._making = asyncio.Lock()

    async def __call__(self, scope: Scope, _: Receive, send: Send) -> None:
        """Answer one scrape."""
        async with self._making:
            headers, parts = await self._made(scope)
        headers.append((b"content-length", b"%d" % sum(map(len, parts))))
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        for part in parts[:-1]:  # they are not put together first: the copy would take longer than all the rest
            await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body", "body": parts[-1]})

    async def _made(self, scope: Scope) -> tuple[list[tuple[bytes, bytes]], Sequence[bytes]]:
        """Return headers and content."""
        openmetrics = wants_openmetrics(_header(scope, b"accept"))
        query = scope["query_string"]
        names = frozenset(name for name in QueryParams(query).getlist("name[]") if name) if query else frozenset()
        known = await outcome_of(self._page.known_in_steps(openmetrics=openmetrics, names=names or None))
        own, process = self._page.own(openmetrics=openmetrics, names=names or None)
        headers = [*_HEADERS, (b"content-type", _TYPES[openmetrics])]
        if not wants_gzip(_header(scope, b"accept-encoding")):
            return headers, (known, own + process)
        press = Press() if names else self._presses[openmetrics]
        headers.append((b"content-encoding", b"gzip"))
        return headers, await press.gzip_aside((known, own, process))


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
