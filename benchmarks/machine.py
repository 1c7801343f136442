"""What the machine says of a process: CPU time and memory. Linux only."""

from __future__ import annotations

import os
import time
from pathlib import Path

_OF_A_PROCESS = 2
"""The kernel's number for "CPU time of the whole process" in the last bits of a clock's id."""


def cpu_seconds(pid: int) -> float:
    """Return the CPU time that process *pid* and its threads used so far."""
    return time.clock_gettime((~pid << 3) | _OF_A_PROCESS)


def resident_bytes(pid: int | str = "self") -> int:
    """Return the resident memory of process *pid*."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
