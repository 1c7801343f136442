from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from exporter.aws.clients import Aws, RegionClients
from exporter.config.settings import TargetSettings
from exporter.errors import (
    AccessDeniedError,
    AwsConnectionError,
    AwsInternalError,
    ClockError,
    CredentialsError,
    InvalidResponseError,
    OtherSourceError,
    PollTimeoutError,
    Reason,
    SourceError,
    ThrottledError,
)
from tests.aws.helpers import TARGET, Recorder, lose_patience, metric_data, minute, settings
from tests.fakes.aws import (
    FACTS,
    HTML,
    INTERNAL,
    THROTTLING,
    Body,
    CutShort,
    Error,
    FakeAws,
    Fault,
    Reset,
    Stall,
    Truncated,
)


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
async def clients(aws: FakeAws, recorder: Recorder) -> AsyncIterator[RegionClients]:
    async with Aws(settings(aws)) as opened:
        yield await opened.region(TARGET, "us-east-1", recorder)


async def test_metric_data_comes_with_utc_times(aws: FakeAws, clients: RegionClients, recorder: Recorder) -> None:
    sent = minute(2)
    aws.put("Send", sent, 12)
    answer = await clients.get_metric_data(**metric_data("Send"))
    result = answer["MetricDataResults"][0]
    assert result["Values"] == [12]
    assert result["Timestamps"] == [datetime.fromtimestamp(sent, UTC)]
    assert result["Timestamps"][0].tzinfo is UTC
    assert recorder.requests == ["GetMetricData"]


async def test_one_page_is_given_at_a_time(aws: FakeAws, clients: RegionClients) -> None:
    aws.cloudwatch.page_size = 1
    aws.put("Send", minute(2), 1)
    aws.put("Send", minute(3), 2)
    request = metric_data("Send")
    first = await clients.get_metric_data(**request)
    second = await clients.get_metric_data(**request, NextToken=first["NextToken"])
    assert [page["MetricDataResults"][0]["Values"] for page in (first, second)] == [[1], [2]]


async def test_the_account_s_facts(aws: FakeAws, clients: RegionClients) -> None:
    answer = await clients.get_account()
    assert answer["SendQuota"] == FACTS["SendQuota"]
    assert answer["EnforcementStatus"] == "HEALTHY"


async def test_the_account_is_asked_once_and_kept(aws: FakeAws, clients: RegionClients, recorder: Recorder) -> None:
    assert await asyncio.gather(*(clients.account_id() for _ in range(5))) == ["123456789012"] * 5
    assert await clients.account_id() == "123456789012"
    assert recorder.requests == ["GetCallerIdentity"]


