"""YACE's file where it says a thing twice: what only one of two jobs can show, and labels with two values."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from exporter.errors import ConfigError
from tests.config.test_yace import (
    JOB,
    NAMED,
    OTHER_ROLE,
    RATE,
    ROLE,
    SEND,
    SETS,
    THIRD,
    discovery,
    doubts,
    file,
    read,
    rules,
)

__all__ = ["file"]

FIRST = "of series with the same labels only those of discovery.jobs[0].metrics[0] are shown"
SLOW: dict[str, Any] = {"period": 600, "length": 600}


def test_a_job_whose_series_an_earlier_one_has_already_is_named_with_the_places(file: Path) -> None:
    two = {**SLOW, "regions": ["eu-west-1", "us-east-1"], "metrics": [{**SEND, "statistics": ["Average", "Sum"]}]}
    loaded = discovery(file, {"regions": ["us-east-1", "us-west-2"]}, two)
    assert doubts(loaded) == [f"discovery.jobs[1].metrics[0]: aws_ses_send_sum in default us-east-1: {FIRST}"]


def test_within_one_job_too(file: Path) -> None:
    loaded = discovery(file, {"metrics": [SEND, {**SEND, **SLOW}]})
    assert doubts(loaded) == [f"discovery.jobs[0].metrics[1]: aws_ses_send_sum in default us-east-1: {FIRST}"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({}, {"dimensionNameRequirements": [SETS]}),
        ({"dimensionNameRequirements": [SETS]}, {}),
        ({"dimensionNameRequirements": [SETS, "b"]}, {"dimensionNameRequirements": ["b", SETS]}),
    ],
)
def test_a_job_for_all_dimensions_has_those_that_another_one_requires(
    file: Path, one: dict[str, Any], other: dict[str, Any]
) -> None:
    loaded = discovery(file, one, {**other, **SLOW})
    assert doubts(loaded) == [f"discovery.jobs[1].metrics[0]: aws_ses_send_sum in default us-east-1: {FIRST}"]


@pytest.mark.parametrize(
    "other",
    [
        {"regions": ["eu-west-1"]},
        {"roles": [{"roleArn": ROLE}, {"roleArn": THIRD}]},
        {"customTags": [{"key": "team", "value": "news"}]},
        {"metrics": [{**SEND, "statistics": ["Average"]}]},
        {"metrics": [{**SEND, "name": "Bounce"}]},
    ],
)
def test_jobs_that_differ_in_a_label_a_place_or_a_name_hide_nothing(file: Path, other: dict[str, Any]) -> None:
    assert doubts(discovery(file, {}, {**SLOW, **other})) == []


def test_jobs_for_other_dimensions_hide_nothing(file: Path) -> None:
    news, mail = ({**NAMED, "dimensions": [{"name": SETS, "value": value}]} for value in ("news", "mail"))
    assert doubts(read(file, static=[news, mail, NAMED])) == []
    sets, rules_ = ({**JOB, "dimensionNameRequirements": [name]} for name in (SETS, "ses:rule-set"))
    assert doubts(discovery(file, sets, rules_)) == []


def test_a_dimension_twice_in_a_static_job_is_refused(file: Path) -> None:
    twice = [{"name": SETS, "value": "news"}, {"name": SETS, "value": "mail"}]
    with pytest.raises(ConfigError) as caught:
        read(file, static=[{**NAMED, "dimensions": twice}])
    (problem,) = caught.value.problems
    said = f"static[0].dimensions[1].name = {SETS}: is already static[0].dimensions[0]; once is allowed"
    assert str(problem).endswith(f": {said}")


def test_two_custom_tags_of_one_label_are_named_and_the_last_one_counts_as_theirs(file: Path) -> None:
    tags = [{"key": "x-y", "value": "a"}, {"key": "x_y", "value": "b"}]
    loaded = read(file, static=[{**NAMED, "customTags": tags}])
    assert dict(rules(loaded)[0].labels) == {"name": "mail", "custom_tag_x_y": "b"}
    said = "gives the label custom_tag_x_y, as static[0].customTags[0] does; the last one counts"
    assert doubts(loaded) == [f"static[0].customTags[1]: {said}"]


def test_labels_are_compared_as_they_are_written(file: Path) -> None:
    tags = [{"key": "costCenter", "value": "a"}, {"key": "cost_center", "value": "b"}]
    job = {**NAMED, "customTags": tags}
    assert doubts(read(file, static=[job])) == []
    assert len(doubts(read(file, static=[job], snake_case=True))) == 1


def test_two_dimensions_of_one_label_are_named(file: Path) -> None:
    names = ["a%", "a_percent"]
    pairs = [{"name": name, "value": "x"} for name in names]
    loaded = read(
        file,
        static=[{**NAMED, "dimensions": pairs}],
        customNamespace=[{**NAMED, "name": "other", "dimensionNameRequirements": names}],
    )
    said = "gives the label dimension_a_percent, as"
    assert doubts(loaded) == [
        f"static[0].dimensions[1]: {said} static[0].dimensions[0] does; the last one counts",
        (
            f"customNamespace[0].dimensionNameRequirements[1] = a_percent: {said} "
            "customNamespace[0].dimensionNameRequirements[0] does; the last one counts"
        ),
    ]


@pytest.mark.parametrize("block", ["static", "customNamespace"])
def test_tags_are_refused_with_the_reason_in_each_kind_of_job(file: Path, block: str) -> None:
    job: dict[str, Any] = {**NAMED, "searchTags": [{"key": "a", "value": "b"}], "exportedTagsOnMetrics": ["Name"]}
    values: dict[str, Any] = {block: [job]}
    with pytest.raises(ConfigError) as caught:
        read(file, **values)
    said = [str(problem).partition(f"{block}[0].")[2] for problem in caught.value.problems]
    assert said == [
        "searchTags: AWS/SES has no tags, so that nothing can be chosen by them; take it out",
        "exportedTagsOnMetrics: AWS/SES has no tags to export; take it out",
    ]


def test_two_roles_of_one_account_in_one_region_are_one_target(file: Path) -> None:
    loaded = discovery(
        file,
        {"roles": [{"roleArn": ROLE}]},
        {"roles": [{"roleArn": OTHER_ROLE}], "regions": ["us-east-1", "eu-west-1"], "metrics": [RATE]},
        {"roles": [{"roleArn": ROLE, "externalId": "xyz"}, {"roleArn": THIRD}]},
    )
    targets = [(each.role_arn, each.regions) for each in loaded.settings.targets]
    assert targets == [(ROLE, ("us-east-1",)), (OTHER_ROLE, ("eu-west-1",)), (THIRD, ("us-east-1",))]
    shown = [each.metric for each in loaded.settings.dialect.rules_of(("210987654321", "us-east-1"))]
    assert shown == ["Send", "Send", "Reputation.BounceRate", "Reputation.BounceRate", "Send", "Send"]
    through = "account 210987654321 in us-east-1 is read through discovery.jobs[0].roles[0], one role is enough"
    assert doubts(loaded) == [
        f"discovery.jobs[1].roles[0]: {through}",
        "discovery.jobs[2].roles[0]: its externalId is left out, that of discovery.jobs[0].roles[0] is used",
        (
            "discovery.jobs[2].metrics[0]: aws_ses_send_sum in 210987654321 us-east-1: "
            "of series with the same labels only those of discovery.jobs[0].metrics[0] are shown"
        ),
    ]
