"""A clock that goes as fast as the work is done: time that a daemon sleeps takes none, and the AWS shares it by a file.

The daemon that is measured sleeps with `VirtualTime.sleep`. When as many polls sleep as there are loops, nothing is
under way, and the clock goes on to the next that is due. What sleeps besides, such as the look-out for changed files,
takes real time and moves nothing.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import mmap
import struct
from collections.abc import Callable
from pathlib import Path

POLLING = "poll:"
"""How the names of the tasks begin in which loops run."""


class ClockFile:
    """Unix seconds in a file that several processes have in memory; 0 means the machine's own time."""

    def __init__(self, path: Path) -> None:
        """Open *path*; an empty one is 0."""
        with path.open("r+b") as file:
            if path.stat().st_size < struct.calcsize("d"):
                file.write(struct.pack("d", 0.0))
                file.flush()
            self._memory = mmap.mmap(file.fileno(), struct.calcsize("d"))

    def read(self) -> float:
        """Return the time."""
        return float(struct.unpack_from("d", self._memory)[0])

    def write(self, now: float) -> None:
        """Set the time."""
        struct.pack_into("d", self._memory, 0, now)


class VirtualTime:
    """The time of a daemon with *loops* loops, from *start* to *end* (unix seconds)."""

    def __init__(
        self, file: ClockFile, *, loops: int, start: float, end: float, on_idle: Callable[[float, float], None]
    ) -> None:
        """Begin at *start*; *on_idle* is told when all sleep: now, and when the next one is due."""
        self._file = file
        self._loops = loops
        self._end = end
        self._on_idle = on_idle
        self._now = start
        self._order = itertools.count()
        self._sleeping: list[tuple[float, int, asyncio.Future[None]]] = []
        file.write(start)

    def now(self) -> float:
        """Return unix seconds; they stand still while anything is done."""
        return self._now

    async def sleep(self, seconds: float) -> None:
        """Return when the clock is *seconds* further."""
        task = asyncio.current_task()
        if task is None or not task.get_name().startswith(POLLING):
            await asyncio.sleep(seconds)
            return
        future = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleeping, (self._now + seconds, next(self._order), future))
        if len(self._sleeping) == self._loops:
            asyncio.get_running_loop().call_soon(self._go_on)
        await future

    def _go_on(self) -> None:
        due = self._sleeping[0][0]
        self._on_idle(self._now, due)
        if due > self._end:
            return
        self._now = max(self._now, due)
        self._file.write(self._now)
        while self._sleeping and self._sleeping[0][0] <= self._now:
            _, _, future = heapq.heappop(self._sleeping)
            future.set_result(None)