async def test_clients_and_connections_are_kept(aws: FakeAws) -> None:
    async with Aws(settings(aws)) as opened:
        clients = await opened.region(TARGET, "us-east-1", Recorder())
        assert await opened.region(TARGET, "us-east-1", Recorder()) is clients
        assert await opened.region(TARGET, "eu-west-1", Recorder()) is not clients
        assert aws.requests == []
        await clients.get_account()
        kept = dict(clients._clients)
        await clients.get_account()
        assert clients._clients == kept
        assert list(kept) == ["sesv2"]


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (THROTTLING, ThrottledError),
        (Error("TooManyRequestsException", status=429), ThrottledError),
        (INTERNAL, AwsInternalError),
        (Error("AccessDeniedException", status=403), AccessDeniedError),
        (Error("UnrecognizedClientException", status=400), CredentialsError),
        (Error("InvalidSignatureException", "Signature expired: 20260101T000000Z is now earlier", 403), ClockError),
        (Error("ValidationError"), OtherSourceError),
        (Stall(), PollTimeoutError),
        (Reset(), AwsConnectionError),
        (CutShort(), AwsConnectionError),
        (Truncated(), InvalidResponseError),
        (HTML, InvalidResponseError),
        (Body("<html>403 Forbidden</html>", "text/html", 403), InvalidResponseError),
        (Body("<html>502 Bad Gateway</html>", "text/html", 502), AwsInternalError),
        (Body("", "text/plain", 200), InvalidResponseError),
        (Body("[1, 2]", "application/json", 200), InvalidResponseError),
        (Body("{}", "application/json", 200), InvalidResponseError),
        (Body('{"MetricDataResults": "x", "SendQuota": 1}', "application/json", 200), InvalidResponseError),
        (
            Body('{"MetricDataResults": [{"Timestamps": ["soon"]}], "SendQuota": []}', "application/json", 200),
            InvalidResponseError,
        ),
    ],
    ids=str,
)
@pytest.mark.parametrize("operation", ["GetMetricData", "GetAccount"])
async def test_a_failed_call_is_one_of_our_errors_and_the_next_call_works(  # noqa: PLR0917
    aws: FakeAws, clients: RegionClients, recorder: Recorder, fault: Fault, error: type[SourceError], operation: str
) -> None:
    async def call() -> object:
        return await (
            clients.get_account() if operation == "GetAccount" else clients.get_metric_data(**metric_data("Send"))
        )

    hidden = fault == Reset() and operation == "GetAccount"  # aiohttp sends a GET again that was cut off
    aws.fail(fault, operation=operation, times=1 + hidden)
    calling = asyncio.create_task(call())
    if fault == Stall():
        await lose_patience(aws, calling.done)
    with pytest.raises(error) as caught:
        await calling
    assert str(caught.value).startswith(f"{operation}: ")
    assert recorder.failures == [(operation, error.reason)]
    assert recorder.throttles == ([operation] if error is ThrottledError else [])
    assert await call()
    assert recorder.requests == [operation] * 2


async def test_passing_faults_are_tried_again_and_every_try_is_told(aws: FakeAws, recorder: Recorder) -> None:
    aws.fail(THROTTLING)
    aws.fail(Reset())
    async with Aws(settings(aws, max_attempts=3)) as opened:
        clients = await opened.region(TARGET, "us-east-1", recorder)
        await clients.get_metric_data(**metric_data("Send"))
    assert recorder.requests == ["GetMetricData"] * 3
    assert [request.attempt for request in aws.requests] == [1, 2, 3]
    assert recorder.throttles == ["GetMetricData"]
    assert recorder.failures == []
    assert len(recorder.offsets) == 2


async def test_tries_end(aws: FakeAws, recorder: Recorder) -> None:
    aws.fail(THROTTLING, times=None)
    async with Aws(settings(aws, max_attempts=3)) as opened:
        clients = await opened.region(TARGET, "us-east-1", recorder)
        with pytest.raises(ThrottledError, match="GetAccount: Throttling: Rate exceeded"):
            await clients.get_account()
    assert recorder.requests == recorder.throttles == ["GetAccount"] * 3
    assert recorder.failures == [("GetAccount", Reason.THROTTLED)]


async def test_a_request_that_cannot_be_written_is_not_sent(aws: FakeAws, clients: RegionClients) -> None:
    with pytest.raises(OtherSourceError, match="GetMetricData: TypeError"):
        await clients.get_metric_data(MetricDataQueries=[object()])
    assert aws.requests == []


async def test_nobody_listening_is_a_connection_error() -> None:
    async with Aws(settings(endpoint_url="http://127.0.0.1:9")) as opened:
        clients = await opened.region(TARGET, "us-east-1", Recorder())
        with pytest.raises(AwsConnectionError, match=r"GetAccount: 127\.0\.0\.1: Connection refused"):
            await clients.get_account()


async def test_a_name_that_does_not_exist_is_told_as_such() -> None:
    async with Aws(settings(endpoint_url="http://email.nowhere.invalid")) as opened:
        clients = await opened.region(TARGET, "us-east-1", Recorder())
        with pytest.raises(AwsConnectionError, match="cannot be resolved; SES may not be offered in us-east-1"):
            await clients.get_account()


async def test_a_region_that_cannot_be_is_an_error_of_the_call(aws: FakeAws) -> None:
    async with Aws(settings(aws)) as opened:
        clients = await opened.region(TARGET, "us east", Recorder())
        with pytest.raises(OtherSourceError, match="us east"):
            await clients.get_account()


