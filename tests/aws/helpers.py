"""What the tests of exporter/aws share."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from exporter.config.settings import AwsSettings, TargetSettings
from exporter.errors import Reason
from tests.fakes.aws import FakeAws
from tests.loops import pass_seconds

TARGET = TargetSettings(regions=("us-east-1",))
ROLE = "arn:aws:iam::210987654321:role/reader"
KEY_OF_ENVIRONMENT = "AKIDENVIRONMENT"
PATIENCE_SECONDS = 60.0
"""What a machine that is held up does not use up; what stalls loses it by `lose_patience`."""


@dataclass
class Recorder:
    """A CallObserver that remembers."""

    requests: list[str] = field(default_factory=list)
    failures: list[tuple[str, Reason]] = field(default_factory=list)
    throttles: list[str] = field(default_factory=list)
    offsets: list[float] = field(default_factory=list)

    def requested(self, operation: str) -> None:
        self.requests.append(operation)

    def failed(self, operation: str, reason: Reason) -> None:
        self.failures.append((operation, reason))

    def throttled(self, operation: str) -> None:
        self.throttles.append(operation)

    def clock_offset(self, seconds: float) -> None:
        self.offsets.append(seconds)


def settings(aws: FakeAws | None = None, **changes: Any) -> AwsSettings:
    changes.setdefault("max_attempts", 1)
    for wait in ("connect", "read"):
        changes.setdefault(f"{wait}_timeout_seconds", PATIENCE_SECONDS)
    if aws is not None:
        changes.setdefault("endpoint_url", aws.url)
    return AwsSettings(**changes)


async def lose_patience(aws: FakeAws, over: Callable[[], object], *, asked: int = 1) -> None:
    """Once AWS was *asked* so often, let the time pass that the SDK waits for an answer, until it is *over*."""
    while len(aws.requests) < asked:  # noqa: ASYNC110 - the fake is in another thread
        await asyncio.sleep(0.001)
    while not over():
        pass_seconds(PATIENCE_SECONDS)
        await asyncio.sleep(0.001)


def role(**changes: Any) -> TargetSettings:
    return TargetSettings(**{"regions": ("us-east-1",), "role_arn": ROLE, **changes})


def minute(ago: int) -> float:
    return time.time() // 60 * 60 - 60 * ago


_NUMBERS = st.integers(-99, 3000) | st.integers(10**8, 10**21)
HTTP_DATES = st.builds(
    "{}, {} {} {} {}:{}:{} {}".format,
    st.sampled_from(["Sun", ""]),
    _NUMBERS,
    st.sampled_from(["Nov", "Foo"]),
    *[_NUMBERS] * 4,
    st.sampled_from(["GMT", "+0100", "-0000", "+9999", ""]) | _NUMBERS.map(str),
)
"""What looks like the time of HTTP's headers, and mostly is none."""


def metric_data(*metrics: str) -> dict[str, Any]:
    """A request for the last ten minutes of *metrics*."""
    return {
        "MetricDataQueries": [
            {
                "Id": f"q{number}",
                "MetricStat": {"Metric": {"Namespace": "AWS/SES", "MetricName": m}, "Period": 60, "Stat": "Sum"},
            }
            for number, m in enumerate(metrics)
        ],
        "StartTime": datetime.fromtimestamp(minute(10), UTC),
        "EndTime": datetime.fromtimestamp(minute(0), UTC),
    }
