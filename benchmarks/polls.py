"""The poll: CPU time beside what the SDK alone takes, and how it grows with series and targets."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from benchmarks import peers, stage
from benchmarks.effort import Effort
from benchmarks.rows import Row, growth
from benchmarks.sdk import DATAPOINTS_A_METRIC
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
            yield from beside_the_peer(costs[series], floor, series)
    yield from growth("poll", "CPU", "metrics", costs)
    costs = {}
    for targets in (1, *effort.targets):
        size = Size(targets=targets)
        with stage.cloud(folder) as at:
            costs[targets], start = _poll(at, size, effort.polls_seconds)
        yield Row("poll", f"CPU of all, {targets} targets", costs[targets] * 1e3, "ms", None, f"start {start:.1f} s")
    yield from growth("poll", "CPU", "targets", costs)


def beside_the_peer(cost: float, floor: float, series: int) -> Iterator[Row]:
    """Yield what a poll *cost* in CPU seconds, *floor* to the SDK alone, beside the peer's, whole and by datapoint."""
    note = f"SDK alone {floor:.2f} s; {DATAPOINTS_A_METRIC} datapoints a metric, the peer's {peers.DATAPOINTS_A_METRIC}"
    whole = peers.POLL_CPU_SECONDS * series / peers.METRICS
    yield Row("poll", f"CPU beside the better peer's, {series} metrics", cost, "s", whole, note)
    each = cost / series / DATAPOINTS_A_METRIC * 1e6
    limit = peers.POLL_CPU_SECONDS / peers.METRICS / peers.DATAPOINTS_A_METRIC * 1e6
    yield Row("poll", f"CPU of a datapoint beside the better peer's, {series} metrics", each, "us", limit)


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
