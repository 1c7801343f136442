from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from exporter.web.app import create_app
from exporter.web.listen import open_sockets
from exporter.web.server import create_server, serve
from tests.web.faces import Browse, World, faces
from tests.web.secure_sites import SecureSite, secure_site
from tests.web.sites import Open, Site, app_of


@pytest.fixture
async def start() -> AsyncIterator[Open]:
    sites: list[Site] = []

    async def site(**options: Any) -> Site:
        entered, go_on = asyncio.Event(), asyncio.Event()

        listeners = open_sockets(["127.0.0.1:0"])
        server = create_server(app_of(entered, go_on), **options)
        task = asyncio.create_task(serve(server, listeners))
        sites.append(Site(server, listeners[0].getsockname()[1], task, entered, go_on))
        return sites[-1]

    yield site
    for each in sites:
        for _, writer in each.streams:
            writer.close()
        each.task.cancel()
        await asyncio.wait((each.task,))


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def app(world: World) -> Starlette:
    return create_app(faces(world), telemetry_path="/metrics")


@pytest.fixture
def browse(world: World) -> Browse:
    def client(*, telemetry_path: str = "/metrics", lifecycle: bool = True) -> httpx.AsyncClient:
        app = create_app(faces(world, lifecycle=lifecycle), telemetry_path=telemetry_path)
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        return httpx.AsyncClient(transport=transport, base_url="http://exporter")

    return client


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[SecureSite]:
    async with secure_site(tmp_path) as opened:
        yield opened
