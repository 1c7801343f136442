"""The fake AWS speaks to the real SDK over HTTP."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest
from aiobotocore.config import AioConfig
from aiobotocore.session import AioSession
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionClosedError,
    ReadTimeoutError,
)

from tests.aws.helpers import PATIENCE_SECONDS, lose_patience
from tests.fakes.aws import (
    FACTS,
    HTML,
    INTERNAL,
    THROTTLING,
    CutShort,
    Delay,
    Error,
    FakeAws,
    Fault,
    RepeatToken,
    Reset,
    Results,
    Role,
    Stale,
    Stall,
    Truncated,
)

NOW = 1_800_000_000.0
ROLE = "arn:aws:iam::210987654321:role/reader"


@pytest.fixture
def aws() -> Iterator[FakeAws]:
    with FakeAws(now=lambda: NOW) as fake:
        yield fake


@asynccontextmanager
async def client(aws: FakeAws, service: str, region: str = "us-east-1", key: str = "AKIDEXAMPLE") -> AsyncIterator[Any]:
    config = AioConfig(retries={"mode": "standard", "total_max_attempts": 1}, read_timeout=PATIENCE_SECONDS)
    session: Any = AioSession()  # the service is a variable here
    async with session.create_client(
        service,
        region_name=region,
        endpoint_url=aws.url,
        aws_access_key_id=key,
        aws_secret_access_key="secret",
        config=config,
    ) as made:
        yield made


async def data(client: Any, *metrics: str, **more: Any) -> Any:
    queries = [
        {
            "Id": f"q{number}",
            "MetricStat": {"Metric": {"Namespace": "AWS/SES", "MetricName": m}, "Period": 60, "Stat": "Sum"},
        }
        for number, m in enumerate(metrics)
    ]
    return await client.get_metric_data(
        MetricDataQueries=queries,
        StartTime=datetime.fromtimestamp(NOW - 600, UTC),
        EndTime=datetime.fromtimestamp(NOW, UTC),
        **more,
    )


async def test_it_answers_metric_data_by_the_region_and_account_of_the_signature(aws: FakeAws) -> None:
    aws.access_keys["AKIDOTHER"] = "210987654321"
    aws.put("Send", NOW - 120, 1)
    aws.put("Send", NOW - 120, 2, region="eu-west-1")
    aws.put("Send", NOW - 120, 3, account="210987654321")
    for region, key, value in (("us-east-1", "A", 1.0), ("eu-west-1", "A", 2.0), ("us-east-1", "AKIDOTHER", 3.0)):
        async with client(aws, "cloudwatch", region, key) as cloudwatch:
            answer = await data(cloudwatch, "Send")
            assert answer["MetricDataResults"][0]["Values"] == [value]
            assert answer["MetricDataResults"][0]["Timestamps"][0].timestamp() == NOW - 120
            assert answer["ResponseMetadata"]["HTTPHeaders"]["date"] == "Fri, 15 Jan 2027 08:00:00 GMT"
    request = aws.requests_of("GetMetricData", region="eu-west-1")[0]
    assert (request.at, request.account, request.access_key, request.attempt) == (NOW, "123456789012", "A", 1)
    assert request.body["StartTime"] == NOW - 600


async def test_it_pages(aws: FakeAws) -> None:
    aws.cloudwatch.page_size = 1
    aws.put("Send", NOW - 120, 1)
    aws.put("Send", NOW - 180, 2)
    async with client(aws, "cloudwatch") as cloudwatch:
        first = await data(cloudwatch, "Send")
        second = await data(cloudwatch, "Send", NextToken=first["NextToken"])
    assert (first["MetricDataResults"][0]["Values"], second["MetricDataResults"][0]["Values"]) == ([1], [2])
    assert "NextToken" not in second


async def test_it_answers_the_account_s_facts(aws: FakeAws) -> None:
    aws.facts["123456789012", "eu-west-1"] = {"SendingEnabled": False}
    async with client(aws, "sesv2") as ses:
        answer = await ses.get_account()
        assert answer["SendQuota"] == FACTS["SendQuota"]
        assert answer["PricingAttributes"]["CurrentPlan"] == "ESSENTIALS"
    async with client(aws, "sesv2", "eu-west-1") as ses:
        assert (await ses.get_account())["SendingEnabled"] is False


async def test_it_says_who_one_is_and_gives_roles_that_end(aws: FakeAws) -> None:
    aws.roles[ROLE] = Role(external_id="shared", lifetime_seconds=900)
    async with client(aws, "sts") as sts:
        assert (await sts.get_caller_identity())["Account"] == "123456789012"
        with pytest.raises(ClientError, match="AccessDenied"):
            await sts.assume_role(RoleArn=ROLE, RoleSessionName="test")
        got = await sts.assume_role(RoleArn=ROLE, RoleSessionName="test", ExternalId="shared")
    assert got["Credentials"]["Expiration"].timestamp() == NOW + 900
    async with client(aws, "sts", key=got["Credentials"]["AccessKeyId"]) as sts:
        assert (await sts.get_caller_identity())["Account"] == "210987654321"
        aws.now = lambda: NOW + 900
        with pytest.raises(ClientError, match="ExpiredToken"):
            await sts.get_caller_identity()


async def test_what_it_does_not_know_is_an_error(aws: FakeAws) -> None:
    async with client(aws, "cloudwatch") as cloudwatch:
        with pytest.raises(ClientError, match="UnknownOperation"):
            await cloudwatch.describe_alarms()
    async with aiohttp.ClientSession() as session, session.get(aws.url) as answer:
        assert answer.status == 404


@pytest.mark.parametrize(
    ("fault", "error", "text"),
    [
        (THROTTLING, ClientError, "Throttling"),
        (INTERNAL, ClientError, "InternalFailure"),
        (Error("AccessDenied", "nobody may", 403), ClientError, "nobody may"),
        (Reset(), ConnectionClosedError, "closed"),
        (Stall(), ReadTimeoutError, "timeout"),
        (CutShort(), ConnectionClosedError, "closed"),
    ],
)
async def test_faults(aws: FakeAws, fault: Fault, error: type[BotoCoreError], text: str) -> None:
    aws.fail(fault)
    async with client(aws, "cloudwatch") as cloudwatch:
        asking = asyncio.create_task(data(cloudwatch, "Send"))
        if isinstance(fault, Stall):
            await lose_patience(aws, asking.done)
        with pytest.raises(error, match=text):
            await asking
        assert (await data(cloudwatch, "Send"))["MetricDataResults"][0]["StatusCode"] == "Complete"


@pytest.mark.parametrize("fault", [Truncated(), HTML])
async def test_the_sdk_reads_what_is_not_json_as_an_empty_answer(aws: FakeAws, fault: Fault) -> None:
    aws.fail(fault)
    async with client(aws, "cloudwatch") as cloudwatch:
        assert (await data(cloudwatch, "Send")).keys() == {"ResponseMetadata"}


async def test_faults_are_for_a_region_operation_and_account_and_last_as_long_as_said(aws: FakeAws) -> None:
    aws.fail(THROTTLING, region="eu-west-1", operation="GetMetricData", times=2)
    aws.fail(INTERNAL, account="210987654321", times=None)
    aws.access_keys["AKIDOTHER"] = "210987654321"
    async with client(aws, "cloudwatch", "eu-west-1") as cloudwatch:
        for _ in range(2):
            with pytest.raises(ClientError):
                await data(cloudwatch, "Send")
        await data(cloudwatch, "Send")
    async with client(aws, "sesv2", "eu-west-1") as ses:
        await ses.get_account()
    async with client(aws, "sesv2", key="AKIDOTHER") as ses:
        for _ in range(3):
            with pytest.raises(ClientError, match="InternalFailure"):
                await ses.get_account()
        aws.heal()
        await ses.get_account()


async def test_results_can_be_partial_old_late_or_never_end(aws: FakeAws) -> None:
    aws.put("Send", NOW - 120, 1)
    aws.put("Send", NOW - 60, 2, visible_at=NOW - 30)
    aws.put("Open", NOW - 120, 5)
    aws.fail(Results("PartialData", {"Send"}, keep=0.5, messages=(("Some", "x"),), overall=(("All", "y"),)))
    aws.fail(Stale(60))
    aws.fail(RepeatToken(), times=2)
    aws.fail(Delay(0.05))
    async with client(aws, "cloudwatch") as cloudwatch:
        partial = await data(cloudwatch, "Send", "Open")
        assert [(r["StatusCode"], r["Values"]) for r in partial["MetricDataResults"]] == [
            ("PartialData", [2]),
            ("Complete", [5]),
        ]
        assert partial["MetricDataResults"][0]["Messages"] == [{"Code": "Some", "Value": "x"}]
        assert partial["Messages"] == [{"Code": "All", "Value": "y"}]
        assert (await data(cloudwatch, "Send"))["MetricDataResults"][0]["Values"] == [1]
        token = (await data(cloudwatch, "Send"))["NextToken"]
        assert (await data(cloudwatch, "Send", NextToken=token))["NextToken"] == token
        assert (await data(cloudwatch, "Send"))["MetricDataResults"][0]["Values"] == [2, 1]


def wait_for_request(aws: FakeAws) -> None:
    while not aws.requests:
        time.sleep(0.01)


async def test_a_stalled_request_ends_with_the_fake() -> None:
    aws = FakeAws()
    aws.start()
    aws.fail(Stall(), times=None)
    async with aiohttp.ClientSession() as session:
        waiting = asyncio.ensure_future(session.get(aws.url))
        await asyncio.to_thread(wait_for_request, aws)
        await asyncio.to_thread(aws.stop)
        await asyncio.wait([waiting], timeout=60)
        assert waiting.done()
        if waiting.exception() is None:
            waiting.result().close()
    aws.stop()
