"""The metrics of the process itself, under the names and with the texts that Prometheus' own clients agree on."""

from __future__ import annotations

import os
import resource
import weakref
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from exporter.catalogue import Family

CPU = Family("process_cpu_seconds_total", "counter", "Total user and system CPU time spent in seconds.")
MAX_FDS = Family("process_max_fds", "gauge", "Maximum number of open file descriptors.")
OPEN_FDS = Family("process_open_fds", "gauge", "Number of open file descriptors.")
RESIDENT = Family("process_resident_memory_bytes", "gauge", "Resident memory size in bytes.")
STARTED = Family("process_start_time_seconds", "gauge", "Start time of the process since unix epoch in seconds.")
VIRTUAL = Family("process_virtual_memory_bytes", "gauge", "Virtual memory size in bytes.")

_STAT_BYTES = 4096
_UNREADABLE = (OSError, ValueError, IndexError)


class Process:
    """Reads them from /proc, in a fraction of the time that the library takes; what is not there is absent.

    The library opens and closes three files and lists all descriptors at each look, which takes longer than to serve a
    page that is kept.
    """

    def __init__(self, proc: str = "/proc") -> None:
        """Read from *proc* what stays, when the machine started and how many files may be open, and open the rest."""
        self._stat = _opened(f"{proc}/self/stat")
        self._closing = None if self._stat is None else weakref.finalize(self, os.close, self._stat)
        self._descriptors = f"{proc}/self/fd"
        self._sized = _size_is_count(self._descriptors)
        self._ticks = os.sysconf("SC_CLK_TCK")
        self._page_bytes = resource.getpagesize()
        self._booted = _number_after(Path(proc, "stat"), "btime", 1)
        self._max_fds = _number_after(Path(proc, "self", "limits"), "Max open files", 3)

    def close(self) -> None:
        """Read no more; what is forgotten unclosed closes by itself."""
        self._stat = None
        if self._closing is not None:
            self._closing()

    def readings(self) -> Sequence[tuple[Family, float]]:
        """Return each family with its value of this moment, sorted by name."""
        if self._booted is None:
            return ()
        found: list[tuple[Family, float]] = []
        if self._max_fds is not None:
            found.append((MAX_FDS, self._max_fds))
        with suppress(*_UNREADABLE):
            found.append((OPEN_FDS, float(self._open_fds())))
        with suppress(*_UNREADABLE):
            stat = b"" if self._stat is None else os.pread(self._stat, _STAT_BYTES, 0)
            parts = stat.rpartition(b")")[2].split()
            cpu = int(parts[11]) / self._ticks + int(parts[12]) / self._ticks
            started, virtual, pages = int(parts[19]) / self._ticks, int(parts[20]), int(parts[21])
            found.insert(0, (CPU, cpu))
            found += ((RESIDENT, pages * self._page_bytes), (STARTED, started + self._booted), (VIRTUAL, virtual))
        return found

    def _open_fds(self) -> int:
        if self._sized:
            return os.stat(self._descriptors).st_size  # noqa: PTH116 - a third of the time of a Path
        return len(os.listdir(self._descriptors))  # noqa: PTH208 - names are enough


def _opened(path: str) -> int | None:
    with suppress(OSError):
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    return None


def _size_is_count(folder: str) -> bool:
    """Return whether the size of /proc/self/fd is how many are open, as it is since Linux 6.2."""
    with suppress(OSError):
        return Path(folder).stat().st_size == len(list(Path(folder).iterdir())) - 1  # to list it opens one more
    return False


def _number_after(path: Path, name: str, word: int) -> float | None:
    """Return word number *word* of the line of *path* that begins with *name*, None where there is none."""
    with suppress(*_UNREADABLE):
        for line in path.read_text().splitlines():
            if line.startswith(name):
                return float(line.split()[word])
    return None
