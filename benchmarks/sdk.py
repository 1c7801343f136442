"""What the SDK alone takes to ask and parse a poll, as a process of its own: the floor for ours.

`python -m benchmarks.sdk URL SERIES` asks for the last quarter of an hour of so many series, in calls of 500 as the
exporter does, with the exporter's own parser of times (the SDK's takes longer), and prints the CPU seconds of each
round but the first, one a line.
"""

from __future__ import annotations

import asyncio
import sys
import time

from aiobotocore.session import AioSession

from benchmarks.cloud import METRICS
from benchmarks.stage import START
from exporter.aws.timestamps import parse_timestamp
from exporter.series.queries import Call, Query, calls
from exporter.series.windows import Span

ROUNDS = 7
RANGE_SECONDS = 900
DATAPOINTS_A_METRIC = RANGE_SECONDS // 60
"""What a usual poll asks for, the SDK's and ours."""


def questions(series: int) -> list[Call]:
    """Return the calls of one poll."""
    span = Span(int(START) - RANGE_SECONDS, int(START))
    return calls(
        Query(METRICS[number % len(METRICS)], "Sum", 60, span, (("ses:configuration-set", f"set-{number}"),))
        for number in range(series)
    )


async def _measure(url: str, series: int) -> None:
    session = AioSession()
    session.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=parse_timestamp)
    requests = [call.request() for call in questions(series)]
    async with session.create_client("cloudwatch", region_name="us-east-1", endpoint_url=url) as client:
        for number in range(ROUNDS + 1):
            begun = time.process_time()
            for request in requests:
                await client.get_metric_data(**request)
            if number:
                print(time.process_time() - begun, flush=True)  # noqa: T201 - whoever started it reads it


if __name__ == "__main__":
    asyncio.run(_measure(sys.argv[1], int(sys.argv[2])))
