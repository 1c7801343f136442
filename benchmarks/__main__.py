"""`python -m benchmarks`: run the suites, print every figure beside its target, and write them down.

The exit code says whether the suites ran; a target that is missed does not change it, since machines differ.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks import calls, memory, polls, scrapes, sizes, start
from benchmarks.effort import FULL, SMALL, Effort
from benchmarks.rows import Row, save, show

Suite = Callable[[Path, Effort], Iterator[Row]]

SUITES: dict[str, Sequence[Suite]] = {
    "calls": (calls.day, calls.queries),
    "start": (start.first_page,),
    "scrape": (scrapes.idle,),
    "loop": (scrapes.polled,),
    "poll": (polls.cost,),
    "memory": (memory.flat,),
    "sizes": (sizes.resident,),
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run what *arguments* ask for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure the exporter.")
    parser.add_argument("suites", nargs="*", metavar="suite", help=f"{', '.join(SUITES)}; all unless named")
    parser.add_argument("--small", action="store_true", help="the smallest size, one round: only to see that it runs")
    parser.add_argument("--up-to", type=int, default=max(FULL.series), metavar="N", help="no size of more metrics")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    asked = parser.parse_args(arguments)
    if unknown := set(asked.suites) - SUITES.keys():
        parser.error(f"no such suite: {', '.join(sorted(unknown))}")
    effort = SMALL if asked.small else FULL
    effort = replace(effort, series=tuple(series for series in effort.series if series <= asked.up_to))
    rows: list[Row] = []
    for name, suites in SUITES.items():
        if asked.suites and name not in asked.suites:
            continue
        for suite in suites:
            with tempfile.TemporaryDirectory() as folder:
                found = list(suite(Path(folder), effort))
            show(found)
            rows += found
        if asked.json is not None:
            save(rows, asked.json)


if __name__ == "__main__":
    main()
