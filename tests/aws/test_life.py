"""What a set of clients leaves behind: nothing open, and no secret in a text."""

from __future__ import annotations

import asyncio
import gc
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from exporter.aws.clients import Aws
from exporter.config.settings import TargetSettings
from exporter.errors import OtherSourceError, SourceError
from tests.aws.helpers import TARGET, Recorder, metric_data, settings
from tests.fakes.aws import HTML, Delay, Error, FakeAws, Reset, Stall
from tests.loops import LIMIT_SECONDS, until


async def arrival(aws: FakeAws) -> None:
    while not aws.requests:  # noqa: ASYNC110 - the fake is in another thread
        await asyncio.sleep(0.01)


async def test_a_cancelled_call_ends_at_once_and_is_no_failure(aws: FakeAws) -> None:
    recorder = Recorder()
    aws.fail(Delay(30))
    async with Aws(settings(aws)) as opened:
        clients = await opened.region(TARGET, "us-east-1", recorder)
        call = asyncio.create_task(clients.get_account())
        await arrival(aws)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        await clients.get_account()
    assert recorder.failures == []


async def test_after_closing_calls_are_refused(aws: FakeAws) -> None:
    async with Aws(settings(aws)) as opened:
        clients = await opened.region(TARGET, "us-east-1", Recorder())
        await clients.get_account()
    await opened.aclose()
    with pytest.raises(OtherSourceError, match="closed"):
        await clients.get_account()


def descriptors() -> int:
    gc.collect()
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="counts descriptors in /proc")
async def test_a_new_aws_after_a_reload_leaves_no_descriptor_and_no_task(aws: FakeAws) -> None:
    async def life() -> None:
        async with Aws(settings(aws)) as opened:
            for region in ("us-east-1", "eu-west-1"):
                clients = await opened.region(TARGET, region, Recorder())
                await asyncio.gather(
                    clients.get_metric_data(**metric_data("Send")), clients.get_account(), clients.account_id()
                )

    before = descriptors()
    for _ in range(6):
        await life()
    await until(lambda: descriptors() <= before)  # the fake closes its ends in another thread
    assert asyncio.all_tasks() == {asyncio.current_task()}


class Farewell(AbstractAsyncContextManager[None]):
    """A client that takes its time to close."""

    def __init__(self, seconds: float, error: Exception | None = None) -> None:
        self.seconds = seconds
        self.error = error
        self.closed = False

    async def __aexit__(self, *_: object) -> None:
        await asyncio.sleep(self.seconds)
        if self.error is not None:
            raise self.error
        self.closed = True


async def test_clients_close_at_the_same_time_and_who_takes_too_long_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("exporter.aws.clients.CLOSING_SECONDS", 0.2)
    opened = Aws(settings())
    clients = [*(Farewell(0.05) for _ in range(100)), Farewell(3600)]
    opened._opened.clients.extend(clients)
    async with asyncio.timeout(LIMIT_SECONDS):
        await opened.aclose()
    assert [client.closed for client in clients] == [True] * 100 + [False]
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_one_that_cannot_be_closed_keeps_none_of_the_others_open_and_is_told() -> None:
    opened = Aws(settings())
    clients = [Farewell(0.01, ZeroDivisionError()), Farewell(0.02)]
    opened._opened.clients.extend(clients)
    with pytest.raises(ZeroDivisionError):
        await opened.aclose()
    assert clients[1].closed
    await opened.aclose()


async def test_closing_ends_a_question_to_sts_that_nobody_answers(aws: FakeAws) -> None:
    aws.fail(Stall(), operation="GetCallerIdentity")
    async with Aws(settings(aws)) as opened:
        asked = asyncio.create_task((await opened.region(TARGET, "us-east-1", Recorder())).account_id())
        await arrival(aws)
    with pytest.raises(asyncio.CancelledError):
        await asked
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_no_error_text_or_log_line_carries_a_secret(
    aws: FakeAws, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SESSION_TOKEN", "planted-token")
    role: dict[str, Any] = {"role_arn": "arn:aws:iam::210987654321:role/r", "external_id": "planted-external-id"}
    target = TargetSettings(regions=("us-east-1",), **role)
    texts = []
    async with Aws(settings(aws)) as opened:
        clients = await opened.region(target, "us-east-1", Recorder())
        for fault in (Error("AccessDenied", status=403), Reset(), HTML, Error("ExpiredToken", status=403)):
            aws.fail(fault)
            with pytest.raises(SourceError) as caught:
                await clients.get_account()
            texts.append(str(caught.value))
            texts.append(repr(opened._ways))
        texts.append(clients.redacted("a message that repeats planted-external-id"))
    shown = "\n".join([*texts, caplog.text])
    for secret in ("planted", "AKID"):
        assert secret not in shown
