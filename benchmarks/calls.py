"""Calls to AWS, counted on the wire: of a poll, of many queries, of a simulated day, and what the day costs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from math import ceil
from pathlib import Path

from benchmarks import stage
from benchmarks.effort import DAY, Effort
from benchmarks.rows import Row
from benchmarks.scraper import Scraper
from benchmarks.stage import INTERVAL_SECONDS, Size, of_series
from exporter.series.queries import MAX_QUERIES

DOLLARS_PER_THOUSAND = 0.01
START_SECONDS = 5.0
"""Long enough for the first polls, too short for the next ones."""
_COST = re.compile(rb"^aws_ses_exporter_cloudwatch_estimated_cost_dollars_total\{.*\} (\S+)$", re.MULTILINE)


def day(folder: Path, effort: Effort) -> Iterator[Row]:
    """Yield the calls of a day of one account and region, beside what its polls take."""
    with stage.cloud(folder) as at, stage.timeless(at, Size(), seconds=START_SECONDS) as (running, record):
        stage.lines(running, record)
        start = at.counts()
    with stage.cloud(folder) as at, stage.timeless(at, Size(), seconds=effort.day_seconds) as (running, record):
        stage.lines(running, record)
        counts = at.counts()
        with Scraper(running.address, gzip=False) as scraper:
            reported = sum(map(float, _COST.findall(scraper.body())))
    polls = effort.day_seconds / INTERVAL_SECONDS
    hours, days = ceil(effort.day_seconds / 3600), ceil(effort.day_seconds / DAY)
    data = counts["GetMetricData"] - start.get("GetMetricData", 0)
    yield Row("calls", "GetMetricData of the start", start.get("GetMetricData", 0), "calls")
    looks = 2 * hours + days
    note = f"{polls:.0f} polls, at most 2 a look in each of {hours} hours, and {days} for the days"
    yield Row("calls", "GetMetricData of a simulated day", data, "calls", polls + looks, note)
    facts = counts["GetAccount"] - start.get("GetAccount", 0)
    yield Row("calls", "GetAccount of a simulated day", facts, "calls", polls)
    others = sum(n for name, n in counts.items() if name not in {"GetMetricData", "GetAccount", "billed"})
    yield Row("calls", "other calls of a simulated day", others, "calls", 0)
    true = counts["billed"] / 1000 * DOLLARS_PER_THOUSAND
    note = f"{counts['billed']} metrics on the wire, {true:.4f} dollars; reported {reported:.4f}"
    yield Row("calls", "reported cost off the wire's", abs(reported / true - 1) * 100, "%", 0.001, note)


def queries(folder: Path, effort: Effort) -> Iterator[Row]:
    """Yield the GetMetricData calls of one poll for many queries."""
    size = of_series(effort.many)
    with stage.cloud(folder, size.sets) as at:
        counted = []
        for seconds in (2 * INTERVAL_SECONDS, 3 * INTERVAL_SECONDS):
            with stage.timeless(at, size, seconds=seconds) as (running, record):
                before = at.counts().get("GetMetricData", 0)
                stage.lines(running, record)
                counted.append(at.counts()["GetMetricData"] - before)
    # the counts of a metric and its rates are asked over one window
    calls = counted[1] - counted[0]
    yield Row(
        "calls", f"GetMetricData of a poll of {effort.many} queries", calls, "calls", ceil(effort.many / MAX_QUERIES)
    )
