"""The metrics endpoint: which format and which coding a client wants, and the page in it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Protocol

from starlette.requests import Request
from starlette.responses import Response

from exporter.web.press import Press

TEXT = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"


class Page(Protocol):
    """What makes the page: `exposition.Page`."""

    def known(self, *, openmetrics: bool, names: frozenset[str] | None) -> bytes:
        """Return the first part, the same object until something in it changes; only *names* where not None."""
        ...

    def own(self, *, openmetrics: bool, names: frozenset[str] | None) -> bytes:
        """Return the second part, which changes each time."""
        ...


def metrics_response(request: Request, page: Page, presses: Mapping[bool, Press]) -> Response:
    """Answer a scrape from memory; *presses* keep what is compressed, by whether it is OpenMetrics."""
    headers = request.headers
    openmetrics = wants_openmetrics(",".join(headers.getlist("accept")))
    names = frozenset(name for name in request.query_params.getlist("name[]") if name) or None
    known = page.known(openmetrics=openmetrics, names=names)
    own = page.own(openmetrics=openmetrics, names=names)
    answer = {"vary": "Accept, Accept-Encoding", "content-type": OPENMETRICS if openmetrics else TEXT}
    if wants_gzip(",".join(headers.getlist("accept-encoding"))):
        press = presses[openmetrics] if names is None else Press()
        answer["content-encoding"] = "gzip"
        return Response(press.gzip(known, own), headers=answer)
    return Response(known + own, headers=answer)


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
