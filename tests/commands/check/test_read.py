from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from exporter.commands.check.options import Options, options_of
from exporter.commands.check.read import read_from
from exporter.commands.check.readings import Readings
from exporter.errors import InvalidResponseError
from tests.fakes.aws import FACTS
from tests.fakes.cloudwatch import DEFAULT_ACCOUNT, DEFAULT_REGION, FakeCloudWatch
from tests.fakes.statistics import get_metric_statistics

NOW = 1_800_000_042.0
THIS_MINUTE = 1_800_000_000 // 60 * 60
MINUTE, HOUR, DAY = 60, 3_600, 86_400


class Asked:
    """AWS in memory, at a fixed time; keeps what was asked for."""

    def __init__(self) -> None:
        self.cloudwatch = FakeCloudWatch()
        self.requests: list[dict[str, Any]] = []
        self.accounts = 0

    async def get_metric_statistics(self, **request: Any) -> dict[str, Any]:
        self.requests.append(request)
        times = {name: request[name].timestamp() for name in ("StartTime", "EndTime")}
        answer = get_metric_statistics(
            self.cloudwatch, request | times, NOW, account=DEFAULT_ACCOUNT, region=DEFAULT_REGION
        )
        for point in answer["Datapoints"]:
            point["Timestamp"] = datetime.fromtimestamp(point["Timestamp"], UTC)
        return answer

    async def get_account(self) -> dict[str, Any]:
        self.accounts += 1
        return FACTS


@pytest.fixture
def asked() -> Asked:
    return Asked()


def wanted(**given: Any) -> Options:
    return options_of({"region": "us-east-1", **{key.replace("_", "-"): value for key, value in given.items()}}, {})


async def reading(asked: Asked, **given: Any) -> Readings:
    return await read_from(asked, wanted(**given), NOW)


async def test_without_further_thresholds_only_centreons_four_are_asked_for_once_each(asked: Asked) -> None:
    found = await reading(asked)
    assert (found.numbers, found.newest, found.account) == ({}, {}, None)
    names = ["Delivery", "Reputation.ComplaintRate", "Send", "Reputation.BounceRate"]
    assert [request["MetricName"] for request in asked.requests] == names
    assert {(each["Namespace"], each["Period"], tuple(each["Statistics"])) for each in asked.requests} == {
        ("AWS/SES", DAY, ("Average",))
    }
    assert asked.accounts == 0


async def test_the_mean_is_over_days_that_begin_with_the_timeframe_and_not_with_the_clock(asked: Asked) -> None:
    start = THIS_MINUTE - 2 * DAY
    for minute, value in ((start, 10), (start + DAY - MINUTE, 30), (start + DAY, 5), (THIS_MINUTE - MINUTE, 8)):
        asked.cloudwatch.put("Send", minute, value)
    asked.cloudwatch.put("Send", start + 2 * MINUTE, samples=(1.0, 3.0))
    asked.cloudwatch.put("Send", start - MINUTE, 1_000)
    found = await reading(asked)
    assert found.numbers == {"Average": {"Send": pytest.approx((44 / 4 + 13 / 2) / 2)}}


@pytest.mark.parametrize(
    ("statistic", "value"), [("average", 13.0), ("minimum", 1.0), ("maximum", 20.0), ("sum", 38.0)]
)
async def test_the_statistic_is_what_is_asked_for(statistic: str, value: float, asked: Asked) -> None:
    asked.cloudwatch.put("Send", THIS_MINUTE - MINUTE, samples=(1.0, 8.0, 9.0))
    asked.cloudwatch.put("Send", THIS_MINUTE - 2 * MINUTE, 20.0)
    found = await reading(asked, statistic=[statistic], timeframe="600", period="60")
    assert found.numbers == {statistic.capitalize(): {"Send": pytest.approx(value)}}


