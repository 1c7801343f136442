"""cloudwatch_exporter's file with any mixture of its keys: none is a crash."""

from __future__ import annotations

from typing import Any

import hypothesis
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from exporter.catalogue import METRICS
from exporter.config.dialect import DialectName
from exporter.config.load import load
from tests.config.mixtures import loaded_or_refused
from tests.config.test_cloudwatch_exporter import ROLE
from tests.effort import examples

pytestmark = pytest.mark.usefixtures("untraced")

NUMBERS = st.one_of(st.integers(-1, 100_000), st.sampled_from([60, 300, 600, 3600, 60.0, "60", True]))
OVERRIDES = {
    "period_seconds": st.one_of(st.sampled_from([1, 60, 300, 420, 3600, 86_400, 172_800]), NUMBERS),
    "range_seconds": NUMBERS,
    "delay_seconds": NUMBERS,
    "set_timestamp": st.booleans(),
    "use_get_metric_data": st.booleans(),
    "list_metrics_cache_ttl": NUMBERS,
    "warn_on_empty_list_dimensions": st.booleans(),
}
DIMENSIONS = st.lists(st.sampled_from(["ses:configuration-set", "ses:from-domain", "RuleName", "job", "a"]), max_size=3)
SELECT = st.dictionaries(st.sampled_from(["ses:configuration-set", "a"]), st.lists(st.text(max_size=3), max_size=2))
METRIC = st.fixed_dictionaries(
    {
        "aws_namespace": st.sampled_from(["AWS/SES", "AWS/SES", "AWS/ELB"]),
        "aws_metric_name": st.sampled_from([*METRICS, "New.Thing", "Up", "send quota"]),
    },
    optional={
        "help": st.text(max_size=5),
        "aws_dimensions": DIMENSIONS,
        "aws_dimension_select": SELECT,
        "aws_dimension_select_regex": SELECT,
        "aws_statistics": st.lists(st.sampled_from(["Sum", "Average", "Maximum", "SampleCount", "x"]), max_size=3),
        "aws_extended_statistics": st.lists(st.sampled_from(["p50", "p99.9", "PR(:300)", "tm101"]), max_size=2),
        "aws_tag_select": st.just({"tag_selections": {}}),
        **OVERRIDES,
    },
)
FILES = st.fixed_dictionaries(
    {"metrics": st.lists(METRIC, max_size=4), "region": st.sampled_from(["us-east-1", "eu-west-1"])},
    optional={"role_arn": st.just(ROLE), **OVERRIDES},
)


@hypothesis.settings(max_examples=examples(500))
@given(values=FILES)
def test_random_mixtures_of_valid_keys_load_or_are_refused_with_lines(
    tmp_path_factory: pytest.TempPathFactory, values: dict[str, Any]
) -> None:
    file = tmp_path_factory.getbasetemp() / "mixture.yml"
    file.write_text(yaml.safe_dump(values))
    theirs = DialectName.CLOUDWATCH_EXPORTER
    loaded = loaded_or_refused(lambda: load(file, environ={}, flags={}, default_region=lambda: None, dialect=theirs))
    for found in loaded.settings.dialect.rules if loaded else ():
        assert found.range_seconds >= found.period_seconds
