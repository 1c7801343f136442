"""What a benchmark says: rows of a table with the target beside the figure, and the same as JSON."""

from __future__ import annotations

import json
import math
import os
import platform
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median

from rich import box
from rich.console import Console
from rich.table import Table

LINEAR = 1.3
"""What one of many may cost at a size, beside what it cost at the one before."""


@dataclass(frozen=True, slots=True)
class Row:
    """A figure; *at_most* is its target, None where it only informs. *note* says what else there is to know."""

    suite: str
    figure: str
    value: float
    unit: str
    at_most: float | None = None
    note: str = ""

    @property
    def met(self) -> bool:
        """Whether the target is met."""
        return self.at_most is None or self.value <= self.at_most


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the value that *percent* of *values* do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


def typical(rounds: Iterable[Sequence[float]], percent: float) -> float:
    """Return the median over *rounds* of their percentile: one round that something else disturbed does not count."""
    return median(percentile(values, percent) for values in rounds)


def growth(suite: str, what: str, unit: str, costs: Mapping[int, float]) -> Iterator[Row]:
    """Yield from size to size what of a cost one of *unit* takes, beside what it took at the size before.

    *costs* are by size, smallest first; the smallest has too much in it that does not grow to be compared with.
    """
    for smaller, larger in pairwise(list(costs)[1:]):
        ratio = (costs[larger] / larger) / (costs[smaller] / smaller)
        yield Row(suite, f"{what} per {unit[:-1]}, {larger} to {smaller} {unit}", ratio, "x", LINEAR)


def show(rows: Iterable[Row]) -> None:
    """Print the table."""
    table = Table("suite", "figure", box=box.SIMPLE_HEAD)
    table.add_column("measured", justify="right")
    table.add_column("target", justify="right")
    table.add_column("")
    table.add_column("note")
    for row in rows:
        target = "" if row.at_most is None else f"<= {row.at_most:g}"
        met = "" if row.at_most is None else "met" if row.met else "missed"
        table.add_row(row.suite, row.figure, f"{row.value:.4g} {row.unit}", target, met, row.note)
    Console(width=None if os.isatty(1) else 160).print(table)


def save(rows: Iterable[Row], path: Path) -> None:
    """Write *rows* to *path*, with what they were measured on."""
    machine = {"python": platform.python_version(), "machine": platform.machine(), "cpus": os.cpu_count()}
    content = {"on": machine, "rows": [asdict(row) | {"met": row.met} for row in rows]}
    path.write_text(json.dumps(content, indent=2) + "\n")