async def test_several_statistics_of_a_metric_are_one_question(asked: Asked) -> None:
    asked.cloudwatch.put("Send", THIS_MINUTE - MINUTE, samples=(1.0, 8.0))
    asked.cloudwatch.put("Reputation.BounceRate", THIS_MINUTE - MINUTE, samples=(0.1, 0.3))
    found = await reading(asked, statistic=["sum", "minimum", "average"], filter_metric="Send|Bounce")
    assert found.numbers == {
        "Sum": {"Send": 9.0},
        "Minimum": {"Send": 1.0, "Reputation.BounceRate": 0.1},
        "Average": {"Send": 4.5, "Reputation.BounceRate": pytest.approx(0.2)},
    }
    assert [request["Statistics"] for request in asked.requests] == [
        ["Sum", "Minimum", "Average"],
        ["Average", "Minimum"],
    ]


@pytest.mark.parametrize("age", [0, MINUTE, 59 * MINUTE, 5 * HOUR, 13 * DAY])
async def test_the_newest_reputation_is_found_however_quiet_it_was(age: int, asked: Asked) -> None:
    asked.cloudwatch.put("Reputation.BounceRate", THIS_MINUTE - age, 0.07)
    asked.cloudwatch.put("Reputation.BounceRate", THIS_MINUTE - age - MINUTE, 0.05)
    found = await reading(asked, critical_bounce="0.1", critical_complaint="0.1", filter_counters="bounce|complaint")
    assert found.newest == {"Reputation.BounceRate": (THIS_MINUTE - age, 0.07)}
    periods = [(request["MetricName"], request["Period"]) for request in asked.requests]
    assert periods == [
        ("Reputation.BounceRate", HOUR),
        ("Reputation.BounceRate", MINUTE),
        ("Reputation.ComplaintRate", HOUR),
    ]


async def test_a_reputation_of_three_weeks_ago_is_none(asked: Asked) -> None:
    asked.cloudwatch.put("Reputation.BounceRate", THIS_MINUTE - 21 * DAY, 0.07)
    assert (await reading(asked, critical_bounce="0.1", filter_counters="bounce")).newest == {}


async def test_dimensions_are_those_of_both_reads(asked: Asked) -> None:
    of_the_set = {"ses:configuration-set": "marketing"}
    for dimensions, value in ((None, 0.5), (of_the_set, 0.02)):
        asked.cloudwatch.put("Reputation.BounceRate", THIS_MINUTE - HOUR, value, dimensions=dimensions)
    found = await reading(asked, configuration_set="marketing", warning_bounce="1")
    assert found.numbers == {"Average": {"Reputation.BounceRate": 0.02}}
    assert found.newest["Reputation.BounceRate"] == (THIS_MINUTE - HOUR, 0.02)


@pytest.mark.parametrize("given", [{"warning_quota": "1"}, {"critical_sending": "paused"}])
async def test_the_account_is_asked_for_once_and_only_where_it_matters(given: dict[str, str], asked: Asked) -> None:
    found = await reading(asked, **given)
    assert (found.account, asked.accounts) == (FACTS, 1)


@pytest.mark.parametrize(
    "point",
    [
        {},
        {"Timestamp": datetime.fromtimestamp(THIS_MINUTE, UTC)},
        {"Average": 1.0},
        {"Timestamp": datetime.fromtimestamp(THIS_MINUTE, UTC), "Average": None},
        {"Timestamp": datetime.fromtimestamp(THIS_MINUTE, UTC), "Average": float("nan")},
    ],
)
async def test_half_a_datapoint_is_an_error(point: dict[str, Any], asked: Asked, monkeypatch: Any) -> None:
    async def answer(**_: Any) -> dict[str, Any]:
        return {"Label": "Send", "Datapoints": [point]}

    monkeypatch.setattr(asked, "get_metric_statistics", answer)
    with pytest.raises(InvalidResponseError, match="GetMetricStatistics: a datapoint"):
        await reading(asked)


async def test_an_hour_without_its_minutes_is_an_error(asked: Asked, monkeypatch: Any) -> None:
    asked.cloudwatch.put("Reputation.BounceRate", THIS_MINUTE, 0.1)
    whole = asked.get_metric_statistics

    async def without_minutes(**request: Any) -> dict[str, Any]:
        return {"Label": "x", "Datapoints": []} if request["Period"] == MINUTE else await whole(**request)

    monkeypatch.setattr(asked, "get_metric_statistics", without_minutes)
    with pytest.raises(InvalidResponseError, match="no minute in it"):
        await reading(asked, warning_bounce="1", filter_counters="bounce")
