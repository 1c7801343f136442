from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.model import ListShape, MapShape, ServiceModel, Shape, StructureShape
from botocore.serialize import JSONSerializer
from hypothesis import given
from hypothesis import strategies as st

from exporter.aws.clients import Aws
from exporter.aws.models import USED, model_loader
from exporter.aws.questions import PlainSerializer
from exporter.series.queries import Query, calls
from exporter.series.windows import Span
from tests.aws.helpers import TARGET, Recorder, settings
from tests.fakes.aws import FakeAws

CONVERTED = {"timestamp", "blob", "float", "double"}
TEXTS = st.text(max_size=3)


@pytest.fixture(scope="module")
def model() -> ServiceModel:
    return ServiceModel(model_loader(None).load_service_model("cloudwatch", "service-2"), service_name="cloudwatch")


@given(
    asked=st.lists(
        st.builds(
            Query,
            st.sampled_from(["Send", "Reputation.BounceRate"]),
            st.sampled_from(["Sum", "p99.9"]),
            st.sampled_from([60, 3600]),
            st.just(Span(1_795_305_600, 1_795_309_200)),
            st.lists(st.tuples(TEXTS, TEXTS), max_size=2).map(tuple),
        ),
        min_size=1,
        max_size=4,
    )
)
def test_questions_are_written_as_the_sdk_writes_them(model: ServiceModel, asked: list[Query]) -> None:
    operation = model.operation_model("GetMetricData")
    for call in calls(asked):
        written = [each().serialize_to_request(call.request(), operation) for each in (PlainSerializer, JSONSerializer)]
        assert written[0] == written[1]


@pytest.mark.parametrize("operation", sorted(USED["cloudwatch"]))
def test_no_list_that_can_be_sent_holds_what_has_to_be_converted(model: ServiceModel, operation: str) -> None:
    shape: Any = model.operation_model(operation).input_shape
    lists = [each for each in within(shape) if isinstance(each, ListShape)]
    assert lists
    assert [each.name for found in lists for each in within(found) if each.type_name in CONVERTED] == []


async def test_the_clients_of_cloudwatch_write_in_this_way(aws: FakeAws) -> None:
    async with Aws(settings(aws)) as opened:
        clients = await opened.region(TARGET, "us-east-1", Recorder())
        await clients.list_metrics(Namespace="AWS/SES")
        assert type(clients._clients["cloudwatch"]._serializer) is PlainSerializer


def within(shape: Shape) -> Iterator[Shape]:
    """Yield *shape* and all that is in it."""
    yield shape
    members: list[Shape] = []
    if isinstance(shape, StructureShape):
        members = list(shape.members.values())
    elif isinstance(shape, ListShape):
        members = [shape.member]
    elif isinstance(shape, MapShape):
        members = [shape.key, shape.value]
    for member in members:
        yield from within(member)
