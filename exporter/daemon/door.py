"""The web configuration in force, and the look-out for changes of its files: a new certificate needs no restart."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from pathlib import Path

from exporter.aside import NoThreadError, aside
from exporter.config.web.access import WebAccess, stamp
from exporter.config.web.read import read_web_file
from exporter.errors import ConfigError
from exporter.telemetry import Telemetry

LOOK_SECONDS = 5.0

log = logging.getLogger(__name__)


class Door:
    """Holds what is in force. The first file among its stamps is the configuration, the others are what it names."""

    def __init__(self, access: WebAccess, telemetry: Telemetry, *, tls_changed: Callable[[], None]) -> None:
        """Begin with *access*; *tls_changed* is told when connections are secured in another way from now on."""
        self.access = access
        self._telemetry = telemetry
        self._tls_changed = tls_changed
        self._refused = ""

    def take(self, access: WebAccess) -> None:
        """Put *access* in force, for requests and connections to come."""
        before, self.access = self.access, access
        self._refused = ""
        if before.tls is not access.tls:
            self._tls_changed()

    async def watch(self, sleep: Callable[[float], Awaitable[object]]) -> None:
        """Look for changes until cancelled. What cannot be used changes nothing, and is tried again at each look."""
        while True:
            await sleep(LOOK_SECONDS)
            if self.access.stamps:
                await self._look(self.access)

    async def _look(self, before: WebAccess) -> None:
        try:
            found = await aside(lambda: self._changed(before))
        except (ConfigError, NoThreadError) as error:
            self._refuse(error)
            return
        if found is not None and self.access is before:  # else a reload has read all of it meanwhile
            self.take(found)
            log.info("web configuration in force", extra={"file": _own_file(found)})

    def _changed(self, access: WebAccess) -> WebAccess | None:
        if not self._refused and all(stamp(path) == seen for path, seen in access.stamps.items()):
            return None
        return read_web_file(_own_file(access))

    def _refuse(self, error: ConfigError | NoThreadError) -> None:
        if str(error) == self._refused:
            return
        self._refused = str(error)
        self._telemetry.web_reload_failed()
        for problem in error.problems if isinstance(error, ConfigError) else (error,):
            log.warning("web configuration refused, the old one stays in force", extra={"problem": str(problem)})


def _own_file(access: WebAccess) -> Path:
    return next(iter(access.stamps))