async def test_the_endpoint_may_come_from_the_environment(aws: FakeAws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_SESV2", aws.url)
    async with Aws(settings()) as opened:
        await (await opened.region(TARGET, "us-east-1", Recorder())).get_account()
    assert [request.operation for request in aws.requests] == ["GetAccount"]


async def test_calls_can_go_through_a_proxy(aws: FakeAws) -> None:
    async with Aws(settings(proxy_url=aws.url, endpoint_url="http://email.nowhere.invalid")) as opened:
        await (await opened.region(TARGET, "us-east-1", Recorder())).get_account()
    assert len(aws.requests) == 1


async def test_a_dead_proxy_s_password_is_not_told() -> None:
    proxied = settings(proxy_url="http://someone:hidden@127.0.0.1:9", endpoint_url="http://email.nowhere.invalid")
    async with Aws(proxied) as opened:
        clients = await opened.region(TARGET, "us-east-1", Recorder())
        with pytest.raises(AwsConnectionError) as caught:
            await clients.get_account()
    assert "hidden" not in str(caught.value)


async def test_fips_changes_the_address() -> None:
    async with Aws(settings(use_fips=True)) as opened:
        clients = await opened.region(TARGET, "us-east-1", Recorder())
        cloudwatch = await clients._client("cloudwatch")
        assert cloudwatch.meta.endpoint_url == "https://monitoring-fips.us-east-1.amazonaws.com"


async def test_the_clock_is_compared_with_aws_s(
    aws: FakeAws, recorder: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    now = 1_800_000_000.0
    async with Aws(settings(aws), clock=lambda: now) as opened:
        clients = await opened.region(TARGET, "us-east-1", recorder)
        for offset in (0, -100, 200):
            aws.now = lambda offset=offset: now - offset  # type: ignore[misc]
            await clients.get_account()
        assert recorder.offsets == [0, -100, 200]
        assert caplog.messages == ["clock differs from aws"]
        for offset, side in ((400, "ahead of"), (-400, "behind")):
            aws.now = lambda offset=offset: now - offset  # type: ignore[misc]
            with pytest.raises(ClockError, match=f"clock is 400 s {side} AWS's"):
                await clients.get_account()
        aws.fail(Error("SignatureDoesNotMatch", status=403))
        with pytest.raises(ClockError):
            await clients.get_account()
        aws.now = lambda: now
        await clients.get_account()
    assert recorder.failures == [("GetAccount", Reason.CLOCK)] * 3


async def test_the_clock_is_the_one_passed_in(aws: FakeAws, recorder: Recorder) -> None:
    aws.now = lambda: 1_800_000_000.0
    async with Aws(settings(aws), clock=lambda: 1_800_000_030.0) as opened:
        await (await opened.region(TARGET, "us-east-1", recorder)).get_account()
    assert recorder.offsets == [30.0]


async def test_a_dead_region_leaves_the_others_alone(aws: FakeAws) -> None:
    aws.fail(Stall(), region="eu-west-1", times=None)
    async with Aws(settings(aws)) as opened:
        regions = [await opened.region(TARGET, name, Recorder()) for name in ("eu-west-1", "us-east-1", "us-west-2")]
        dead, *living = [asyncio.create_task(clients.get_account()) for clients in regions]
        assert all(await asyncio.gather(*living))
        await lose_patience(aws, dead.done, asked=3)
    assert isinstance(dead.exception(), PollTimeoutError)


@pytest.mark.parametrize(
    "target",
    [
        TargetSettings(regions=("us-east-1",), account_id="999999999999"),
        TargetSettings(regions=("us-east-1",), role_arn="arn:aws:iam::999999999999:role/reader"),
    ],
)
async def test_a_known_account_needs_no_call(aws: FakeAws, target: TargetSettings) -> None:
    async with Aws(settings(aws)) as opened:
        assert await (await opened.region(target, "us-east-1", Recorder())).account_id() == "999999999999"
    assert aws.requests == []
