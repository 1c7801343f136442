"""What the tests of `check` share: Centreon's cases, their datapoints, and the command as a process or in this one."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.fakes.aws import FakeAws
from tests.processes import COMMAND, environment

ROOT = Path(__file__).parents[3]
GOLDEN: dict[str, Any] = json.loads((ROOT / "tests" / "golden" / "centreon" / "cases.json").read_text())
CASES: dict[str, dict[str, Any]] = {case["name"]: case for case in GOLDEN["cases"]}
REGION = "--region=eu-west-1"
RECENT = ("--timeframe=600", "--period=60")
ROLE = "arn:aws:iam::210987654321:role/reader"
NOBODY_LISTENS = "http://127.0.0.1:9"

Say = Callable[..., tuple[int, str]]


def now() -> float:
    """The time, which stands still in a test with the fake AWS: in the middle of its minute."""
    return time.time()


def minute(ago: int = 0) -> float:
    """The start of the minute so many minutes ago."""
    return now() // 60 * 60 - 60 * ago


def fill(aws: FakeAws) -> None:
    """Put in what the cases' CloudWatch held, as long ago as it was then."""
    for region, points in GOLDEN["datapoints"].items():
        for point in points:
            aws.put(
                point["metric"],
                minute(point["minutes_ago"]),
                point["value"],
                dimensions=point["dimensions"],
                region=region,
            )


def unmeasured(**variables: str) -> dict[str, str]:
    """The environment of a process whose lines are measured where they run in this one: measuring doubles its cost."""
    return {name: value for name, value in environment(**variables).items() if not name.startswith("COV")}


def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a process, as a monitoring system does."""
    return subprocess.run(
        [*COMMAND, "check", *arguments],
        env=unmeasured(**variables),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
