from __future__ import annotations

import threading

import pytest

from exporter.aws import answers, sessions
from exporter.aws.clients import Aws
from exporter.aws.timestamps import parse_timestamp
from tests.aws.helpers import TARGET, Recorder, metric_data, minute, settings
from tests.fakes.aws import FakeAws

Threads = set[threading.Thread]


@pytest.fixture
def parsed_in(monkeypatch: pytest.MonkeyPatch) -> Threads:
    threads: Threads = set()

    def parse(value: float | str) -> object:
        threads.add(threading.current_thread())
        return parse_timestamp(value)

    monkeypatch.setattr(sessions, "parse_timestamp", parse)
    return threads


async def values(aws: FakeAws) -> list[float]:
    for ago in range(1, 6):
        aws.put("Send", minute(ago), ago)
    async with Aws(settings(aws)) as opened:
        clients = await opened.region(TARGET, "us-east-1", Recorder())
        return (await clients.get_metric_data(**metric_data("Send")))["MetricDataResults"][0]["Values"]


async def test_a_large_answer_is_parsed_beside_the_event_loop_and_reads_the_same(
    aws: FakeAws, parsed_in: Threads, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "LARGE_BYTES", 1)
    assert await values(aws) == [1, 2, 3, 4, 5]
    assert parsed_in
    assert threading.main_thread() not in parsed_in


async def test_a_small_answer_is_parsed_at_once(aws: FakeAws, parsed_in: Threads) -> None:
    assert await values(aws) == [1, 2, 3, 4, 5]
    assert parsed_in == {threading.main_thread()}
