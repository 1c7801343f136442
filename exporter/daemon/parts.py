"""The parts of the exporter that need no socket, put together: fleet, door, reloader and app."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from prometheus_client import CollectorRegistry
from starlette.applications import Starlette

from exporter.config.load import Loaded
from exporter.daemon.door import Door
from exporter.daemon.fleet import Fleet
from exporter.daemon.reload import Reloader
from exporter.daemon.shown import Shown
from exporter.daemon.tools import Tools
from exporter.daemon.view import View
from exporter.exposition import NATIVE, Page
from exporter.store import Store
from exporter.telemetry import Telemetry
from exporter.web.app import Faces, create_app


@dataclass(frozen=True, slots=True)
class Parts:
    """What runs, what decides who may come in, and the *page* and *app* that show it.

    Nothing runs before the *reloader* does.
    """

    telemetry: Telemetry
    fleet: Fleet
    door: Door
    reloader: Reloader
    page: Page
    app: Starlette

    async def close(self) -> None:
        """End the loops and close what they had open."""
        try:
            await self.fleet.close()
        finally:
            self.telemetry.process.close()


def put_together(load: Callable[[], Loaded], loaded: Loaded, tools: Tools, group: asyncio.TaskGroup) -> Parts:
    """Return the parts for the configuration *loaded*, whose loops will run in *group*; *load* reads it again."""
    settings = loaded.settings
    registry = CollectorRegistry()
    price = settings.aws.price_per_thousand_metrics_dollars
    telemetry = Telemetry(registry, price_per_thousand_metrics_dollars=price, proc=tools.proc)
    store = Store()
    fleet = Fleet(group, store, telemetry, tools)
    door = Door(loaded.web, telemetry)
    reloader = Reloader(
        load,
        fleet.replace,
        loaded=loaded,
        door=door,
        telemetry=telemetry,
        clock=tools.clock,
        monotonic=tools.monotonic,
        sleep=tools.sleep,
    )
    view = View(fleet, store)
    page = Page(
        store,
        NATIVE,
        self_metrics=registry,
        version=telemetry.version,
        process=telemetry.process.readings,
        clock=tools.clock,
    )
    faces = Faces(
        page=page,
        rows=view.rows,
        unhealthy=view.unhealthy,
        missing=view.missing,
        config_text=Shown(lambda: reloader.loaded.settings).text,
        reload=reloader.reload if settings.web.enable_lifecycle else None,
        refused=telemetry.web_refused,
        clock=tools.clock,
    )
    app = create_app(faces, telemetry_path=settings.web.telemetry_path)
    return Parts(telemetry, fleet, door, reloader, page, app)
