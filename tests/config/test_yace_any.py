"""YACE's file with any mixture of its keys: none is a crash."""

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
from tests.config.test_yace import OTHER_ROLE, ROLE, SETS
from tests.effort import examples

pytestmark = pytest.mark.usefixtures("untraced")

NUMBERS = st.sampled_from([0, 0, 30, 60, 60, 120, 300, 300, 600, 600, 900, 3600, 60.0, 61, -1, "60", 10**7])
STATISTIC = st.sampled_from(
    [*["Sum", "Average", "SampleCount", "Minimum", "p50", "p99.9", "tm99", "PR(:3)"] * 3, "tm101"]
)
STATISTIC_LISTS = st.lists(STATISTIC, min_size=1, max_size=3)
WINDOWS = {
    "period": st.sampled_from([0, 10, 60, 60, 120, 300, 300, 420, 3600, 86_400, 90, 172_800]),
    "length": st.sampled_from([0, 300, 300, 600, 600, 3600, 7200, 86_400, 86_400, 2_000_000, 60]),
    "delay": NUMBERS,
    "nilToZero": st.booleans(),
    "addCloudwatchTimestamp": st.just(value=True),
    "exportAllDataPoints": st.sampled_from([False, False, True]),
}
OVERRIDES = {"statistics": STATISTIC_LISTS, **WINDOWS}
NAMES = st.sampled_from([SETS, "ses:from-domain", "RuleSetName", "region", "a%b"])
TEXT = st.one_of(st.text(min_size=1, max_size=4), st.integers(0, 99), st.booleans(), st.sampled_from(["news", "x"]))
METRIC = st.fixed_dictionaries(
    {
        "name": st.sampled_from([*METRICS, "New.Thing", "Up", "send quota"]),
        "statistics": STATISTIC_LISTS,
    },
    optional=WINDOWS,
)
ROLES = st.lists(
    st.one_of(
        st.just({}),
        st.none(),
        st.fixed_dictionaries({"roleArn": st.sampled_from([ROLE, OTHER_ROLE])}, optional={"externalId": TEXT}),
    ),
    max_size=3,
)
EVERY_JOB = {
    "roles": ROLES,
    "customTags": st.lists(st.fixed_dictionaries({"key": NAMES, "value": TEXT}), max_size=2),
}
REGIONS = st.lists(st.sampled_from(["us-east-1", "eu-west-1", "us-gov-west-1"]), min_size=1, max_size=3)
FINDING = {
    "dimensionNameRequirements": st.lists(NAMES, max_size=2),
    "roundingPeriod": NUMBERS,
    "recentlyActiveOnly": st.booleans(),
    **EVERY_JOB,
    **OVERRIDES,
}
NAMESPACES = st.sampled_from(["AWS/SES", "AWS/SES", "AWS/SES", "AWS/EC2"])
DISCOVERY = st.fixed_dictionaries(
    {"type": NAMESPACES, "regions": REGIONS, "metrics": st.lists(METRIC, min_size=1, max_size=2)},
    optional={
        "searchTags": st.sampled_from([*[[]] * 5, [{"key": "a", "value": "b"}]]),
        "includeContextOnInfoMetrics": st.booleans(),
        "enhancedMetrics": st.just([]),
        **FINDING,
    },
)
NAMED_JOB = {"name": TEXT, "namespace": NAMESPACES, "regions": REGIONS, "metrics": st.lists(METRIC, max_size=2)}
STATIC = st.fixed_dictionaries(
    NAMED_JOB,
    optional={"dimensions": st.lists(st.fixed_dictionaries({"name": NAMES, "value": TEXT}), max_size=2), **EVERY_JOB},
)
CUSTOM = st.fixed_dictionaries(NAMED_JOB, optional=FINDING)
FILES = st.fixed_dictionaries(
    {},
    optional={
        "apiVersion": st.just("v1alpha1"),
        "sts-region": st.just("us-east-1"),
        "discovery": st.fixed_dictionaries(
            {"jobs": st.lists(DISCOVERY, max_size=2)},
            optional={
                "exportedTagsOnMetrics": st.sampled_from(
                    [{"AWS/EC2": ["Name"]}, {"AWS/EC2": []}, {}, {"AWS/SES": ["Name"]}]
                )
            },
        ),
        "static": st.lists(STATIC, max_size=1),
        "customNamespace": st.lists(CUSTOM, max_size=1),
    },
)


@hypothesis.settings(max_examples=examples(500))
@given(values=FILES, snake_case=st.booleans())
def test_random_mixtures_of_valid_keys_load_or_are_refused_with_lines(
    tmp_path_factory: pytest.TempPathFactory, values: dict[str, Any], snake_case: bool
) -> None:
    file = tmp_path_factory.getbasetemp() / "mixture-yace.yml"
    file.write_text(yaml.safe_dump(values))
    loaded = loaded_or_refused(
        lambda: load(
            file,
            environ={},
            flags={},
            default_region=lambda: None,
            dialect=DialectName.YACE,
            labels_snake_case=snake_case,
        )
    )
    if loaded is None:
        return
    settings = loaded.settings
    places = [(target.label, region) for target in settings.targets for region in target.regions]
    assert len(set(places)) == len(places)
    ids = [found.id for found in settings.dialect.rules]
    assert len(set(ids)) == len(ids)
    for found in settings.dialect.rules:
        assert found.range_seconds >= 2 * found.period_seconds
        assert found.scope
        assert set(found.scope) <= set(places)
