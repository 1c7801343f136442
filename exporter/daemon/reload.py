"""Taking up a changed configuration: all of it or nothing, one at a time, with a rest after each."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace

from exporter import logs
from exporter.aside import NoThreadError, aside
from exporter.config.load import Loaded
from exporter.config.settings import Settings
from exporter.config.show import digest
from exporter.daemon.door import Door
from exporter.errors import ConfigError, ExporterError
from exporter.telemetry import Telemetry

MIN_REST_SECONDS = 1.0
"""Clients are made, and polls asked for, only after a reload: that costs more than itself."""
MAX_REST_SECONDS = 60.0
"""A file that took long to read cost others nothing."""

log = logging.getLogger(__name__)


class Reloader:
    """Loads the configuration again when asked, in a task of its own, so that no client can cut it short by leaving.

    After each one it rests, about as long as that took, so that whoever asks without pause leaves time for scrapes.
    """

    def __init__(
        self,
        load: Callable[[], Loaded],
        replace: Callable[[Settings], Awaitable[None]],
        *,
        loaded: Loaded,
        door: Door,
        telemetry: Telemetry,
        clock: Callable[[], float],
        monotonic: Callable[[], float],
        sleep: Callable[[float], Awaitable[object]],
    ) -> None:
        """Keep *loaded*, the configuration at start. *load* reads it again; *replace* puts settings in force.

        *door* is given the web configuration. *clock* gives unix seconds.
        """
        self._load = load
        self._replace = replace
        self._door = door
        self._telemetry = telemetry
        self._clock = clock
        self._monotonic = monotonic
        self._sleep = sleep
        self._wish: asyncio.Future[ExporterError | None] | None = None
        self._wished = asyncio.Event()
        self._ended = False
        self.loaded = loaded
        """The configuration in force; of the web's settings, those of the start, but for its file."""

    def wish(self) -> asyncio.Future[ExporterError | None]:
        """Ask for a reload; the future tells why it was refused, None when it was done.

        It is the same one for all who ask before that reload begins, so nobody may cancel it.
        """
        if self._wish is None:
            self._wish = asyncio.get_running_loop().create_future()
            self._wished.set()
            if self._ended:
                self._wish.set_result(_stopping())
        return self._wish

    async def reload(self) -> None:
        """Reload and wait for it.

        Raises:
            ConfigError: the configuration is wrong; nothing changed.
            ExporterError: it could not be put in force, or the exporter is stopping; nothing changed.
        """
        error = await asyncio.shield(self.wish())
        if error is not None:
            raise error

    async def run(self) -> None:
        """Put the configuration in force that was loaded at start, then fulfil wishes until cancelled."""
        heard: asyncio.Future[ExporterError | None] | None = None
        try:
            await self._replace(self.loaded.settings)
            self._note(self.loaded)
            while True:
                await self._wished.wait()
                self._wished.clear()
                heard, self._wish = self._wish, None
                begun = self._monotonic()
                outcome = await self._reload()
                took = self._monotonic() - begun
                _tell(heard, outcome)
                await self._sleep(min(max(took, MIN_REST_SECONDS), MAX_REST_SECONDS))
        finally:
            self._ended = True
            _tell(heard, _stopping())
            _tell(self._wish, _stopping())

    async def _reload(self) -> ExporterError | None:
        try:
            loaded = self._held_back(await self._read())
            await self._replace(loaded.settings)
        except ExporterError as error:
            self._telemetry.config_reload_failed()
            problems = error.problems if isinstance(error, ConfigError) else (error,)
            for problem in problems:
                log.warning("configuration refused, the old one stays in force", extra={"problem": str(problem)})
            return error
        self.loaded = loaded
        self._door.take(loaded.web)
        logs.configure(loaded.settings.log.level, loaded.settings.log.format)
        self._note(loaded)
        return None

    async def _read(self) -> Loaded:
        try:
            return await aside(self._load)
        except NoThreadError as error:
            raise ExporterError(f"the configuration cannot be read: {error.strerror}") from error
        except MemoryError as error:
            raise ExporterError("the configuration cannot be read: too little memory") from error

    def _held_back(self, loaded: Loaded) -> Loaded:
        """Return *loaded* as it can be put in force: with the web settings of the start, but for the file."""
        new = loaded.settings.web
        started = self.loaded.settings.web.model_copy(update={"config_file": new.config_file})
        changed = [name for name in type(new).model_fields if getattr(started, name) != getattr(new, name)]
        if not changed:
            return loaded
        log.warning(
            "setting takes effect at the next start only", extra={"settings": [f"web.{name}" for name in changed]}
        )
        settings = loaded.settings.model_copy(update={"web": started})
        return replace(loaded, settings=settings, sha256=digest(settings))

    def _note(self, loaded: Loaded) -> None:
        self._telemetry.config_loaded(loaded.sha256, self._clock())
        for warning in loaded.warnings:
            log.warning("configuration is doubtful", extra={"problem": warning})
        log.info(
            "configuration in force",
            extra={
                "dialect": loaded.settings.dialect.name.value,
                "sha256": loaded.sha256,
                "targets": len(loaded.settings.targets),
                "regions": sum(len(target.regions) for target in loaded.settings.targets),
            },
        )


def _tell(wish: asyncio.Future[ExporterError | None] | None, outcome: ExporterError | None) -> None:
    if wish is not None and not wish.done():
        wish.set_result(outcome)


def _stopping() -> ExporterError:
    return ExporterError("the exporter is stopping")
