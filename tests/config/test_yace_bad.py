"""YACE's file where it is wrong: a line for each mistake, and no crash on any mixture of its keys."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import hypothesis
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from exporter.catalogue import METRICS
from exporter.config.dialect import DialectName
from exporter.config.load import load
from exporter.errors import ConfigError
from tests.config.mixtures import loaded_or_refused
from tests.config.test_yace import JOB, NAMED, OTHER_ROLE, ROLE, SEND, SETS, file, read
from tests.effort import examples

__all__ = ["file"]

ONE_JOB = "discovery.jobs[0]"
NAME = "must be the name of a CloudWatch metric, such as Send or Reputation.BounceRate"
EXTERNAL_ID = "must be text of 2 to 1224 characters, in quotes when all digits"
STATISTICS = "is not Sum, Average, Minimum, Maximum, SampleCount or an extended one such as p99 or TM(10%:90%)"


def one(**keys: Any) -> dict[str, Any]:
    """Return a file with one discovery job that has these keys besides."""
    return {"discovery": {"jobs": [{**JOB, **keys}]}}


BAD: dict[str, tuple[dict[str, Any], list[str]]] = {
    "unknown keys": (
        {**one(metric=[], metrics=[{**SEND, "nilTozero": True}]), "discovry": 1},
        [
            f"{ONE_JOB}.metrics[0].nilTozero: unknown key; did you mean nilToZero?",
            f"{ONE_JOB}.metric: unknown key; did you mean metrics?",
            "discovry: unknown key; did you mean discovery?",
        ],
    ),
    "version": ({**one(), "apiVersion": "v2"}, ["apiVersion = v2: must be v1alpha1"]),
    "alias": (one(type="ses"), [f"{ONE_JOB}.type = ses: must be the namespace, AWS/SES"]),
    "namespace": (
        {"static": [{**NAMED, "namespace": "aws/ses"}], "customNamespace": [{"name": "x"}]},
        ["static[0].namespace = aws/ses: must be the namespace, AWS/SES", "customNamespace[0]: namespace is missing"],
    ),
    "no jobs": ({}, ["one of discovery, static, customNamespace is missing"]),
    "none for SES": (one(type="AWS/EC2"), ["has no job for AWS/SES"]),
    "tags": (
        {
            "discovery": {
                "exportedTagsOnMetrics": {"AWS/SES": ["Name"]},
                "jobs": [
                    {**JOB, "searchTags": [{"key": "a", "value": "b"}], "enhancedMetrics": [{"name": "ItemCount"}]}
                ],
            }
        },
        [
            "discovery.exportedTagsOnMetrics.'AWS/SES': AWS/SES has no tags to export; take it out",
            f"{ONE_JOB}.searchTags: AWS/SES has no tags, so that nothing can be chosen by them; take it out",
            f"{ONE_JOB}.enhancedMetrics: AWS/SES has none; take it out",
        ],
    ),
    "missing": (
        {
            "discovery": {"jobs": [{"type": "AWS/SES"}, {}]},
            "static": [{"namespace": "AWS/SES", "regions": ["eu-west-1"]}],
        },
        [
            "static[0]: name is missing",
            f"{ONE_JOB}: regions is missing: must be a list of regions",
            f"{ONE_JOB}: metrics is missing: must be a list of metrics",
            "discovery.jobs[1]: type is missing",
        ],
    ),
    "metrics": (
        one(
            metrics=[
                {"statistics": ["Sum"]},
                {"name": ["x"]},
                {"name": "Send"},
                {**SEND, "statistics": ["tm101", "Som"]},
                5,
                {**SEND, "name": 'a"b'},
                {"name": "Send", "statistics": "Sum"},
            ]
        ),
        [
            f"{ONE_JOB}.metrics[0]: name is missing",
            f"{ONE_JOB}.metrics[1].name: must be text",
            f"{ONE_JOB}.metrics[2]: statistics is missing",
            f"{ONE_JOB}.metrics[3].statistics: tm101 {STATISTICS}",
            f"{ONE_JOB}.metrics[3].statistics: Som {STATISTICS}",
            f"{ONE_JOB}.metrics[4]: must be a mapping with name and statistics",
            f'{ONE_JOB}.metrics[5].name = a"b: {NAME}',
            f"{ONE_JOB}.metrics[6].statistics = Sum: must be a list",
        ],
    ),
    "windows": (
        one(period=3600, length=600, metrics=[SEND, {**SEND, "period": 430, "length": 430}, {**SEND, "delay": -1}]),
        [
            f"{ONE_JOB}.length: 600 s is shorter than the period of 3600 s; must be at least as long",
            f"{ONE_JOB}.metrics[1].period = 430: is not a multiple of 60; it cannot be read in aligned periods",
            f"{ONE_JOB}.metrics[2].delay = -1: must be a whole number from 0 to 1123200",
        ],
    ),
    "default length": (
        one(metrics=[{**SEND, "period": 600}]),
        [f"{ONE_JOB}.length: 300 s is shorter than the period of 600 s; must be at least as long"],
    ),
    "roles and regions": (
        one(roles=[{"externalId": "hidden"}, "hidden", {"roleArn": "hidden"}], regions=["Ireland", 5]),
        [
            f"{ONE_JOB}.regions[0] = Ireland: must be the name of a region, such as us-east-1",
            f"{ONE_JOB}.regions[1] = 5: must be text, in quotes where it would be a number",
            f"{ONE_JOB}.roles[0]: externalId is only for a role: roleArn is missing",
            f"{ONE_JOB}.roles[1]: must be a mapping with roleArn",
            (
                f"{ONE_JOB}.roles[2].roleArn = hidden: "
                "must be the ARN of a role, such as arn:aws:iam::123456789012:role/ses-reader"
            ),
        ],
    ),
    "external id": (
        one(roles=[{"roleArn": ROLE, "externalId": "x"}]),
        [f"{ONE_JOB}.roles[0].externalId = <secret>: {EXTERNAL_ID}"],
    ),
    "pairs": (
        {"static": [{**NAMED, "dimensions": [{"value": "a"}, {"name": "b"}, 1], "customTags": {}}]},
        [
            "static[0].dimensions[0]: name is missing",
            "static[0].dimensions: b has no value",
            "static[0].dimensions[2] = 1: must be a mapping with name and value",
            "static[0].customTags: must be a list",
        ],
    ),
    "forms of a job": (
        {"customNamespace": [{"name": [1], "namespace": "AWS/SES", "regions": "x", "metrics": {}}, {"namespace": []}]},
        [
            "customNamespace[0].name: must be text",
            "customNamespace[0].regions = x: must be a list",
            "customNamespace[0].metrics: must be a list",
            "customNamespace[1].namespace: must be text",
        ],
    ),
    "values of dimensions": (
        {"static": [{**NAMED, "dimensions": [{"name": "a", "value": "x"}, {"name": "b", "value": "z" * 1025}]}]},
        [
            (
                f"static[0].dimensions[1] = {'z' * 60}...: must be text of 1 to 1024 characters, "
                "in quotes where it would be a number"
            )
        ],
    ),
    "forms": (
        {"discovery": [], "static": {}, "customNamespace": ["x"]},
        [
            "customNamespace[0]: must be a mapping with namespace",
            "discovery: must be a mapping of keys to values",
            "static: must be a list",
        ],
    ),
}


@pytest.mark.parametrize("name", sorted(BAD))
def test_a_bad_file_gives_a_line_for_each_mistake(file: Path, name: str) -> None:
    values, expected = BAD[name]
    with pytest.raises(ConfigError) as caught:
        read(file, **values)
    lines = [str(problem).removeprefix(f"{file}:").partition(": ") for problem in caught.value.problems]
    assert sorted(rest for _, _, rest in lines) == sorted(expected)
    assert all(line.strip().isdecimal() for line, _, _ in lines if line.strip())


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


def test_a_file_whose_rules_show_nothing_still_serves_the_native_series(file: Path) -> None:
    loaded = read(file, static=[{**NAMED, "metrics": [{"name": "Send"}]}])
    assert loaded.settings.dialect.rules == ()
    assert loaded.settings.metrics
    assert "static[0].metrics[0]: Send is left out: it has no statistics" in loaded.warnings[0]
