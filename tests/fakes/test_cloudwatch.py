"""The fake CloudWatch answers as the real one is documented to."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.fakes.cloudwatch import DAY, FakeAwsError, FakeCloudWatch
from tests.fakes.datapoints import HOUR

T0 = 1_800_000_000 - 1_800_000_000 % DAY  # a UTC midnight


def request(
    *metrics: str, start: float, end: float, period: int = 60, stat: str = "Sum", **more: Any
) -> dict[str, Any]:
    return {
        "MetricDataQueries": [
            {
                "Id": f"q{number}",
                "MetricStat": {"Metric": {"Namespace": "AWS/SES", "MetricName": m}, "Period": period, "Stat": stat},
            }
            for number, m in enumerate(metrics)
        ],
        "StartTime": datetime.fromtimestamp(start, UTC),
        "EndTime": datetime.fromtimestamp(end, UTC),
        **more,
    }


def points(response: Mapping[str, Any], number: int = 0) -> dict[float, float]:
    result = next(r for r in response["MetricDataResults"] if r["Id"] == f"q{number}")
    return {t.timestamp(): v for t, v in zip(result["Timestamps"], result["Values"], strict=True)}


def test_start_is_inclusive_and_end_exclusive() -> None:
    fake = FakeCloudWatch()
    for minute in range(5):
        fake.put("Send", T0 + 60 * minute, minute + 1)
    answer = fake.get_metric_data(request("Send", start=T0 + 60, end=T0 + 180), T0 + 600)
    assert points(answer) == {T0 + 60: 2, T0 + 120: 3}


def test_buckets_are_aligned_to_the_period_and_an_unaligned_window_gives_half_filled_ones() -> None:
    fake = FakeCloudWatch()
    for minute in range(10):
        fake.put("Send", T0 + 60 * minute, 1)
    aligned = fake.get_metric_data(request("Send", start=T0, end=T0 + 600, period=300), T0 + 600)
    unaligned = fake.get_metric_data(request("Send", start=T0 + 120, end=T0 + 600, period=300), T0 + 600)
    assert points(aligned) == {T0: 5, T0 + 300: 5}
    assert points(unaligned) == {T0: 3, T0 + 300: 5}


def test_a_datapoint_is_seen_from_its_time_on_and_revisions_replace_it_up_down_and_away() -> None:
    fake = FakeCloudWatch()
    fake.put("Send", T0, 5, visible_at=T0 + 100)
    fake.put("Send", T0, None, visible_at=T0 + 400)
    fake.put("Send", T0, 9, visible_at=T0 + 200)
    fake.put("Send", T0, 3, visible_at=T0 + 300)
    seen = [
        points(fake.get_metric_data(request("Send", start=T0, end=T0 + 60), T0 + now)) for now in range(0, 500, 100)
    ]
    assert seen == [{}, {T0: 5}, {T0: 9}, {T0: 3}, {}]
    assert points(fake.get_metric_data(request("Send", start=T0, end=T0 + 60), T0 + 250, stale_seconds=100)) == {T0: 5}
    assert fake.total("Send", T0, T0 + 60, T0 + 250) == 9
    assert fake.total("Bounce", T0, T0 + 60) == 0


def test_hours_and_days_are_the_sums_of_their_minutes_whatever_is_settled() -> None:
    fake = FakeCloudWatch()
    rng = random.Random(1)
    for minute in range(0, 3 * 1440, 7):
        fake.put("Send", T0 + 60 * minute, rng.randrange(100), visible_at=T0 + 60 * minute + rng.randrange(DAY))
    for now in (T0 + DAY, T0 + 2 * DAY + 1234, T0 + 5 * DAY):
        minutes = points(fake.get_metric_data(request("Send", start=T0, end=T0 + 3 * DAY), now))
        for period in (HOUR, DAY):
            expected: dict[float, float] = {}
            for moment, value in minutes.items():
                expected[moment - moment % period] = expected.get(moment - moment % period, 0) + value
            got = points(fake.get_metric_data(request("Send", start=T0, end=T0 + 3 * DAY, period=period), now))
            assert got == expected


@pytest.mark.parametrize(
    ("stat", "value"),
    [("Sum", 10), ("Average", 2.5), ("Minimum", 1), ("Maximum", 4), ("SampleCount", 4), ("p50", 2), ("p99.9", 4)],
)
def test_statistics(stat: str, value: float) -> None:
    fake = FakeCloudWatch()
    fake.put("X", T0, samples=(1, 2))
    fake.put("X", T0 + 60, samples=(3, 4))
    assert points(fake.get_metric_data(request("X", start=T0, end=T0 + 300, period=300, stat=stat), T0 + 300)) == {
        T0: value
    }


def test_a_value_is_the_sum_of_its_samples() -> None:
    fake = FakeCloudWatch()
    fake.put("X", T0, 10, sample_count=4)
    answers = [
        points(fake.get_metric_data(request("X", start=T0, end=T0 + 60, stat=stat), T0))[T0]
        for stat in ("Sum", "Average", "SampleCount", "p90")
    ]
    assert answers == [10, 2.5, 4, 2.5]


def test_dimension_sets_accounts_regions_and_namespaces_are_exact() -> None:
    fake = FakeCloudWatch()
    fake.put("Send", T0, 1)
    fake.put("Send", T0, 2, dimensions={"a": "1"})
    fake.put("Send", T0, 3, dimensions={"a": "1", "b": "2"})
    fake.put("Send", T0, 4, region="eu-west-1")
    fake.put("Send", T0, 5, account="210987654321")
    fake.put("Send", T0, 6, namespace="Other")
    ask = request("Send", start=T0, end=T0 + 60)
    assert points(fake.get_metric_data(ask, T0)) == {T0: 1}
    assert points(fake.get_metric_data(ask, T0, region="eu-west-1")) == {T0: 4}
    assert points(fake.get_metric_data(ask, T0, account="210987654321")) == {T0: 5}
    ask["MetricDataQueries"][0]["MetricStat"]["Metric"]["Dimensions"] = [{"Name": "a", "Value": "1"}]
    assert points(fake.get_metric_data(ask, T0)) == {T0: 2}


@pytest.mark.parametrize(
    ("age", "period", "seen"),
    [
        (15 * DAY, 60, True),
        (15 * DAY + 60, 60, False),
        (15 * DAY + 60, 300, True),
        (63 * DAY + 60, 300, False),
        (63 * DAY + 60, 3600, True),
        (3 * HOUR + 60, 30, False),
        (456 * DAY, 3600, False),
    ],
)
def test_a_period_finer_than_the_age_allows_gives_nothing(age: float, period: int, seen: bool) -> None:
    fake = FakeCloudWatch()
    fake.put("Send", T0, 1)
    answer = fake.get_metric_data(request("Send", start=T0, end=T0 + DAY, period=period), T0 + age)
    assert bool(points(answer)) is seen


@pytest.mark.parametrize(("age", "grain"), [(DAY, 60), (20 * DAY, 300), (70 * DAY, 3600)])
def test_start_is_rounded_down_by_its_age(age: float, grain: int) -> None:
    fake = FakeCloudWatch()
    start = T0 + grain - 1
    fake.put("Send", T0, 1)
    answer = fake.get_metric_data(request("Send", start=start, end=T0 + DAY, period=3600), start + age)
    assert points(answer) == {T0: 1}
    beyond = fake.get_metric_data(request("Send", start=T0 + grain, end=T0 + DAY, period=3600), T0 + age)
    assert points(beyond) == {}


def test_newest_first_unless_asked_otherwise() -> None:
    fake = FakeCloudWatch()
    fake.put("Send", T0, 1)
    fake.put("Send", T0 + 60, 2)
    newest = fake.get_metric_data(request("Send", start=T0, end=T0 + 120), T0 + 120)
    oldest = fake.get_metric_data(request("Send", start=T0, end=T0 + 120, ScanBy="TimestampAscending"), T0 + 120)
    assert newest["MetricDataResults"][0]["Values"] == [2, 1]
    assert oldest["MetricDataResults"][0]["Values"] == [1, 2]


def test_pages_hold_at_most_so_many_datapoints_and_together_are_the_whole() -> None:
    fake = FakeCloudWatch(page_size=4, shuffle=random.Random(0))
    for minute in range(5):
        fake.put("Send", T0 + 60 * minute, minute)
        fake.put("Open", T0 + 60 * minute, minute * 2)
    ask = request("Send", "Open", "Click", start=T0, end=T0 + 300)
    merged: dict[str, list[float]] = {"q0": [], "q1": [], "q2": []}
    statuses: dict[str, list[str]] = {"q0": [], "q1": [], "q2": []}
    pages = 0
    while True:
        answer = fake.get_metric_data(ask, T0 + 300)
        pages += 1
        assert sum(len(r["Values"]) for r in answer["MetricDataResults"]) <= 4
        for result in answer["MetricDataResults"]:
            merged[result["Id"]] += result["Values"]
            statuses[result["Id"]].append(result["StatusCode"])
        if "NextToken" not in answer:
            break
        ask["NextToken"] = answer["NextToken"]
    assert pages == 3
    assert merged == {"q0": [4, 3, 2, 1, 0], "q1": [8, 6, 4, 2, 0], "q2": []}
    assert statuses == {
        "q0": ["PartialData", "Complete"],
        "q1": ["PartialData", "PartialData", "Complete"],
        "q2": ["Complete"],
    }


def test_a_token_belongs_to_its_request_and_old_ones_are_forgotten() -> None:
    fake = FakeCloudWatch(page_size=1)
    for minute in range(2):
        fake.put("Send", T0 + 60 * minute, 1)
    ask = request("Send", start=T0, end=T0 + 120)
    token = fake.get_metric_data(ask, T0 + 120)["NextToken"]
    other = request("Open", start=T0, end=T0 + 120, NextToken=token)
    with pytest.raises(FakeAwsError, match="InvalidNextToken"):
        fake.get_metric_data(other, T0 + 120)
    for _ in range(300):
        fake.get_metric_data(ask, T0 + 120)
    with pytest.raises(FakeAwsError, match="InvalidNextToken"):
        fake.get_metric_data(ask | {"NextToken": token}, T0 + 120)


def test_a_query_without_returned_data_has_no_result() -> None:
    ask = request("Send", start=T0, end=T0 + 120)
    ask["MetricDataQueries"][0]["ReturnData"] = False
    assert FakeCloudWatch().get_metric_data(ask, T0)["MetricDataResults"] == []


@pytest.mark.parametrize(
    ("ask", "text"),
    [
        (request(start=T0, end=T0 + 60), "must not be empty"),
        (request(*["Send"] * 501, start=T0, end=T0 + 60), "greater than 500"),
        (request("Send", start=T0, end=T0), "less than"),
        (request("Send", start=T0, end=T0 + 60, period=90), "Period"),
        (request("Send", start=T0, end=T0 + 60, stat="p101"), "Stat"),
        (request("Send", start=T0, end=T0 + 60, MaxDatapoints=100_801), "MaxDatapoints"),
    ],
)
def test_what_the_api_refuses_is_refused(ask: dict[str, Any], text: str) -> None:
    with pytest.raises(FakeAwsError, match=text) as caught:
        FakeCloudWatch().get_metric_data(ask, T0)
    assert caught.value.code == "ValidationError"


def test_ids_are_checked() -> None:
    ask = request("Send", "Open", start=T0, end=T0 + 60)
    ask["MetricDataQueries"][1]["Id"] = "q0"
    with pytest.raises(FakeAwsError, match="unique"):
        FakeCloudWatch().get_metric_data(ask, T0)
    ask["MetricDataQueries"][1]["Id"] = "Q"
    with pytest.raises(FakeAwsError, match="pattern"):
        FakeCloudWatch().get_metric_data(ask, T0)
    ask["MetricDataQueries"][1] = {"Id": "e", "Expression": "q0*2"}
    with pytest.raises(FakeAwsError, match="MetricStat only"):
        FakeCloudWatch().get_metric_data(ask, T0)
    ask["StartTime"] = datetime(2026, 1, 1)  # noqa: DTZ001
    with pytest.raises(FakeAwsError, match="naive"):
        FakeCloudWatch().get_metric_data(ask, T0)


def test_a_datapoint_starts_a_minute() -> None:
    with pytest.raises(ValueError, match="start of a minute"):
        FakeCloudWatch().put("Send", T0 + 1, 1)
