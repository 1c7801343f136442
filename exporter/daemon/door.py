"""The web configuration in force, and the look-out for changes of its files: a new certificate needs no restart."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

from exporter.aside import aside
from exporter.config.web.access import Stamp, WebAccess, stamp, weaker
from exporter.config.web.read import read_web_file
from exporter.errors import ConfigError, Problem
from exporter.telemetry import Telemetry

LOOK_SECONDS = 5.0

log = logging.getLogger(__name__)


def _nobody() -> None:
    return None


class Door:
    """Holds what is in force. The first file among its stamps is the configuration, the others are what it names."""

    def __init__(self, access: WebAccess, telemetry: Telemetry) -> None:
        """Begin with *access*."""
        self.access = access
        self.tls_changed: Callable[[], None] = _nobody
        """Told when connections are secured in another way from now on."""
        self._telemetry = telemetry
        self._seen: Mapping[Path, Stamp | None] = access.stamps
        self._suspected = False
        self._told: set[str] = set()
        telemetry.web_loaded(_not_after(access))

    def take(self, access: WebAccess) -> None:
        """Put *access* in force, for requests and connections to come."""
        before, self.access = self.access, access
        self._seen, self._suspected, self._told = access.stamps, False, set()
        self._telemetry.web_loaded(_not_after(access))
        if before.tls is not access.tls:
            self.tls_changed()

    async def watch(self, sleep: Callable[[float], Awaitable[object]]) -> None:
        """Look for changes until cancelled. What cannot be used changes nothing, and is tried again at each look.

        A change is read when two looks see the same, so nothing that is still being written; it is refused when it
        takes away protection, which a file that was cut short does, too; that takes a reload.
        """
        while True:
            await sleep(LOOK_SECONDS)
            if self.access.stamps:
                await self._look(self.access)

    async def _look(self, before: WebAccess) -> None:
        try:
            found = await aside(lambda: self._changed(before))
        except ConfigError as error:
            self._refuse(error.problems)
        except OSError as error:
            self._refuse([Problem(str(_own_file(before)), f"cannot be looked at: {error.strerror}")])
        except MemoryError:
            self._refuse([Problem(str(_own_file(before)), "cannot be looked at: out of memory")])
        else:
            if found is not None and self.access is before:  # else a reload has read all of it meanwhile
                self.take(found)
                for doubt in found.doubts:
                    log.warning("web configuration is doubtful", extra={"problem": doubt})
                log.info("web configuration in force", extra={"file": _own_file(found)})

    def _changed(self, access: WebAccess) -> WebAccess | None:
        last, self._seen = self._seen, {path: stamp(path) for path in access.stamps}
        if self._seen != last or (self._seen == access.stamps and not self._suspected):
            return None
        found = read_web_file(_own_file(access))
        if lost := weaker(access, found):
            message = f"takes away what is in force: {', '.join(lost)}; that takes SIGHUP or a reload"
            raise ConfigError((Problem(str(_own_file(access)), message),))
        return found

    def _refuse(self, problems: Sequence[Problem]) -> None:
        """Tell each problem once, when the last look failed, too: a certificate and its key are two files.

        It may be another problem at each look, as where descriptors are short.
        """
        before, self._suspected = self._suspected, True
        new = [problem for problem in problems if str(problem) not in self._told]
        if not before or not new:
            return
        self._told.update(map(str, new))
        self._telemetry.web_reload_failed()
        for problem in new:
            log.warning("web configuration refused, the old one stays in force", extra={"problem": str(problem)})


def _not_after(access: WebAccess) -> float | None:
    return access.tls.not_after if access.tls is not None else None


def _own_file(access: WebAccess) -> Path:
    return next(iter(access.stamps))
