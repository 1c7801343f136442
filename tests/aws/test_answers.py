from __future__ import annotations

import threading
from typing import Any

import pytest
from botocore.model import ListShape, ShapeResolver
from botocore.parsers import JSONParser
from hypothesis import given
from hypothesis import strategies as st

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


SHAPES: Any = {
    "Timestamps": {"type": "list", "member": {"shape": "Timestamp"}},
    "Values": {"type": "list", "member": {"shape": "Value"}},
    "Names": {"type": "list", "member": {"shape": "Name"}},
    "Timestamp": {"type": "timestamp"},
    "Value": {"type": "double"},
    "Name": {"type": "string"},
}
ODD = st.none() | st.booleans() | st.text(max_size=3) | st.dictionaries(st.text(max_size=2), st.integers(), max_size=1)


@given(
    name=st.sampled_from(["Timestamps", "Values", "Names"]),
    node=st.lists(st.floats() | st.integers(0, 2**31) | ODD, max_size=5) | ODD,
)
def test_lists_are_read_as_the_sdk_reads_them(name: str, node: Any) -> None:
    shape = ShapeResolver(SHAPES).get_shape_by_name(name)
    assert isinstance(shape, ListShape)
    assert repr(read(answers.PatientParser, shape, node)) == repr(read(JSONParser, shape, node))


@given(st.lists(st.lists(st.sampled_from([0, 60.0, "60", True, None]), max_size=2), max_size=4))
def test_times_are_those_of_their_own_list_whatever_was_read_before(lists: list[list[Any]]) -> None:
    shape = ShapeResolver(SHAPES).get_shape_by_name("Timestamps")
    parser: Any = answers.PatientParser(timestamp_parser=parse_timestamp)
    for node in lists:
        assert parser._handle_list(shape, node) == [None if item is None else parse_timestamp(item) for item in node]


def read(parser: Any, shape: ListShape, node: Any) -> Any:
    try:
        return parser(timestamp_parser=parse_timestamp)._handle_list(shape, node)
    except (TypeError, ValueError) as error:
        return type(error)
