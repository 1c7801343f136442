"""The app: metrics, status, health, readiness, configuration, reload. It starts nothing and asks AWS nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from exporter.errors import ConfigError, ExporterError, Refusal
from exporter.web.elsewhere import from_elsewhere
from exporter.web.metrics import Page, Scrapes
from exporter.web.plain import TEXT_HEADERS, come_again, plain
from exporter.web.status import STYLE_HASH, Row, status_page
from exporter.web.waiting import FullError, WaitingRoom

_PAGE_HEADERS = {
    **TEXT_HEADERS,
    "content-security-policy": f"default-src 'none'; style-src '{STYLE_HASH}'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "x-frame-options": "deny",
}
"""Nothing is loaded from anywhere, nobody frames the page, and no link says where a click came from."""
MAX_WAITING = 16
"""How many requests may wait for a reload. There is one for all of them, after a rest of up to a minute."""


@dataclass(frozen=True, slots=True)
class Faces:
    """What the app shows, each asked for at every request.

    *unhealthy* and *missing* return a line for each loop that is dead or stuck, and for each source not tried yet.
    *reload* takes the configuration up again, and raises ConfigError when it is bad, another ExporterError when it
    cannot be done now; it is None where reload over HTTP is not enabled. *refused* is told of each request that finds
    too many others waiting.
    """

    page: Page
    rows: Callable[[], Sequence[Row]]
    unhealthy: Callable[[], Sequence[str]]
    missing: Callable[[], Sequence[str]]
    config_text: Callable[[], Awaitable[bytes]]
    reload: Callable[[], Awaitable[None]] | None
    refused: Callable[[Refusal], None]
    clock: Callable[[], float]


class _Reloads:
    """Answers who asks for a reload. Whoever hangs up has asked all the same, and is waited for no more."""

    def __init__(self, faces: Faces) -> None:
        self._faces = faces
        self._waiting = WaitingRoom(MAX_WAITING)

    async def answer(self, request: Request) -> Response:
        if from_elsewhere(request.headers):
            return plain("Reload is not for pages of other sites.\n", 403)
        if self._faces.reload is None:
            return plain("Reload over HTTP is off: start with --web.enable-lifecycle, or send SIGHUP.\n", 403)
        try:
            with self._waiting.place(request.receive) as gone:
                await _unless(gone, self._faces.reload())
        except FullError:
            self._faces.refused(Refusal.BUSY)
            return come_again("Too many wait for a reload.\n")
        except ConfigError as error:
            return plain(f"{error}\n", 400)
        except ExporterError as error:
            return plain(f"{error}\n", 503)
        return plain("Reloaded.\n")


async def _unless(gone: asyncio.Future[None], work: Awaitable[None]) -> None:
    """Wait for *work* unless *gone*: then nobody is there to be told of it."""
    working = asyncio.ensure_future(work)
    try:
        await asyncio.wait((working, gone), return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            working.result()
    finally:
        working.cancel()


class _App(Starlette):
    """An application that has *metrics* answered before any routing: that takes as long as a page that is kept."""

    metrics_path = ""
    metrics: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["path"] == self.metrics_path and scope["method"] in {"GET", "HEAD"}:
            await self.metrics(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


def create_app(faces: Faces, *, telemetry_path: str) -> Starlette:
    """Return the ASGI application. Where *telemetry_path* is the path of another page, the metrics win."""
    scrapes = Scrapes(faces.page, faces.refused)

    async def status(_: Request) -> Response:
        page = status_page(faces.rows(), telemetry_path=telemetry_path, now=faces.clock())
        return HTMLResponse(page, headers=_PAGE_HEADERS)

    async def healthy(_: Request) -> Response:
        return _verdict("Healthy.", "Not healthy:", faces.unhealthy())

    async def ready(_: Request) -> Response:
        return _verdict("Ready.", "Not ready, not tried yet:", faces.missing())

    async def config(_: Request) -> Response:
        return plain(await faces.config_text())

    app = _App(
        routes=[
            Route(telemetry_path, scrapes, methods=["GET"]),
            Route("/", status, methods=["GET"]),
            Route("/-/healthy", healthy, methods=["GET"]),
            Route("/healthz", healthy, methods=["GET"]),  # where probes written for YACE ask
            Route("/-/ready", ready, methods=["GET"]),
            Route("/-/reload", _Reloads(faces).answer, methods=["POST"]),
            Route("/config", config, methods=["GET"]),
        ],
        exception_handlers={404: _not_found, 405: _wrong_method, Exception: _bug},
    )
    app.router.redirect_slashes = False
    app.metrics_path, app.metrics = telemetry_path, ServerErrorMiddleware(scrapes, handler=_bug)
    return app


def _verdict(good: str, bad: str, lines: Sequence[str]) -> Response:
    if lines:
        return plain("\n".join((bad, *lines, "")), 503)
    return plain(f"{good}\n")


async def _not_found(_: Request, __: Exception) -> Response:
    return plain("There is no such page.\n", 404)


async def _wrong_method(_: Request, error: Exception) -> Response:
    response = plain("This page does not know that method.\n", 405)
    response.headers.update(getattr(error, "headers", None) or {})
    return response


async def _bug(_: Request, __: Exception) -> Response:
    # starlette raises the error once more after this answer, and the server logs it with its traceback
    return plain("Internal error; the log says more.\n", 500)
