"""The exporter as a process: log, event loop, signals, exit code."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
from asyncio import AbstractEventLoop
from collections.abc import Callable
from importlib.util import find_spec

from exporter import logs
from exporter.config.load import Loaded
from exporter.daemon.garbage import short_collections
from exporter.daemon.service import service
from exporter.daemon.tools import Tools, real_tools
from exporter.errors import ListenError

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)

log = logging.getLogger(__name__)


def run(load: Callable[[], Loaded], *, tools: Tools | None = None) -> int:
    """Run the exporter until SIGTERM or SIGINT and return the exit code: 0 ended as asked, 1 a bug or no listener.

    *load* reads the configuration, now and, on SIGHUP or over HTTP, again. To be called in the main thread. When it
    returns, the process is about to end: these signals and SIGHUP are ignored from then on.

    Raises:
        ConfigError: the configuration at start is wrong.
    """
    loaded = load()
    logs.configure(loaded.settings.log.level, loaded.settings.log.format)
    try:
        with short_collections(), asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(_until_signalled(load, loaded, tools or real_tools()))
    except Exception as error:  # noqa: BLE001 - the end of the process, whatever it was
        return _explained(error)
    finally:
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        gc.freeze()  # else the interpreter spends 0.4 s, of the second there is to stop, on a last collection
    return 0


def _explained(error: Exception) -> int:
    while isinstance(error, ExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    if isinstance(error, ListenError):
        log.error("cannot start", extra={"error": str(error)})
    else:
        log.critical("stopped by a bug", exc_info=error)
    return 1


async def _until_signalled(load: Callable[[], Loaded], loaded: Loaded, tools: Tools) -> None:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    try:
        await service(
            load, loaded, tools, stop=stop, on_reload=lambda reload: loop.add_signal_handler(signal.SIGHUP, reload)
        )
    finally:
        for number in SIGNALS:  # here too, as a loop that closes puts the deadly defaults back
            loop.remove_signal_handler(number)
            signal.signal(number, signal.SIG_IGN)


def _loop_factory() -> Callable[[], AbstractEventLoop]:
    if find_spec("uvloop") is None:
        return asyncio.new_event_loop
    import uvloop  # noqa: PLC0415 - where it is not built, asyncio's own loop serves

    return uvloop.new_event_loop
