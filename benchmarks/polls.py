"""The poll: CPU time beside what the SDK alone takes, and how it grows with series and targets."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from benchmarks import stage
from benchmarks.effort import Effort
from benchmarks.rows import Row, growth
from benchmarks.stage import Size, of_series
from tests.processes import environment

SDK_RATIO = 1.5


def cost(folder: Path, effort: Effort) -> Iterator[Row]:
    """Yield the CPU time of a poll at each size, for many series against the SDK's before and after."""
    costs: dict[int, float] = {}
    for series in effort.series:
        size = of_series(series)
        with stage.cloud(folder, size.sets) as at:
            seconds = effort.polls_seconds if series <= effort.many else effort.largest_polls_seconds
            before = alone(at, series) if series == effort.many else []
            costs[series], start = _poll(at, size, seconds)
            after = alone(at, series) if series == effort.many else []
        yield Row("poll", f"CPU, {series} metrics", costs[series] * 1e3, "ms", None, f"start {start:.1f} s")
        if before:
            floor = median(before + after)
            note = f"SDK alone {floor * 1e3:.0f} ms"
            yield Row("poll", f"CPU to the SDK's, {series} metrics", costs[series] / floor, "x", SDK_RATIO, note)
    yield from growth("poll", "CPU", "metrics", costs)
    costs = {}
    for targets in (1, *effort.targets):
        size = Size(targets=targets)
        with stage.cloud(folder) as at:
            costs[targets], start = _poll(at, size, effort.polls_seconds)
        yield Row("poll", f"CPU of all, {targets} targets", costs[targets] * 1e3, "ms", None, f"start {start:.1f} s")
    yield from growth("poll", "CPU", "targets", costs)


def alone(at: stage.Cloud, series: int) -> list[float]:
    """Return the CPU seconds that the SDK takes to ask and parse a poll, some times."""
    command = (sys.executable, "-m", "benchmarks.sdk", at.url, str(series))
    said = subprocess.run(command, env=environment(), check=True, capture_output=True, text=True).stdout  # noqa: S603 - ours
    return [float(line) for line in said.split()]


def _poll(at: stage.Cloud, size: Size, seconds: float) -> tuple[float, float]:
    """Return the CPU seconds of a usual poll of all loops together, and those until everything was read once."""
    with stage.timeless(at, size, seconds=seconds) as (running, record):
        lines = stage.lines(running, record)
    return median(stage.intervals(lines)), lines[1]["cpu_seconds"]
