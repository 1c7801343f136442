"""Queries of the boards over made-up series, asked of promtool: what they give of a past that is written down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from tests.alerts.promtool import failures
from tests.dashboards import boards
from tests.tools import require_tool

Number = float | None


@dataclass(frozen=True, slots=True)
class Series:
    """A series as Prometheus scraped it: *values*, one an interval from the first moment on, None where it has none."""

    name: str
    labels: Mapping[str, str]
    values: Sequence[Number]

    def written(self) -> dict[str, str]:
        """Return the series as promtool reads it."""
        labels = ", ".join(f'{name}="{value}"' for name, value in self.labels.items())
        values = " ".join("_" if value is None else f"{value:.12g}" for value in self.values)
        return {"series": f"{self.name}{{{labels}}}", "values": values}


@dataclass(frozen=True, slots=True)
class Question:
    """An expression at *minutes* from the start; *expected* is the value of its one series, None for no series."""

    expression: str
    minutes: float
    expected: Number
    labels: str = "{}"

    def written(self) -> dict[str, object]:
        """Return the question as promtool reads it."""
        samples = [] if self.expected is None else [{"labels": self.labels, "value": self.expected}]
        expression = boards.filled(self.expression)
        return {"expr": expression, "eval_time": f"{round(self.minutes * 60)}s", "exp_samples": samples}


def ask(folder: Path, series: Sequence[Series], questions: Sequence[Question], *, interval_seconds: int = 60) -> None:
    """Ask all *questions*; AssertionError with what came instead if an answer is not the expected one."""
    test = {
        "interval": f"{interval_seconds}s",
        "input_series": [each.written() for each in series],
        "promql_expr_test": [each.written() for each in questions],
    }
    file = folder / "replay.test.yml"
    file.write_text(yaml.safe_dump({"evaluation_interval": "1m", "tests": [test]}, sort_keys=False))
    assert failures(require_tool("promtool", debian="prometheus"), file) == ""
