"""YACE's file where it is wrong: a line for each mistake."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from exporter.errors import ConfigError
from tests.config.test_yace import JOB, NAMED, ROLE, SEND, file, read

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


def test_a_file_whose_rules_show_nothing_still_serves_the_native_series(file: Path) -> None:
    loaded = read(file, static=[{**NAMED, "metrics": [{"name": "Send"}]}])
    assert loaded.settings.dialect.rules == ()
    assert loaded.settings.metrics
    assert "static[0].metrics[0]: Send is left out: it has no statistics" in loaded.warnings[0]
