"""Answers that are longer than any of AWS's."""

from __future__ import annotations

import pytest

from exporter.aws.bounded import MAX_BYTES
from exporter.aws.clients import Aws
from exporter.errors import InvalidResponseError
from tests.aws.helpers import TARGET, Recorder, settings
from tests.fakes.aws import Body, FakeAws

FACTS = '{"SendingEnabled": true}'


async def test_an_answer_is_read_up_to_a_limit(aws: FakeAws) -> None:
    async with Aws(settings(aws)) as opened:
        clients = await opened.region(TARGET, "us-east-1", Recorder())
        aws.fail(Body(FACTS + " " * MAX_BYTES, "application/json"))
        with pytest.raises(InvalidResponseError, match="cannot be read"):
            await clients.get_account()
        aws.fail(Body(FACTS + " " * (MAX_BYTES - len(FACTS)), "application/json"))
        assert (await clients.get_account())["SendingEnabled"] is True
