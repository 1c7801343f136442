"""Answers that are longer than any of AWS's, and those that end early."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Iterator

import pytest

from exporter.aws.bounded import MAX_BYTES
from exporter.aws.clients import Aws
from exporter.errors import AwsConnectionError, InvalidResponseError, SourceError, alone
from tests.aws.helpers import TARGET, Recorder, settings
from tests.fakes.aws import Body, CutShort, FakeAws, Fault, Hang

FACTS = '{"SendingEnabled": true}'
MORE_THAN_A_POOL = 12
"""Connections that a client keeps at most: 10."""


async def test_an_answer_is_read_up_to_a_limit(aws: FakeAws) -> None:
    async with Aws(settings(aws)) as opened:
        clients = await opened.region(TARGET, "us-east-1", Recorder())
        aws.fail(Body(FACTS + " " * MAX_BYTES, "application/json"))
        with pytest.raises(InvalidResponseError, match="cannot be read"):
            await clients.get_account()
        aws.fail(Body(FACTS + " " * (MAX_BYTES - len(FACTS)), "application/json"))
        assert (await clients.get_account())["SendingEnabled"] is True


async def test_an_answer_that_there_is_no_memory_for_is_one_that_cannot_be_read(
    aws: FakeAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def short(_: object) -> bytes:
        raise MemoryError

    async with Aws(settings(aws)) as opened:
        clients = await opened.region(TARGET, "us-east-1", Recorder())
        with monkeypatch.context() as patched:
            patched.setattr("exporter.aws.bounded.BoundedResponse._whole", short)
            with pytest.raises(InvalidResponseError, match="cannot be read"):
                await clients.get_account()
        assert (await clients.get_account())["SendingEnabled"] is True


@pytest.fixture
def without_garbage_collection() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("without_garbage_collection")
@pytest.mark.parametrize("fault", [CutShort(), Hang()], ids=["ends early", "never ends"])
async def test_an_answer_that_does_not_come_whole_gives_its_connection_back(aws: FakeAws, fault: Fault) -> None:
    async with Aws(settings(aws)) as opened:
        clients = await opened.region(TARGET, "us-east-1", Recorder())
        aws.fail(fault, times=None)
        for _ in range(MORE_THAN_A_POOL):
            with pytest.raises((AwsConnectionError, TimeoutError)):
                async with asyncio.timeout(0.1):
                    await clients.get_account()
        aws.heal()
        async with asyncio.timeout(60):
            assert (await clients.get_account())["SendingEnabled"] is True


@pytest.mark.usefixtures("without_garbage_collection")
async def test_an_error_does_not_keep_what_could_not_be_read(aws: FakeAws) -> None:
    class Answer:
        """What was read."""

    async def ask(_: object) -> dict[str, object]:
        answer = Answer()
        read.append(weakref.ref(answer))
        raise ValueError

    read: list[weakref.ref[Answer]] = []
    async with Aws(settings(aws)) as opened:
        clients = await opened.region(TARGET, "us-east-1", Recorder())
        try:
            await clients._call("sesv2", "GetAccount", ask)
        except SourceError as error:
            lonely = alone(error)
    assert str(lonely).startswith("GetAccount")
    assert [each() for each in read] == [None]
