"""A simulated year: the whole daemon polls each 300 s over the whole SDK while requests fail at random.

`python -m tests.faults.year 2027-06-15T00:00 366` plays from there for so many days and prints what came of it as JSON.
It is a process of its own, so that its memory is that of nothing else, and the mail is arithmetic, so that a year of it
takes none. Whatever a minute holds is visible before it may be counted, but for late mail, which is there before the
look of the next hour: so at the end of each hour the counter is everything up to a cut, to the mail, that can be seen.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sys
import time
from array import array
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Any

from exporter.config.settings import Settings
from exporter.daemon.garbage import short_collections
from tests.fakes import wire
from tests.fakes.aws import (
    DEFAULT_ACCOUNT,
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

SHARE = 0.05
"""How many requests fail by themselves, and how many slots of five minutes have an outage."""
SLOT_SECONDS = 300
CHECK_SECONDS = 57 * MINUTE + 30
"""When in each hour it is scraped: after the hourly look, and time to try that again."""
LOOK_SECONDS = 45 * MINUTE
"""From here to the end of an hour there is no outage, only requests that fail: a look has to come through."""
OLDEST_CUT_SECONDS = 25 * MINUTE
LABELS = f'{{account_id="{DEFAULT_ACCOUNT}",region="us-east-1"}}'
METRICS = {"Send": 3, "Bounce": 17}
"""Counts, each with what makes its minutes its own."""


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


def mixed(minute: int, salt: int) -> int:
    """Return a number that looks random, always the same one."""
    number = (minute // MINUTE * 2_654_435_761 + salt * 40_503) & 0xFFFFFFFF
    number ^= number >> 15
    return (number * 2_246_822_519 & 0xFFFFFFFF) >> 8


def events(metric: str, minute: int) -> int:
    """Return how many events of *metric* there were in *minute*."""
    number = mixed(minute, METRICS[metric])
    return number % 89 if number % 10 < 3 else 0


def visible_at(minute: int) -> int:
    """Return when *minute* can be seen: soon, and one in fifty only before the look of the next hour."""
    number = mixed(minute, 29)
    if number % 50 == 0:
        return minute - minute % HOUR + HOUR + 40 * MINUTE
    return minute + MINUTE + number % 200


def rate(minute: int) -> float | None:
    """Return the rate of *minute*, which there is where there was mail."""
    return mixed(minute, 5) % 1000 / 1e5 if events("Send", minute) else None


class Totals:
    """How many events there were up to the end of each hour since *start*."""

    def __init__(self, metric: str, start: int) -> None:
        self._metric = metric
        self._start = start
        self._hours = array("d", [0.0])

    def up_to(self, end: int) -> float:
        """Return the sum from the start to before *end*."""
        whole = (end - self._start) // HOUR
        while len(self._hours) <= whole:
            hour = self._start + (len(self._hours) - 1) * HOUR
            self._hours.append(self._hours[-1] + self._minutes(hour, hour + HOUR))
        return self._hours[whole] + self._minutes(self._start + whole * HOUR, end)

    def seen(self, cut: int, now: float) -> float:
        """Return the sum up to *cut* without what cannot be seen at *now*, all of which is of this hour."""
        hour = int(now) // HOUR * HOUR
        late = (minute for minute in range(hour, cut, MINUTE) if visible_at(minute) > now)
        return self.up_to(cut) - sum(events(self._metric, minute) for minute in late)

    def _minutes(self, start: int, end: int) -> float:
        return float(sum(events(self._metric, minute) for minute in range(start, end, MINUTE)))


class YearAws(FakeAws):
    """Answers from arithmetic, keeps no request, and fails at random."""

    def __init__(self, seed: str, start: int) -> None:
        """Begin the totals with the year before *start*."""
        super().__init__()
        self._random = Random(seed)
        self._seed = seed
        year = datetime.fromtimestamp(start, UTC).year
        self.totals = {metric: Totals(metric, int(datetime(year, 1, 1, tzinfo=UTC).timestamp())) for metric in METRICS}
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
            points = dict(self._points(stat["Metric"]["MetricName"], stat["Period"], body, request.at))
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

    def _points(self, metric: str, period: int, body: Mapping[str, Any], now: float) -> Iterator[tuple[int, float]]:
        for start in range(int(body["StartTime"]), int(body["EndTime"]), period):
            end = min(start + period, int(body["EndTime"]))
            if metric in METRICS and start + period + HOUR < now:
                value: float | None = self.totals[metric].up_to(end) - self.totals[metric].up_to(start)
            else:
                seen = [minute for minute in range(start, end, MINUTE) if visible_at(minute) <= now]
                if metric in METRICS:
                    value = float(sum(events(metric, minute) for minute in seen))
                else:
                    rates = [each for minute in seen if (each := rate(minute)) is not None]
                    value = sum(rates) / len(rates) if rates else None
            if value:
                yield start, value


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


def true_counts(totals: Totals, now: float) -> set[float]:
    """Return what the counter may show at *now*: all of its year up to a cut of the last minutes; told by the clock."""
    this = int(datetime(datetime.fromtimestamp(now, UTC).year, 1, 1, tzinfo=UTC).timestamp())
    if now < this + HOUR:
        before = int(datetime(datetime.fromtimestamp(this - 1, UTC).year, 1, 1, tzinfo=UTC).timestamp())
        return {totals.up_to(this) - totals.up_to(before)}
    if now < this + HOUR + 15 * MINUTE:
        return {0.0}
    newest = int(now - 300) // MINUTE * MINUTE
    return {totals.seen(cut, now) - totals.up_to(this) for cut in range(newest, newest - OLDEST_CUT_SECONDS, -MINUTE)}


def check(samples: Mapping[str, float], totals: Mapping[str, Totals], now: float) -> Iterator[str]:
    """Yield what is wrong on a page."""
    for metric in METRICS:
        value, true = samples.get(f"aws_ses_{metric.lower()}_total{LABELS}"), true_counts(totals[metric], now)
        if value not in true:
            yield f"{datetime.fromtimestamp(now, UTC)}: {metric} is {value}, not {min(true)} to {max(true)}"
    name = "aws_ses_reputation_bounce_rate"
    at = samples.get(f"{name}_timestamp_seconds{LABELS}", 0.0)
    if not now - 3600 < at < now or samples.get(f"{name}{LABELS}") != rate(int(at)):
        yield f"{datetime.fromtimestamp(now, UTC)}: the rate is {samples.get(f'{name}{LABELS}')} of {at}"


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
    settings = {
        "targets": [{"name": "hit", "regions": ["us-east-1"]}],
        "metrics": [{"name": name} for name in (*METRICS, RATE)],
    }
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
