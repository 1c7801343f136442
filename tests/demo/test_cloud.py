from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiobotocore.session import get_session

from exporter.demo.cloud import EmbeddedAws
from exporter.demo.mail import Minute

NOON = 1_795_003_200
REGIONS = ("us-east-1", "eu-west-1")


@pytest.fixture
def aws() -> Iterator[EmbeddedAws]:
    with EmbeddedAws(lambda region: {"EnforcementStatus": f"OF {region}", "SendingEnabled": True}) as running:
        yield running


@pytest.fixture
def client(aws: EmbeddedAws) -> Any:
    def create(service: str, region: str) -> Any:
        return get_session().create_client(
            service,  # type: ignore[call-overload]  # one of three
            region_name=region,
            endpoint_url=aws.url,
            aws_access_key_id="demo",
            aws_secret_access_key="demo",
        )

    return create


def minute(start: int, send: int, rate: float) -> Minute:
    return Minute(start, {"Send": send, "Bounce": 1}, {"Reputation.BounceRate": rate})


async def read(client: Any, region: str, period_seconds: int, **statistics: str) -> dict[str, dict[datetime, float]]:
    queries = [
        {
            "Id": f"q{number}",
            "Label": metric,
            "MetricStat": {
                "Metric": {"Namespace": "AWS/SES", "MetricName": metric.replace("_", ".")},
                "Period": period_seconds,
                "Stat": statistic,
            },
        }
        for number, (metric, statistic) in enumerate(statistics.items())
    ]
    noon = datetime.fromtimestamp(NOON, UTC)
    async with client("cloudwatch", region) as cloudwatch:
        answer = await cloudwatch.get_metric_data(
            MetricDataQueries=queries, StartTime=noon, EndTime=noon + timedelta(hours=1)
        )
    return {
        result["Label"]: dict(zip(result["Timestamps"], result["Values"], strict=True))
        for result in answer["MetricDataResults"]
    }


async def test_a_minute_put_is_a_datapoint_of_its_region_only(aws: EmbeddedAws, client: Any) -> None:
    aws.put_minute("us-east-1", minute(NOON + 120, send=7, rate=0.14))
    at = datetime.fromtimestamp(NOON + 120, UTC)

    assert await read(client, "us-east-1", 60, Send="Sum", Reputation_BounceRate="Average") == {
        "Send": {at: 7.0},
        "Reputation_BounceRate": {at: 0.14},
    }
    assert await read(client, "eu-west-1", 60, Send="Sum") == {"Send": {}}


async def test_an_hour_put_keeps_the_sum_of_counts_and_the_average_of_rates(aws: EmbeddedAws, client: Any) -> None:
    aws.put_hour("us-east-1", [minute(NOON + 60, 7, 0.1), minute(NOON + 1260, 5, 0.2)])
    at = datetime.fromtimestamp(NOON, UTC)

    found = await read(client, "us-east-1", 3600, Send="Sum", Reputation_BounceRate="Average")

    assert found["Send"] == {at: 12.0}
    assert found["Reputation_BounceRate"] == {at: pytest.approx(0.15)}


@pytest.mark.parametrize("region", REGIONS)
async def test_get_account_is_answered_beside_moto_for_the_region_of_the_signature(client: Any, region: str) -> None:
    async with client("sesv2", region) as ses:
        answer = await ses.get_account()

    assert answer["EnforcementStatus"] == f"OF {region}"
    assert "date" in answer["ResponseMetadata"]["HTTPHeaders"]


async def test_moto_says_who_we_are_and_what_time_it_is(client: Any) -> None:
    async with client("sts", "us-east-1") as sts:
        answer = await sts.get_caller_identity()

    assert answer["Account"] == "123456789012"
    assert "date" in answer["ResponseMetadata"]["HTTPHeaders"]


async def test_a_new_one_holds_nothing_of_an_earlier_one(aws: EmbeddedAws, client: Any) -> None:
    aws.put_minute("us-east-1", minute(NOON, 7, 0.14))
    with EmbeddedAws(lambda _: {}):
        assert await read(client, "us-east-1", 60, Send="Sum") == {"Send": {}}
