"""The exporter from open to closed: sockets, store, page, loops and server, put together and taken apart in order."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import AsyncExitStack

from prometheus_client import CollectorRegistry

from exporter import __version__
from exporter.aside import aside
from exporter.config.load import Loaded
from exporter.config.show import masked
from exporter.daemon.door import Door
from exporter.daemon.fleet import Fleet
from exporter.daemon.reload import Reloader
from exporter.daemon.tools import Tools
from exporter.daemon.view import View
from exporter.exposition import NATIVE, Page
from exporter.store import Store
from exporter.telemetry import Telemetry
from exporter.web.app import Faces, create_app
from exporter.web.guard import Guard
from exporter.web.listen import address_of, open_sockets
from exporter.web.passwords import Passwords
from exporter.web.server import create_server, serve

log = logging.getLogger(__name__)


async def service(
    load: Callable[[], Loaded],
    loaded: Loaded,
    tools: Tools,
    *,
    stop: asyncio.Event,
    on_reload: Callable[[Callable[[], object]], None],
) -> None:
    """Run the exporter with the configuration *loaded* until *stop* is set; *load* reads it again.

    *on_reload* is given what to call for a reload, once there is something to reload.

    Raises:
        ListenError: an address cannot be listened on; nothing was started.
        ExceptionGroup: a part ended by a bug; everything else was ended then.
    """
    settings = loaded.settings
    registry = CollectorRegistry()
    telemetry = Telemetry(registry, price_per_thousand_metrics_dollars=settings.aws.price_per_thousand_metrics_dollars)
    store = Store()
    listeners = open_sockets(settings.web.listen_addresses)
    async with AsyncExitStack() as closing, asyncio.TaskGroup() as group:
        for listener in listeners:
            closing.enter_context(listener)
        closing.callback(telemetry.process.close)
        fleet = Fleet(group, store, telemetry, tools)
        closing.push_async_callback(fleet.close)
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
        on_reload(reloader.wish)
        view = View(fleet, store)
        faces = Faces(
            page=Page(
                store,
                NATIVE,
                self_metrics=registry,
                version=telemetry.version,
                process=telemetry.process.readings,
                clock=tools.clock,
            ),
            rows=view.rows,
            unhealthy=view.unhealthy,
            missing=view.missing,
            config_text=lambda: masked(reloader.loaded.settings),
            reload=reloader.reload if settings.web.enable_lifecycle else None,
            clock=tools.clock,
        )
        guard = Guard(
            create_app(faces, telemetry_path=settings.web.telemetry_path),
            access=lambda: door.access,
            passwords=Passwords(secret=tools.secret(), aside=aside),
            monotonic=tools.monotonic,
            refused=telemetry.web_refused,
        )
        server = create_server(guard, tls=lambda: door.access.tls, refused=telemetry.web_refused)
        door.tls_changed = server.part_with_all
        log.info("starting", extra={"version": __version__})
        for listener in listeners:
            log.info("listening", extra={"address": address_of(listener), "tls": loaded.web.tls is not None})
        serving = group.create_task(serve(server, listeners), name="web")
        reloading = group.create_task(reloader.run(), name="reload")
        watching = group.create_task(door.watch(tools.sleep), name="web configuration")
        await stop.wait()
        log.info("stopping")
        server.should_exit = True
        for task in (reloading, watching):
            task.cancel()
        await asyncio.wait((reloading, watching))
        await fleet.close()
        await serving
    log.info("stopped")
