"""cloudwatch_exporter's file where it is wrong: a line for each mistake."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from exporter.config.load import load
from exporter.errors import ConfigError
from tests.config.test_cloudwatch_exporter import RATE, SEND, file, lines, read

__all__ = ["file"]

TEXT = "must be text, in quotes where it would be a number"
NAME = "must be the name of a CloudWatch metric, such as Send or Reputation.BounceRate"
BAD: dict[str, tuple[dict[str, Any], list[str]]] = {
    "unknown keys": (
        {"perod_seconds": 60, "metrics": [{**SEND, "aws_dimensions_select": {}}]},
        [
            "5: metrics[0].aws_dimensions_select: unknown key; did you mean aws_dimension_select?",
            "6: perod_seconds: unknown key; did you mean period_seconds?",
        ],
    ),
    "no name": ({"metrics": [{"aws_namespace": "AWS/SES"}]}, ["3: metrics[0]: aws_metric_name is missing"]),
    "both selects": (
        {"metrics": [{**SEND, "aws_dimensions": ["a"], "aws_dimension_select": {}, "aws_dimension_select_regex": {}}]},
        ["3: metrics[0]: must have aws_dimension_select or aws_dimension_select_regex, not both"],
    ),
    "values": (
        {
            "metrics": [
                {**SEND, "period_seconds": 90, "set_timestamp": "x", "aws_statistics": ["Som"], "delay_seconds": -1}
            ]
        },
        [
            "5: metrics[0].period_seconds = 90: is not a multiple of 60; it cannot be read in aligned periods",
            "6: metrics[0].set_timestamp = x: must be true or false",
            "7: metrics[0].aws_statistics: Som is not one of Sum, SampleCount, Minimum, Maximum, Average",
            "9: metrics[0].delay_seconds = -1: must be a whole number from 0 to 1123200",
        ],
    ),
    "not text": (
        {"metrics": [{**SEND, "help": 5}]},
        ["5: metrics[0].help = 5: must be text, in quotes where it would be a number"],
    ),
    "once at the top": (
        {"period_seconds": 90, "metrics": [SEND, RATE]},
        ["7: period_seconds = 90: is not a multiple of 60; it cannot be read in aligned periods"],
    ),
    "a period that does not fit": (
        {"metrics": [{**SEND, "period_seconds": 604_800, "delay_seconds": 700_000}]},
        [
            (
                "5: metrics[0].period_seconds = 604800: is over 1209600 with its delay of 700000: "
                "CloudWatch keeps minutes so long"
            )
        ],
    ),
    "a period of what is held": (
        {"metrics": [{**SEND, "aws_metric_name": "New.Thing", "set_timestamp": False, "period_seconds": 604_740}]},
        [
            (
                "6: metrics[0].period_seconds = 604740: does not divide a number of hours up to a week; "
                "what is held is read by hours, too"
            )
        ],
    ),
    "percentile": (
        {"metrics": [{**SEND, "aws_extended_statistics": ["p100.1", "Sum"]}]},
        [
            "5: metrics[0].aws_extended_statistics: p100.1 is not an extended statistic such as p99 or TM(10%:90%)",
            "5: metrics[0].aws_extended_statistics: Sum is not an extended statistic such as p99 or TM(10%:90%)",
        ],
    ),
    "patterns": (
        {
            "metrics": [
                {**SEND, "aws_dimensions": ["a"], "aws_dimension_select_regex": {"a": ["(", "x", "[a-z&&[^b]]", ")"]}}
            ]
        },
        [
            "9: metrics[0].aws_dimension_select_regex.a[0] = (: is not a regular expression",
            (
                '11: metrics[0].aws_dimension_select_regex.a[2] = "[a-z&&[^b]]": '
                "has [, && or -- within [ ], which is not read here"
            ),
            "12: metrics[0].aws_dimension_select_regex.a[3] = ): is not a regular expression",
        ],
    ),
    "a name that no metric has": (
        {
            "metrics": [
                {**SEND, "aws_metric_name": "my metric"},
                {**SEND, "aws_metric_name": "my metric", "aws_dimensions": ["a"]},
            ]
        },
        [f"{line}: metrics[{at}].aws_metric_name = my metric: {NAME}" for at, line in enumerate((4, 6))],
    ),
    "region that is none": ({"region": ["us-east-1"]}, [f"1: region: {TEXT}"]),
    "region that is empty": ({"region": ""}, [f'1: region = "": {TEXT}']),
    "values of dimensions": (
        {
            "metrics": [
                {**SEND, "aws_dimensions": ["a"], "aws_dimension_select": {"a": ["x"]}},
                {**SEND, "aws_dimensions": ["a"], "aws_dimension_select": {"a": ["x", "y", "z" * 1025]}},
                {**SEND, "aws_dimensions": list(map(str, range(31)))},
            ]
        },
        [
            (
                f"18: metrics[1].aws_dimension_select.a[2] = {'z' * 60}...: must be text of 1 to 1024 characters, "
                "in quotes where it would be a number"
            ),
            "21: metrics[2].aws_dimensions: has 31 dimensions; must be at most 30",
        ],
    ),
    "region and role": (
        {"region": "Ireland", "role_arn": "x"},
        [
            "1: region = Ireland: must be the name of a region, such as us-east-1",
            "5: role_arn = x: must be the ARN of a role, such as arn:aws:iam::123456789012:role/ses-reader",
        ],
    ),
    "forms": (
        {"metrics": [7, {**SEND, "aws_dimensions": "a"}, {**SEND, "aws_dimension_select": []}]},
        [
            "3: metrics[0] = 7: must be a mapping with aws_namespace and aws_metric_name",
            "6: metrics[1].aws_dimensions = a: must be a list",
            "9: metrics[2].aws_dimension_select: must be a mapping of keys to values",
        ],
    ),
}


@pytest.mark.parametrize("name", sorted(BAD))
def test_a_bad_file_gives_a_line_for_each_mistake(file: Path, name: str) -> None:
    values, expected = BAD[name]
    assert lines(file, **values) == expected


def test_a_region_that_nobody_names_is_asked_for_by_their_key(file: Path) -> None:
    file.write_text(yaml.safe_dump({"metrics": [SEND]}))
    with pytest.raises(ConfigError, match="region: is missing: name it, or set AWS_REGION"):
        load(file, environ={}, flags={}, default_region=lambda: None)


def chosen(*values: str, name: str = "a") -> dict[str, Any]:
    return {**SEND, "aws_dimensions": [name], "aws_dimension_select": {name: list(values)}}


def test_a_metric_for_each_value_and_very_many_metrics_are_taken(file: Path) -> None:
    settings = read(file, metrics=[chosen(f"v{number}") for number in range(120)]).settings
    (send,) = (metric for metric in settings.metrics or () if metric.name == "Send")
    assert send.dimensions == ({"a": [f"v{number}" for number in range(120)]},)
    pairs = [{"a": [f"v{number}"], "b": ["x"]} for number in range(120)]
    assert read(
        file, metrics=[{**SEND, "aws_dimensions": ["a", "b"], "aws_dimension_select": pair} for pair in pairs]
    ).settings.metrics
    many = [{**chosen("x"), "aws_metric_name": f"New{number}"} for number in range(600)]
    assert len(read(file, metrics=many).settings.metrics or ()) > 600


def test_values_of_several_metrics_are_not_put_together_beyond_what_one_may_choose(file: Path) -> None:
    settings = read(file, metrics=[chosen(*(f"{at}.{number}" for number in range(6_000))) for at in range(2)]).settings
    (send,) = (metric for metric in settings.metrics or () if metric.name == "Send")
    assert [len(choice["a"]) for choice in send.dimensions or ()] == [6_000, 6_000]


def test_dimensions_that_will_never_be_served_are_told_with_the_place_of_their_metric(file: Path) -> None:
    def clashing(value: str) -> dict[str, Any]:
        keys = {"aws_dimensions": ["a-b", "a_b"], "aws_dimension_select": {"a-b": [value], "a_b": ["x"]}}
        return {**SEND, "aws_statistics": ["Sum"], **keys}

    loaded = read(file, metrics=[chosen("x"), clashing("x"), chosen("y"), clashing("y")])
    assert [line.removeprefix(f"{file}:").split(": ")[:3] for line in loaded.warnings] == [
        ["14", "metrics[1].aws_dimensions", "does nothing"],
        ["33", "metrics[3].aws_dimensions", "does nothing"],
    ]
