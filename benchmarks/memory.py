"""Resident memory: of each size once it serves, and over a thousand polls."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmarks import stage
from benchmarks.effort import Effort
from benchmarks.machine import resident_bytes
from benchmarks.rows import Row, growth
from benchmarks.scraper import Scraper
from benchmarks.stage import Size, of_series

MEGABYTE = 1e6
ONE_REGION, MANY_REGIONS, MANY_SERIES = 95.0, 125.0, 150.0
FLAT_RATIO = 1.05
SCRAPES = 5


def resident(folder: Path, effort: Effort) -> Iterator[Row]:
    """Yield the memory of the real process at each size, after it was scraped in each form."""
    one = _megabytes(folder, Size())
    yield Row("memory", "1 region", one, "MB", ONE_REGION)
    regions = _megabytes(folder, Size(regions=effort.regions))
    yield Row("memory", f"{effort.regions} regions", regions, "MB", MANY_REGIONS)
    more: dict[int, float] = {}
    for series in effort.series:
        used = _megabytes(folder, of_series(series))
        more[series] = used - one
        note = f"{(used - one) * 1e3 / series:.1f} kB each beyond 1 region"
        yield Row("memory", f"{series} metrics", used, "MB", MANY_SERIES if series == effort.many else None, note)
    yield from growth("memory", "memory beyond 1 region", "metrics", more)
    more = {1: one}
    for targets in effort.targets:
        used = _megabytes(folder, Size(targets=targets))
        more[targets] = used - one
        note = f"{(used - one) * 1e3 / (targets - 1):.0f} kB each beyond the first"
        yield Row("memory", f"{targets} targets", used, "MB", None, note)
    yield from growth("memory", "memory beyond 1 target", "targets", more)


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


def _megabytes(folder: Path, size: Size) -> float:
    with stage.cloud(folder, size.sets) as at, stage.real(at, size) as running:
        running.wait_ready(stage.RUN_SECONDS)
        for gzip in (True, False):
            with Scraper(running.address, gzip=gzip) as scraper:
                for _ in range(SCRAPES):
                    scraper.seconds()
        return resident_bytes(running.process.pid) / MEGABYTE
