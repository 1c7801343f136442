"""The exporter from open to closed: sockets, parts and server, put together and taken apart in order."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import AsyncExitStack

from exporter import __version__
from exporter.aside import aside
from exporter.config.load import Loaded
from exporter.daemon.parts import put_together
from exporter.daemon.tools import Tools
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
    listeners = open_sockets(loaded.settings.web.listen_addresses)
    async with AsyncExitStack() as closing, asyncio.TaskGroup() as group:
        for listener in listeners:
            closing.enter_context(listener)
        parts = put_together(load, loaded, tools, group)
        closing.push_async_callback(parts.close)
        door, refused = parts.door, parts.telemetry.web_refused
        on_reload(parts.reloader.wish)
        guard = Guard(
            parts.app,
            access=lambda: door.access,
            passwords=Passwords(secret=tools.secret(), aside=aside),
            monotonic=tools.monotonic,
            refused=refused,
        )
        server = create_server(guard, tls=lambda: door.access.tls, refused=refused)
        door.tls_changed = server.part_with_all
        log.info("starting", extra={"version": __version__})
        for listener in listeners:
            log.info("listening", extra={"address": address_of(listener), "tls": loaded.web.tls is not None})
        serving = group.create_task(serve(server, listeners), name="web")
        reloading = group.create_task(parts.reloader.run(), name="reload")
        watching = group.create_task(door.watch(tools.sleep), name="web configuration")
        await stop.wait()
        log.info("stopping")
        server.should_exit = True
        for task in (reloading, watching):
            task.cancel()
        await asyncio.wait((reloading, watching))
        await parts.fleet.close()
        await serving
    log.info("stopped")
