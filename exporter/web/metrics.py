"""The metrics endpoint: which format and which coding a client wants, and the page in it."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Generator, Iterator
from typing import Protocol

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from exporter.web.guard import TEXT_HEADERS
from exporter.web.press import Press

TEXT = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"


class Page(Protocol):
    """What makes the page: `exposition.Page`."""

    def known_in_steps(self, *, openmetrics: bool, names: frozenset[str] | None) -> Generator[None, None, bytes]:
        """Return the first part, the same object until something in it changes; only *names* where not None.

        Between steps, each of a few milliseconds, others may be served.
        """
        ...

    def own(self, *, openmetrics: bool, names: frozenset[str] | None) -> bytes:
        """Return the second part, which changes each time."""
        ...


class Parts(Response):
    """An answer of two parts, which are not put together first: the copy would take longer than all the rest."""

    def __init__(self, first: bytes, second: bytes, headers: dict[str, str]) -> None:
        """Answer *first*, then *second*."""
        super().__init__(headers=headers | {"content-length": str(len(first) + len(second))})
        self.parts = (first, second)

    async def __call__(self, _: Scope, __: Receive, send: Send) -> None:
        """Send the parts."""
        first, second = self.parts
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": first, "more_body": True})
        await send({"type": "http.response.body", "body": second})


class Scrapes:
    """Answers scrapes of *page* from memory. They are made one at a time, so that a changed page is made once."""

    def __init__(self, page: Page) -> None:
        """Keep nothing yet."""
        self._page = page
        self._presses = {False: Press(), True: Press()}
        self._making = asyncio.Lock()

    async def response(self, request: Request) -> Response:
        """Answer one scrape."""
        async with self._making:
            return await _response(request, self._page, self._presses)


async def _response(request: Request, page: Page, presses: dict[bool, Press]) -> Response:
    headers = request.headers
    openmetrics = wants_openmetrics(",".join(headers.getlist("accept")))
    names = frozenset(name for name in request.query_params.getlist("name[]") if name) or None
    known = await _in_turns(page.known_in_steps(openmetrics=openmetrics, names=names))
    own = page.own(openmetrics=openmetrics, names=names)
    answer = {**TEXT_HEADERS, "vary": "Accept, Accept-Encoding", "content-type": OPENMETRICS if openmetrics else TEXT}
    if wants_gzip(",".join(headers.getlist("accept-encoding"))):
        press = presses[openmetrics] if names is None else Press()
        answer["content-encoding"] = "gzip"
        return Response(await press.gzip_aside(known, own), headers=answer)
    return Parts(known, own, answer)


async def _in_turns(steps: Generator[None, None, bytes]) -> bytes:
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return bytes(end.value)
        await asyncio.sleep(0)


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


def wants_gzip(accept_encoding: str) -> bool:
    """Return whether gzip is accepted, by name or by wildcard, and not refused with `q=0`."""
    weights = {coding: weight for coding, _, weight in _choices(accept_encoding)}
    return weights.get("gzip", weights.get("*", 0.0)) > 0


def _choices(header: str) -> Iterator[tuple[str, dict[str, str], float]]:
    for choice in header.split(","):
        name, *rest = (part.strip().lower() for part in choice.split(";"))
        pairs = (part.partition("=") for part in rest)
        parameters = {key.strip(): value.strip().strip('"') for key, _, value in pairs}
        yield name, parameters, _weight(parameters.get("q", "1"))


def _weight(text: str) -> float:
    try:
        weight = float(text)
    except ValueError:
        return 0.0
    return weight if math.isfinite(weight) else 0.0
