from __future__ import annotations

from typing import Any

import pytest

from tests.fakes.cloudwatch import DEFAULT_ACCOUNT, DEFAULT_REGION, FakeAwsError, FakeCloudWatch
from tests.fakes.statistics import get_metric_statistics

NOW = 1_800_000_042.0
START = 1_800_000_000 // 60 * 60 - 3_600
HALF_PAST = START + 1_800


def ask(cloudwatch: FakeCloudWatch, **changes: Any) -> list[dict[str, Any]]:
    request: dict[str, Any] = {
        "Namespace": "AWS/SES", "MetricName": "Send", "StartTime": START + 7, "EndTime": NOW, "Period": 1_800,
        "Statistics": ["Sum", "Average"],
    }  # fmt: skip
    answer = get_metric_statistics(cloudwatch, request | changes, NOW, account=DEFAULT_ACCOUNT, region=DEFAULT_REGION)
    assert answer["Label"] == "Send"
    return sorted(answer["Datapoints"], key=lambda point: float(point["Timestamp"]))


def test_periods_begin_with_the_start_rounded_down_to_the_minute() -> None:
    cloudwatch = FakeCloudWatch()
    for minute, value in ((START - 60, 100), (START, 1), (HALF_PAST - 60, 2), (HALF_PAST, 5)):
        cloudwatch.put("Send", minute, value)
    assert ask(cloudwatch) == [
        {"Timestamp": START, "Unit": "None", "Sum": 3.0, "Average": 1.5},
        {"Timestamp": HALF_PAST, "Unit": "None", "Sum": 5.0, "Average": 5.0},
    ]
    assert ask(cloudwatch, Dimensions=[{"Name": "a", "Value": "b"}]) == []
    assert [point["Sum"] for point in ask(cloudwatch, EndTime=HALF_PAST)] == [3.0]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"Period": 61}, "InvalidParameterValue"),
        ({"Statistics": []}, "InvalidParameterValue"),
        ({"EndTime": START}, "InvalidParameterCombination"),
        ({"StartTime": NOW - 1_441 * 60, "Period": 60}, "InvalidParameterCombination"),
    ],
)
def test_what_aws_refuses_is_refused(changes: dict[str, Any], code: str) -> None:
    with pytest.raises(FakeAwsError) as caught:
        ask(FakeCloudWatch(), **changes)
    assert caught.value.code == code
    assert ask(FakeCloudWatch(), StartTime=NOW - 1_440 * 60, Period=60) == []


def test_a_period_finer_than_the_age_allows_has_nothing() -> None:
    cloudwatch = FakeCloudWatch()
    cloudwatch.put("Send", START - 20 * 86_400, 1)
    start = {"StartTime": START - 20 * 86_400, "EndTime": START - 19 * 86_400}
    assert ask(cloudwatch, **start, Period=60) == []
    assert [point["Sum"] for point in ask(cloudwatch, **start, Period=300)] == [1.0]
