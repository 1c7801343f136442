"""The start: from nothing to the first whole page, beside what importing the dependencies takes."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from benchmarks import stage
from benchmarks.effort import Effort
from benchmarks.machine import cpu_seconds
from benchmarks.rows import Row
from benchmarks.stage import Size
from tests.processes import environment

RATIO = 1.6
DEPENDENCIES = (
    "aiobotocore.session",
    "aiobotocore.httpsession",
    "botocore.session",
    "httptools",
    "prometheus_client",
    "pydantic_settings",
    "starlette.applications",
    "typer",
    "uvicorn",
    "uvloop",
    "yaml",
)
"""What `pyproject.toml` names and a running exporter needs: rich is for commands."""


def first_page(folder: Path, effort: Effort) -> Iterator[Row]:
    """Yield start to first page to the import alone, in wall time and in CPU time, turn by turn."""
    imports, starts = [], []
    for _ in range(effort.starts):
        imports.append(_imported())
        starts.append(_started(folder))
    for place, kind in enumerate(("wall", "CPU")):
        floor, ours = (sorted(each[place] for each in both) for both in (imports, starts))
        note = f"fastest {ours[0]:.2f} to {floor[0]:.2f} s, median {median(ours):.2f} to {median(floor):.2f} s"
        yield Row("start", f"first page to importing the dependencies, {kind}", ours[0] / floor[0], "x", RATIO, note)


def _imported() -> tuple[float, float]:
    code = (
        f"from benchmarks.lean import hide; hide(); import {', '.join(DEPENDENCIES)}, time; print(time.process_time())"
    )
    begun = time.perf_counter()
    command = (sys.executable, "-c", code)
    said = subprocess.run(command, env=environment(), check=True, capture_output=True, text=True).stdout  # noqa: S603 - ours
    return time.perf_counter() - begun, float(said)


def _started(folder: Path) -> tuple[float, float]:
    with stage.cloud(folder) as at:
        at.counts()
        begun = time.perf_counter()
        with stage.real(at, Size()) as running:
            running.wait_ready()
            answer = running.get("/metrics")
            seconds = time.perf_counter() - begun
            assert "\naws_ses_send_total{" in answer.text, answer.text
            return seconds, cpu_seconds(running.process.pid)
