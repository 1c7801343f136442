"""Each size once it serves: resident memory, and what a scrape takes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from benchmarks import peers, stage
from benchmarks.effort import Effort
from benchmarks.machine import resident_bytes
from benchmarks.rows import Row, growth, percentile
from benchmarks.scraper import Scraper
from benchmarks.stage import Size, of_series

MEGABYTE = 1e6
ONE_REGION, MANY_REGIONS, MANY_SERIES = 95.0, 125.0, 150.0


class Seen(NamedTuple):
    """*megabytes* of resident memory after scrapes in each form, one with gzip took *seconds*, the page's *samples*."""

    megabytes: float
    seconds: float
    samples: int

    def note(self, others: str) -> str:
        """Return what the table says beside the memory."""
        return f"scrape with gzip p50 {self.seconds * 1e3:.2f} ms, {self.samples} samples{others}"


def resident(folder: Path, effort: Effort) -> Iterator[Row]:
    """Yield memory and scrape of the real process at each size, and how both grow."""
    one = _seen(folder, Size(), effort)
    yield Row("sizes", "memory, 1 region", one.megabytes, "MB", ONE_REGION, one.note(""))
    regions = _seen(folder, Size(regions=effort.regions), effort)
    yield Row("sizes", f"memory, {effort.regions} regions", regions.megabytes, "MB", MANY_REGIONS, regions.note(""))
    metrics = {series: _seen(folder, of_series(series), effort) for series in effort.series}
    yield from _rows("metrics", metrics, one, {effort.many: MANY_SERIES})
    if many := metrics.get(peers.METRICS):
        figure = f"memory beside the better peer's, {peers.METRICS} metrics"
        yield Row("sizes", figure, many.megabytes, "MB", peers.MEGABYTES)
    targets = {number: _seen(folder, Size(targets=number), effort) for number in effort.targets}
    yield from _rows("targets", {1: one} | targets, one, {})


def _rows(unit: str, sizes: dict[int, Seen], one: Seen, at_most: dict[int, float]) -> Iterator[Row]:
    for size, seen in sizes.items():
        each = f", {(seen.megabytes - one.megabytes) * 1e3 / size:.1f} kB each beyond 1 region"
        yield Row("sizes", f"memory, {size} {unit}", seen.megabytes, "MB", at_most.get(size), seen.note(each))
    beyond = {size: seen.megabytes - one.megabytes for size, seen in sizes.items()}
    yield from growth("sizes", "memory beyond 1 region", unit, beyond)
    yield from growth("sizes", "scrape", unit, {size: seen.seconds for size, seen in sizes.items()})


def _seen(folder: Path, size: Size, effort: Effort) -> Seen:
    with stage.cloud(folder, size.sets) as at, stage.real(at, size) as running:
        stage.wait_whole(running, size)
        with Scraper(running.address) as scraper:
            for _ in range(effort.warm_up_scrapes):
                scraper.seconds()
            seconds = percentile([scraper.seconds() for _ in range(effort.scrapes)], 50)
        with Scraper(running.address, gzip=False) as plain:
            page = plain.body()
        return Seen(resident_bytes(running.process.pid) / MEGABYTE, seconds, samples(page))


def samples(page: bytes) -> int:
    """Return how many samples are on *page*."""
    return sum(not line.startswith(b"#") for line in page.splitlines())
