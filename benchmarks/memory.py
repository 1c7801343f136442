"""Resident memory over a thousand polls."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmarks import stage
from benchmarks.effort import Effort
from benchmarks.rows import Row
from benchmarks.stage import of_series

MEGABYTE = 1e6
FLAT_RATIO = 1.05


def flat(folder: Path, effort: Effort) -> Iterator[Row]:
    """Yield memory at the end of a thousand polls to that after a tenth of them."""
    size = of_series(effort.flat_series)
    with (
        stage.cloud(folder, size.sets) as at,
        stage.timeless(at, size, seconds=effort.flat_seconds) as (running, record),
    ):
        lines = stage.lines(running, record)
    settled = stage.START + effort.flat_seconds / 10
    before = next(line for line in lines if line["now"] >= settled)["resident_bytes"]
    after = lines[-1]["resident_bytes"]
    note = f"{before / MEGABYTE:.1f} to {after / MEGABYTE:.1f} MB, {effort.flat_series} metrics"
    polls = f"{effort.flat_seconds / stage.INTERVAL_SECONDS:.0f}"
    yield Row("memory", f"after {polls} polls to after a tenth of them", after / before, "x", FLAT_RATIO, note)
