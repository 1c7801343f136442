"""A simulated year: the whole daemon polls each 300 s over the whole SDK while requests fail at random.

`python -m tests.faults.year 2027-06-15T00:00 366` plays from there for so many days and prints what came of it as JSON.
It is a process of its own, so that its memory is that of nothing else, and the mail is arithmetic, so that a year of it
takes none. Whatever a minute holds is visible before it may be counted, but for late mail. That is there before a look
that finds it: of the next hour, of a later hour of the day, or, a day and more late, of a day. So at the end of each
hour a counter is everything up to a cut, to the mail, that can be seen.

One region is polled each 300 s; the other one, whose metrics are listed and read by configuration set too, each half an
hour, as every poll takes the processor 1.5 ms. What the limits of this are: two counts and one rate, no revisions (they
are in test_data), no restarts (test_ends, test_lives), and any cut of the last 25 minutes is right.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Any

from exporter.catalogue import NAMESPACE, held_family, total_family
from exporter.config.settings import Settings
from exporter.daemon.garbage import short_collections
from tests.fakes import wire
from tests.fakes.aws import (
    HTML,
    INTERNAL,
    THROTTLING,
    Delay,
    Edited,
    Error,
    FakeAws,
    Fault,
    Hang,
    RepeatToken,
    Request,
    Reset,
    Results,
    Stall,
    Truncated,
    spoil,
)
from tests.fakes.faults import Spoiling
from tests.faults.loop import Loop
from tests.faults.mail import HOUR, MINUTE, RATE, moment
from tests.faults.prometheus import get, parsed
from tests.faults.world import World, descriptors, resident_bytes
from tests.faults.year_mail import (
    METRICS,
    OLDEST_CUT_SECONDS,
    SENDERS,
    Sender,
    Totals,
    newest_rate,
    published,
    rate,
    true_counts,
)

SHARE = 0.05
"""How many requests fail by themselves, and how many slots of five minutes have an outage."""
SLOT_SECONDS = 300
CHECK_SECONDS = 57 * MINUTE + 30
"""When in each hour it is scraped: after the hourly look, and time to try that again."""
LOOK_SECONDS = 45 * MINUTE
"""From here to the end of an hour there is no outage, only requests that fail: a look has to come through."""
TARGETS = (
    {"name": "hit", "regions": ["us-east-1"]},
    {"name": "other", "regions": ["eu-west-1"], "poll_interval_seconds": 1800},
)


def nothing(answer: dict[str, Any]) -> dict[str, Any]:
    """Spoil every value of *answer*."""
    for result in answer.get("MetricDataResults", ()):
        result["Values"] = [float("nan")] * len(result["Values"])
    return answer


FAULTS: tuple[Fault, ...] = (
    THROTTLING,
    INTERNAL,
    HTML,
    Stall(),
    Hang(),
    Reset(),
    Truncated(),
    Delay(3.0),
    RepeatToken(),
    Edited(nothing),
    Results("PartialData", keep=0.5),
    Results("InternalError", metrics={"Send"}),
    Error("AccessDenied", "no", 403),
    Error("ExpiredToken", "no", 403),
)


class YearAws(FakeAws):
    """Answers from arithmetic, keeps no request, and fails at random."""

    def __init__(self, seed: str, start: int) -> None:
        """Begin the totals with the year before *start*."""
        super().__init__()
        self._random = Random(seed)
        self._seed = seed
        year = datetime.fromtimestamp(start, UTC).year
        begin = int(datetime(year, 1, 1, tzinfo=UTC).timestamp())
        self.totals = {(who, metric): Totals(who, metric, begin) for who in SENDERS for metric in METRICS}
        self._senders = {(who.region, *who.dimensions.values()): who for who in SENDERS}
        self.failing = False
        self.failed = self.asked = 0

    def take(self, method: str, path: str, headers: Mapping[str, str], content: bytes) -> tuple[Request, Fault | None]:
        """Return the request and, at random, a fault."""
        request = wire.parse(method, path, headers, content, at=self.now(), accounts=self.access_keys)
        self.asked += 1
        fault = self._chance(request.at) if self.failing else None
        self.failed += fault is not None
        return request, fault

    def _chance(self, at: float) -> Fault | None:
        slot = Random(f"{self._seed} {at // SLOT_SECONDS}")
        outage = slot.random() < SHARE and at % HOUR < LOOK_SECONDS - SLOT_SECONDS
        if outage:
            return slot.choice(FAULTS)
        return self._random.choice(FAULTS) if self._random.random() < SHARE else None

    def _metric_data(self, request: Request, fault: Fault | None) -> dict[str, Any]:
        body = request.body
        results = []
        for query in body["MetricDataQueries"]:
            stat = query["MetricStat"]
            names = (dimension["Value"] for dimension in stat["Metric"].get("Dimensions", ()))
            sender = self._senders[request.region, *names]
            points = dict(self._points(sender, stat["Metric"]["MetricName"], stat["Period"], body, request.at))
            results.append(
                {
                    "Id": query["Id"],
                    "Timestamps": list(points),
                    "Values": list(points.values()),
                    "StatusCode": "Complete",
                }
            )
        answer = {"MetricDataResults": results, "Messages": []}
        return spoil(answer, body, fault) if isinstance(fault, Spoiling) else answer

    def _metric_list(self, request: Request, fault: Fault | None) -> dict[str, Any]:
        metrics = [
            {"Namespace": NAMESPACE, "MetricName": metric, "Dimensions": named(who.dimensions)}
            for who in SENDERS
            if who.region == request.region and who.dimensions
            for metric in (*METRICS, RATE)
        ]
        answer: dict[str, Any] = {"Metrics": metrics}
        return spoil(answer, request.body, fault) if isinstance(fault, RepeatToken) else answer

    def _points(
        self, who: Sender, metric: str, period: int, body: Mapping[str, Any], now: float
    ) -> Iterator[tuple[int, float]]:
        begin, end = int(body["StartTime"]), int(body["EndTime"])
        if period == MINUTE:
            yield from published(who, metric, begin, end, now)
            return
        for start in range(begin, end, period):
            stop = min(start + period, end)
            if metric in METRICS:
                value = self.totals[who, metric].seen(start, stop, now)
            else:
                rates = [value for _, value in published(who, metric, start, stop, now)]
                value = sum(rates) / len(rates) if rates else 0.0
            if value:
                yield start, value


def named(dimensions: Mapping[str, str]) -> list[dict[str, str]]:
    """Return *dimensions* as CloudWatch lists them."""
    return [{"Name": name, "Value": value} for name, value in dimensions.items()]


@dataclass
class Account:
    """What came of a run."""

    hours: int = 0
    wrong: list[str] = field(default_factory=list)
    requests: int = 0
    failed: int = 0
    failures: float = 0.0
    resident_after_a_day: int = 0
    resident_at_the_end: int = 0
    strains: dict[str, int] = field(default_factory=dict)
    """How many hours had so many tasks and open files."""
    seconds: float = 0.0


def check(samples: Mapping[str, float], totals: Mapping[tuple[Sender, str], Totals], now: float) -> Iterator[str]:
    """Yield what is wrong on a page."""
    at = datetime.fromtimestamp(now, UTC)
    for (who, metric), sums in totals.items():
        name = total_family(metric, dimensioned=bool(who.dimensions)).name + who.labels
        value, true = samples.get(name), true_counts(sums, now)
        if value not in true:
            yield f"{at}: {name} is {value}, not {min(true)} to {max(true)}"
    for who in SENDERS:
        name = held_family(RATE, dimensioned=bool(who.dimensions)).name
        minute = samples.get(f"{name}_timestamp_seconds{who.labels}", 0.0)
        if not newest_rate(who, now - OLDEST_CUT_SECONDS) <= minute < now:
            yield f"{at}: {name}{who.labels} is of {minute}"
        if samples.get(f"{name}{who.labels}") != rate(who, int(minute)):
            yield f"{at}: {name}{who.labels} is {samples.get(f'{name}{who.labels}')} of {minute}"


async def _live(world: World, aws: YearAws, days: float) -> Account:
    account = Account()
    aws.now = lambda: world.now
    await world.up_again()
    begun = world.start - world.start % HOUR
    aws.failing = True
    for hour in range(1, int(days * 24) + 1):
        await asyncio.sleep(begun + hour * HOUR + CHECK_SECONDS - world.now)
        assert world.daemon is not None
        status, page = await get(world.daemon.app, "/metrics")
        samples = parsed(page)
        account.wrong += check(samples, aws.totals, world.now)
        account.wrong += [] if status == 200 else [f"HTTP {status}"]
        strain = f"{len(asyncio.all_tasks())} tasks, {descriptors()} files"
        account.strains[strain] = account.strains.get(strain, 0) + 1
        account.hours += 1
        if hour == min(24, int(days * 12)):
            gc.collect()
            account.resident_after_a_day = resident_bytes()
    account.failures = sum(value for name, value in samples.items() if "poll_failures_total" in name)
    gc.collect()
    account.resident_at_the_end = resident_bytes()
    account.requests, account.failed = aws.asked, aws.failed
    await world.down()
    return account


def live(start: float, days: float, seed: str) -> Account:
    """Live *days* from *start* on."""
    begun = time.process_time()
    aws = YearAws(seed, int(start))
    settings = {"targets": TARGETS, "metrics": [{"name": name, "dimensions": ["all"]} for name in (*METRICS, RATE)]}
    world = World(start, aws, Settings.model_validate(settings), 300)
    with short_collections(), asyncio.Runner(loop_factory=Loop) as runner:
        account = runner.run(_live(world, aws, days))
    account.seconds = time.process_time() - begun
    return account


def main() -> None:
    """Live, and print what came of it."""
    os.environ.update(
        AWS_ACCESS_KEY_ID="AKIDYEAR",
        AWS_SECRET_ACCESS_KEY="planted-secret",
        AWS_EC2_METADATA_DISABLED="true",
        AWS_CONFIG_FILE=os.devnull,
        AWS_SHARED_CREDENTIALS_FILE=os.devnull,
    )
    account = live(moment(sys.argv[1]), float(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else "year")
    json.dump(asdict(account), sys.stdout, indent=1)


if __name__ == "__main__":
    main()
