"""An AWS that costs next to nothing, as a process of its own: each series has a number, the same at every minute.

`python -m benchmarks.cloud SETS CLOCK` prints its address. It lists SETS configuration sets for each metric, and takes
the time from the file CLOCK (eight bytes, a double; see `benchmarks.clock`), where that has one, else the machine's.
`GET /counts` tells what was asked so far: requests by operation, and under `billed` the metrics that AWS would bill.
"""

from __future__ import annotations

import asyncio
import json
import math
import sys
import time
from collections import Counter
from functools import lru_cache
from pathlib import Path
from typing import Any
from zlib import crc32

from aiohttp import web

from benchmarks.clock import ClockFile
from exporter.series.queries import STATISTICS_BILLED_AS_ONE
from tests.fakes import wire
from tests.fakes.aws import FACTS

DAY = 86_400
HISTORY_SECONDS = 10 * DAY
"""For how long there has been mail."""
NUMBERS = 997
"""Mails a minute are 0 up to this, so that pages compress no better than real ones."""
RATE = 0.0001
PAGE = 500
METRICS = (
    "Send",
    "Delivery",
    "Bounce",
    "Complaint",
    "Reject",
    "Open",
    "Click",
    "RenderingFailure",
    "Reputation.BounceRate",
    "Reputation.ComplaintRate",
)


class Cloud:
    """Answers the calls of the exporter, and counts them."""

    def __init__(self, sets: int, clock: ClockFile) -> None:
        """List *sets* configuration sets."""
        self._clock = clock
        self.counts: Counter[str] = Counter()
        self._listed = [
            {"Namespace": "AWS/SES", "MetricName": metric, "Dimensions": [_dimension(number)]}
            for number in range(sets)
            for metric in METRICS
        ]

    def now(self) -> float:
        """Return unix seconds."""
        return self._clock.read() or time.time()

    async def handle(self, http: web.Request) -> web.Response:
        """Answer one request."""
        if http.path == "/counts":
            return web.json_response(self.counts)
        request = wire.parse(http.method, http.path, http.headers, await http.read(), at=self.now(), accounts={})
        self.counts[request.operation] += 1
        match request.operation:
            case "GetMetricData":
                self.counts["billed"] += _billed(request.body["MetricDataQueries"])
                text, kind = _metric_data(request.body), "application/x-amz-json-1.0"
            case "ListMetrics":
                text, kind = self._list(request.body), "application/x-amz-json-1.0"
            case "GetAccount":
                text, kind = json.dumps(FACTS), "application/json"
            case "AssumeRole":
                text, kind = wire.xml(request, _assumed(request.body["RoleArn"], request.at)), "text/xml"
            case _:
                text, kind = wire.xml(request, {"Account": request.account}), "text/xml"
        answer = wire.answer(request, text, kind, 200)
        return web.Response(text=answer.text, content_type=answer.content_type, headers=answer.headers)

    def _list(self, asked: dict[str, Any]) -> str:
        start = int(asked.get("NextToken", "0"))
        answer: dict[str, Any] = {"Metrics": self._listed[start : start + PAGE]}
        if start + PAGE < len(self._listed):
            answer["NextToken"] = str(start + PAGE)
        return json.dumps(answer)


def _dimension(number: int) -> dict[str, str]:
    return {"Name": "ses:configuration-set", "Value": f"newsletter-{number:05d}"}


def _metric_data(asked: dict[str, Any]) -> str:
    start, end = int(asked["StartTime"]), int(asked["EndTime"])
    results = []
    for query in asked["MetricDataQueries"]:
        stat = query["MetricStat"]
        metric = stat["Metric"]
        own = crc32(repr((metric["MetricName"], metric["Dimensions"])).encode()) % NUMBERS
        rate = metric["MetricName"].startswith("Reputation.")
        points = _points(start, end, stat["Period"], own * RATE if rate else float(own), stat["Stat"])
        results.append(f'{{"Id":"{query["Id"]}","Label":"x","StatusCode":"Complete",{points}}}')
    return f'{{"MetricDataResults":[{",".join(results)}],"Messages":[]}}'


@lru_cache(maxsize=4 * NUMBERS)
def _points(start: int, end: int, period: int, number: float, statistic: str) -> str:
    """Return times and values, the newest first, as AWS gives them; *number* is that of a minute."""
    moments = range(max(start, _began(end)) // period * period, end, period)
    samples = period / 60
    value = number * samples if statistic == "Sum" else number
    times = ",".join(str(float(moment)) for moment in reversed(moments))
    return f'"Timestamps":[{times}],"Values":[{",".join([repr(value)] * len(moments))}]'


def _began(end: int) -> int:
    return (end - HISTORY_SECONDS) // DAY * DAY


def _billed(queries: list[dict[str, Any]]) -> int:
    """Return what AWS bills: a metric once for up to five statistics."""
    statistics: dict[str, set[str]] = {}
    for query in queries:
        metric = query["MetricStat"]["Metric"]
        series = repr((metric["MetricName"], metric["Dimensions"]))
        statistics.setdefault(series, set()).add(query["MetricStat"]["Stat"])
    return sum(math.ceil(len(each) / STATISTICS_BILLED_AS_ONE) for each in statistics.values())


def _assumed(arn: str, now: float) -> dict[str, Any]:
    ends = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now + 3600))
    keys = {"AccessKeyId": "ASIAEXAMPLE", "SecretAccessKey": "fake", "SessionToken": "fake", "Expiration": ends}
    return {"Credentials": keys, "AssumedRoleUser": {"AssumedRoleId": "AROAEXAMPLE:session", "Arn": arn}}


async def _serve(cloud: Cloud) -> None:
    app = web.Application(client_max_size=64 << 20)
    app.router.add_route("*", "/{path:.*}", cloud.handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(f"http://127.0.0.1:{runner.addresses[0][1]}", flush=True)  # noqa: T201 - whoever started it reads it
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve(Cloud(int(sys.argv[1]), ClockFile(Path(sys.argv[2])))))
