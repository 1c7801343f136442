"""Any file of cloudwatch_exporter or YACE: what `migrate` prints loads, and its page holds what the list promises."""

from __future__ import annotations

import asyncio
import json
import random
from typing import Any

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.catalogue import METRICS, Kind
from exporter.config.dialect import DialectName
from tests.effort import examples
from tests.fakes.cloudwatch import FakeCloudWatch
from tests.migrations import migrated

pytestmark = pytest.mark.usefixtures("untraced")

NOW = 1_781_697_607.0
DAY = 86_400
SET, DOMAIN = "ses:configuration-set", "ses:from-domain"
PLACES: tuple[dict[str, str], ...] = ({}, {SET: "a"}, {SET: "b"}, {SET: "a", DOMAIN: "x"}, {"job": "j"})
NAMES = ("Send", "Bounce", "Delivery", "Reputation.BounceRate", "SNDS.SpamRate", "Received", "New.Thing")

OVERRIDES = {
    "period_seconds": st.sampled_from([10, 60, 60, 120, 300, 1_800, 3_600, 21_600, 86_400]),
    "range_seconds": st.sampled_from([0, 600, 5_000, 90_000]),
    "delay_seconds": st.sampled_from([0, 60, 60, 300, 600, 7_200, 100_000]),
    "set_timestamp": st.booleans(),
}
SELECT = st.fixed_dictionaries({SET: st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=2, unique=True)})
METRIC = st.fixed_dictionaries(
    {"aws_namespace": st.just("AWS/SES"), "aws_metric_name": st.sampled_from(NAMES)},
    optional={
        "aws_statistics": st.lists(st.sampled_from(["Sum", "Average", "Maximum", "SampleCount"]), max_size=3),
        "aws_extended_statistics": st.lists(st.sampled_from(["p50", "p99", "p99.0"]), max_size=2),
        "aws_dimensions": st.sampled_from([[SET], [SET], [DOMAIN, SET], ["job"]]),
        "aws_dimension_select": SELECT,
        **OVERRIDES,
    },
)
FILES = st.fixed_dictionaries(
    {"region": st.just("us-east-1"), "metrics": st.lists(METRIC, min_size=1, max_size=4)}, optional=OVERRIDES
)

STATISTICS = st.lists(st.sampled_from(["Sum", "Average", "p99", "p99.0"]), min_size=1, max_size=3)
SWITCHES = {
    "period": st.sampled_from([0, 60, 300, 300, 420, 3_600]),
    "delay": st.sampled_from([0, 0, 60, 300, 7_200]),
    "nilToZero": st.booleans(),
    "addCloudwatchTimestamp": st.booleans(),
}
LENGTHS = st.sampled_from([3_600, 5_000, 90_000])
YACE_METRIC = st.fixed_dictionaries(
    {"name": st.sampled_from(NAMES), "statistics": STATISTICS, "length": LENGTHS}, optional=SWITCHES
)
JOB = {
    "regions": st.sampled_from([["us-east-1"], ["us-east-1", "eu-west-1"], ["eu-west-1"]]),
    "metrics": st.lists(YACE_METRIC, min_size=1, max_size=2),
}
TAGS = {"customTags": st.lists(st.fixed_dictionaries({"key": st.sampled_from(["a", "B-c"]), "value": st.just("v")}))}
CHOSEN = st.sampled_from([[], [{"name": SET, "value": "a"}], [{"name": SET, "value": "c"}]])
NAMED = {"name": st.sampled_from(["one", "two"]), "namespace": st.just("AWS/SES"), **JOB}
REQUIRED = {"dimensionNameRequirements": st.sampled_from([[SET], [DOMAIN, SET]]), **TAGS, **SWITCHES}
DISCOVERY = st.fixed_dictionaries({"type": st.just("AWS/SES"), **JOB}, optional=REQUIRED)
YACE_FILES = st.fixed_dictionaries(
    {"discovery": st.fixed_dictionaries({"jobs": st.lists(DISCOVERY, min_size=1, max_size=2)})},
    optional={
        "static": st.lists(st.fixed_dictionaries({**NAMED, "dimensions": CHOSEN}, optional=TAGS), max_size=2),
        "customNamespace": st.lists(st.fixed_dictionaries(NAMED, optional=REQUIRED), max_size=1),
    },
)


def contents(seed: int) -> FakeCloudWatch:
    """Return some mail: now and then over three days, or in each of the last minutes."""
    chance, cloudwatch = random.Random(seed), FakeCloudWatch()
    minute = int(NOW) // 60 * 60
    for metric in NAMES:
        is_rate = metric in METRICS and METRICS[metric].kind is Kind.RATE
        for dimensions in PLACES:
            minutes = set(range(minute - 1_800, minute, 60)) if chance.random() < 0.5 else set()
            minutes |= {minute - 60 * chance.randrange(3 * DAY // 60) for _ in range(8)}
            for each in sorted(minutes):
                value = chance.random() if is_rate else chance.randrange(1, 50)
                for region in ("us-east-1", "eu-west-1"):
                    samples = 1 if is_rate else 2
                    cloudwatch.put(metric, each, value, sample_count=samples, dimensions=dimensions, region=region)
    return cloudwatch


@pytest.fixture(scope="module")
def clouds() -> list[FakeCloudWatch]:
    return [contents(seed) for seed in range(4)]


@hypothesis.settings(max_examples=examples(40))
@given(values=FILES, cloud=st.integers(0, 3))
def test_the_pages_of_any_file_differ_only_as_announced(
    tmp_path_factory: pytest.TempPathFactory, clouds: list[FakeCloudWatch], values: dict[str, Any], cloud: int
) -> None:
    file = tmp_path_factory.getbasetemp() / "any.yml"
    file.write_text(json.dumps(values))
    found = migrated(file, dialect=DialectName.CLOUDWATCH_EXPORTER)
    result = asyncio.run(found.compared(clouds[cloud], NOW))
    assert result.untold == []
    assert result.samples >= 20


@hypothesis.settings(max_examples=examples(20))
@given(values=YACE_FILES, cloud=st.integers(0, 3), region=st.sampled_from(["us-east-1", "eu-west-1"]))
def test_the_pages_of_any_file_of_yace_differ_only_as_announced(
    tmp_path_factory: pytest.TempPathFactory,
    clouds: list[FakeCloudWatch],
    values: dict[str, Any],
    cloud: int,
    region: str,
) -> None:
    file = tmp_path_factory.getbasetemp() / "any_of_yace.yml"
    file.write_text(json.dumps(values))
    found = migrated(file, dialect=DialectName.YACE)
    regions = {each for target in found.theirs.settings.targets for each in target.regions}
    place = ("default", region if region in regions else min(regions))
    result = asyncio.run(found.compared(clouds[cloud], NOW, place))
    assert result.untold == []
    assert result.samples >= 20
