"""The processes that are measured and those around them, each gone at the end of its `with`."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from http.client import HTTPConnection
from itertools import pairwise
from pathlib import Path
from typing import Any

from benchmarks.cloud import METRICS
from benchmarks.scraper import Scraper
from tests import processes
from tests.processes import Running, environment, until

RUN_SECONDS = 1800.0
INTERVAL_SECONDS = 300
"""The default poll interval."""
REGIONS = (
    *("us-east-1", "us-east-2", "us-west-1", "us-west-2", "af-south-1", "ap-northeast-1", "ap-northeast-2"),
    *("ap-northeast-3", "ap-south-1", "ap-south-2", "ap-southeast-1", "ap-southeast-2", "ap-southeast-3"),
    *("ap-southeast-4", "ap-southeast-5", "ca-central-1", "ca-west-1", "eu-central-1", "eu-central-2", "eu-north-1"),
    *("eu-south-1", "eu-south-2", "eu-west-1", "eu-west-2", "eu-west-3", "il-central-1", "sa-east-1"),
)
START = 1_795_305_600.0 + 600
"""2026-11-22 00:10 UTC by the clock of daemons that need not wait: late in the year, so that a start reads much."""


@dataclass(frozen=True, slots=True)
class Size:
    """What a daemon has to do: the metrics of the account alone, or with so many *sets*, or so many *targets*."""

    sets: int = 0
    targets: int = 1
    regions: int = 1
    facts: bool = True

    @property
    def loops(self) -> int:
        """How many loops poll: one for the data, for the facts, and for the list of sets."""
        return self.targets * self.regions * (1 + self.facts + (self.sets > 0))

    def config(self) -> dict[str, Any]:
        """Return the configuration; with sets it is ten metrics, one statistic each, and no facts of the account."""
        regions = list(REGIONS[: self.regions])
        targets: list[dict[str, Any]] = [
            {"role_arn": f"arn:aws:iam::{number:012d}:role/ses-reader", "regions": regions}
            for number in range(1, self.targets + 1)
        ]
        if self.targets == 1:
            targets = [{"regions": regions, "account_id": "123456789012"}]
        config: dict[str, Any] = {"targets": targets, "sources": {"account": {"enabled": self.facts}}}
        if not self.facts:
            kinds = {True: "Average", False: "Sum"}
            config["metrics"] = [
                {"name": name, "statistics": [kinds[name.startswith("Reputation.")]]} for name in METRICS
            ]
        if self.sets:
            config["sources"] |= {
                "configuration_sets": {"enabled": True, "limit": 10_000},
                "dimensions": {"limit": 100_000},
            }
            config["poll_timeout_seconds"] = 600
        return config


def of_series(series: int) -> Size:
    """Return the size with so many metrics to ask CloudWatch for: ten of the account, and ten of each set."""
    return Size(sets=series // len(METRICS) - 1, facts=False)


@dataclass(frozen=True, slots=True)
class Cloud:
    """The AWS beside the daemon."""

    url: str
    folder: Path

    @property
    def clock(self) -> Path:
        """The file with its time."""
        return self.folder / "clock"

    def counts(self) -> dict[str, int]:
        """Return what it was asked so far."""
        connection = HTTPConnection(self.url.removeprefix("http://"), timeout=30)
        with contextlib.closing(connection):
            connection.request("GET", "/counts")
            found: dict[str, int] = json.loads(connection.getresponse().read())
        return found


@contextlib.contextmanager
def cloud(folder: Path, sets: int = 0) -> Iterator[Cloud]:
    """Start the AWS; its clock is the machine's until a daemon sets it."""
    (folder / "clock").write_bytes(bytes(8))
    command = (sys.executable, "-m", "benchmarks.cloud", str(sets), str(folder / "clock"))
    with processes.process(command=command, environ=environment()) as running:
        assert running.process.stdout is not None
        yield Cloud(running.process.stdout.readline().strip(), folder)


@contextlib.contextmanager
def real(at: Cloud, size: Size) -> Iterator[Running]:
    """Start the exporter as an operator does."""
    command = (sys.executable, "-m", "benchmarks.lean")
    flag = f"--config.file={_written(at, size)}"
    with processes.exporter(flag, environ=_environ(at), command=command) as running:
        yield running


@contextlib.contextmanager
def timeless(at: Cloud, size: Size, *, seconds: float, measured: bool = False) -> Iterator[tuple[Running, Path]]:
    """Start the daemon over a clock that needs no waiting, and yield it with its record."""
    record = at.folder / "record"
    record.write_text("")
    command = (
        *(sys.executable, "-m", "benchmarks.timeless", str(at.clock), str(record), str(_written(at, size))),
        *("--loops", str(size.loops), "--start", str(START), "--end", str(START + seconds)),
        *("--loop", "measured" if measured else "uvloop"),
    )
    with processes.exporter(command=command, environ=_environ(at)) as running:
        yield running, record


def wait_whole(running: Running, size: Size) -> None:
    """Return when every set is on the page: a long list of them comes after the exporter is ready."""
    running.wait_ready(RUN_SECONDS)
    last = f"newsletter-{size.sets - 1:05d}".encode() if size.sets else b""
    with Scraper(running.address, gzip=False) as scraper:  # as Prometheus asks, since each format kept takes memory
        until(lambda: last in scraper.body(), RUN_SECONDS, lambda: "".join(running.lines[-5:]))


def ended(record: Path) -> bool:
    """Tell whether the run of *record* came to its end."""
    return '"end"' in record.read_text()


def lines(running: Running, record: Path) -> list[dict[str, float]]:
    """Return the record when the run is over."""
    until(lambda: ended(record) or running.process.poll() is not None, RUN_SECONDS, lambda: "".join(running.lines[-5:]))
    assert ended(record), "".join(running.lines)
    return [json.loads(line) for line in record.read_text().splitlines()[:-1]]


def intervals(record: Sequence[dict[str, float]]) -> list[float]:
    """Return the CPU seconds used in each poll interval of *record*, those of the start apart."""
    last = record[-1]["now"]
    ends = range(int(START + INTERVAL_SECONDS), int(last) + 1, INTERVAL_SECONDS)
    used = [max(line["cpu_seconds"] for line in record if line["now"] <= end) for end in ends]
    return [after - before for before, after in pairwise(used)]


def _written(at: Cloud, size: Size) -> Path:
    path = at.folder / "config.yaml"
    path.write_text(json.dumps(size.config()))
    return path


def _environ(at: Cloud) -> dict[str, str]:
    return environment(AWS_ENDPOINT_URL=at.url)
