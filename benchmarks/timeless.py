"""The daemon over a clock that needs no waiting, as a process of its own that writes down what it used.

`python -m benchmarks.timeless CLOCK RECORD CONFIG --loops N --start S --end S [--loop measured]` plus the daemon's own
flags runs every poll from start to end (unix seconds), then stands still and serves on. RECORD gets a JSON line before
the first poll, one after all first polls, and then one a minute at most, each when nothing was under way: `now`,
`cpu_seconds` of the process so far, `resident_bytes`, and with a measured loop `longest_seconds`, the most CPU time
that one turn of the event loop took since the last line. The last line is `{"end": true}`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import time
from pathlib import Path
from typing import Any, TextIO

import uvloop

from benchmarks.clock import ClockFile, VirtualTime
from benchmarks.machine import resident_bytes
from exporter import logs
from exporter.aws.clients import Aws
from exporter.cli import Given
from exporter.daemon.garbage import short_collections
from exporter.daemon.service import service
from exporter.daemon.tools import Tools

STILL_SECONDS = 60.0
LINES_OF_THE_START = 2


class MeasuredLoop(asyncio.SelectorEventLoop):
    """An event loop that knows its longest turn in CPU seconds: for so long nothing else had a chance."""

    longest_seconds = 0.0

    def _run_once(self) -> None:
        begun = time.thread_time()
        super()._run_once()  # type: ignore[misc]  # the stubs leave it out
        self.longest_seconds = max(self.longest_seconds, time.thread_time() - begun)


class Recorder:
    """Writes a line when time goes on."""

    def __init__(self, file: TextIO, end: float) -> None:
        """Write to *file* until *end*."""
        self._file = file
        self._end = end
        self._written_at = 0.0
        self._lines = 0

    def idle(self, now: float, due: float) -> None:
        """Take note that nothing is done at *now* and until *due*."""
        over = due > self._end
        if over or self._lines < LINES_OF_THE_START or now - self._written_at >= STILL_SECONDS:
            self._written_at = now
            self._lines += 1
            self._write({"now": now, "cpu_seconds": time.process_time(), "resident_bytes": resident_bytes()})
        if over:
            self._write({"end": True})

    def _write(self, line: dict[str, Any]) -> None:
        loop = asyncio.get_running_loop()
        if isinstance(loop, MeasuredLoop):
            line["longest_seconds"], loop.longest_seconds = loop.longest_seconds, 0.0
        self._file.write(json.dumps(line) + "\n")
        self._file.flush()


def main() -> None:
    """Run until SIGTERM."""
    parser = argparse.ArgumentParser()
    for name in ("clock", "record", "config"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--loops", type=int, required=True)
    parser.add_argument("--start", type=float, required=True)
    parser.add_argument("--end", type=float, required=True)
    parser.add_argument("--loop", choices=("uvloop", "measured"), default="uvloop")
    parser.add_argument("--web.listen-address", dest="address")
    parser.add_argument("--log.format", dest="format")
    asked = parser.parse_args()
    factory = MeasuredLoop if asked.loop == "measured" else uvloop.new_event_loop
    with asked.record.open("w") as file, short_collections(), asyncio.Runner(loop_factory=factory) as runner:
        runner.run(_run(asked, file))


async def _run(asked: argparse.Namespace, file: TextIO) -> None:
    load = Given(asked.config, None, {"web.listen_addresses": [asked.address], "log.format": asked.format}).load
    loaded = load()
    logs.configure("info", asked.format)
    recorder = Recorder(file, asked.end)
    virtual = VirtualTime(
        ClockFile(asked.clock), loops=asked.loops, start=asked.start, end=asked.end, on_idle=recorder.idle
    )
    tools = Tools(
        clock=virtual.now,
        monotonic=virtual.now,
        sleep=virtual.sleep,
        random=lambda: 0.5,
        open_aws=lambda settings: Aws(settings, clock=virtual.now),
    )
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await service(load, loaded, tools, stop=stop, on_reload=lambda _: None)


if __name__ == "__main__":
    main()
