"""Every problem in the first round: a wrong value hides no other, and none is made up because of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from pydantic import ValidationError

from exporter.config import validate
from exporter.config.load import load
from exporter.errors import ConfigError

ONE = "targets: [{regions: [us-east-1]}]\n"
IN_ROLE = "regions: [us-east-1], role_arn: 'arn:aws:iam::123456789012:role/r'"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config.yaml"


def problems(file: Path, text: str, environ: Mapping[str, str] | None = None) -> list[tuple[str, str]]:
    """Return key and first clause of each problem."""
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load(file, environ=environ or {}, flags={}, default_region=lambda: "us-east-1")
    return sorted((problem.key, problem.message.split(";")[0]) for problem in caught.value.problems)


def keys(file: Path, text: str, environ: Mapping[str, str] | None = None) -> list[str]:
    return [key for key, _ in problems(file, text, environ)]


def test_a_target_with_a_wrong_key_is_judged_by_its_other_keys(file: Path) -> None:
    assert problems(file, "targets: [{regions: [us-east-1]}, {regions: [us-east-1], session_name: x}]") == [
        ("targets[1].regions[0]", "target default in us-east-1 is already read by targets[0].regions[0]"),
        ("targets[1].session_name", "must be 2 to 64 letters, digits and _+=,.@-"),
    ]


def test_a_metric_with_a_wrong_key_is_judged_by_its_other_keys(file: Path) -> None:
    metrics = "metrics: [{name: Send, period_seconds: 61, statistics: [Sum, Sum]}, {name: Send, foo: 1}]"
    assert problems(file, ONE + metrics) == [
        ("metrics[0].period_seconds", "is not a multiple of 60"),
        ("metrics[0].statistics[1]", "is already metrics[0].statistics[0]"),
        ("metrics[1].foo", "unknown key"),
        ("metrics[1].name", "is already metrics[0]"),
    ]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        # what a wrong value would have been is not known: nothing is said that rests on it
        ("targets: [{regions: [us-east-1], name: ''}, {regions: [us-east-1]}]", ["targets[0].name"]),
        ("targets: [{regions: [us-east-1], profile: 5}, {regions: [us-east-1]}]", ["targets[0].profile"]),
        ("targets: [{regions: [us-east-1], role_arn: x}, {regions: [us-east-1]}]", ["targets[0].role_arn"]),
        ("targets: [{regions: [us-east-1], role_arn: x, external_id: yy}]", ["targets[0].role_arn"]),
        (
            "targets: [{regions: [us-east-1], role_arn: x, account_id: '123456789012'}]",
            ["targets[0].role_arn"],
        ),
        ("targets: [{regions: [us-east-1], nmae: a}, {regions: [us-east-1]}]", ["targets[0].nmae"]),
        ("targets: [{regions: 5}, {regions: [us-east-1]}]", ["targets[0].regions"]),
        ("targets: [{name: a}, {name: a, regions: 5}, {regions: [us-east-1]}]", ["targets[0].regions"]),
        ("targets: [5, {regions: [us-east-1]}, us-east-1]", ["targets[0]", "targets[2]"]),
        (f"{ONE}metrics: [{{name: Foo, kind: cuont}}]", ["metrics[0].kind"]),
        (f"{ONE}metrics: [{{name: 5, statistics: [Sum]}}, {{statistics: [Sum]}}]", ["metrics[0].name"]),
        (f"{ONE}metrics: [Send, Send]", ["metrics[0]", "metrics[1]"]),
        (f"{ONE}metrics: [{{name: Send, range_seconds: x, delay_seconds: 600}}]", ["metrics[0].range_seconds"]),
        (f"{ONE}metrics: [{{name: Send, range_second: 7200, delay_seconds: 600}}]", ["metrics[0].range_second"]),
        (f"{ONE}range_seconds: x\nmetrics: [{{name: Send, delay_seconds: 600}}]", ["range_seconds"]),
        ("targets: [{regions: [us-east-1], delay_seconds: x}]\nperiod_seconds: 600\n", ["targets[0].delay_seconds"]),
        (f"{ONE}metrics: [{{name: 5, kind: count, delay_seconds: 600}}]", ["metrics[0].name"]),
        (f"{ONE}aws: {{max_attempts: x}}\npoll_timeout_seconds: 10", ["aws.max_attempts"]),
    ],
)
def test_nothing_is_made_up_because_of_a_wrong_value(file: Path, text: str, found: list[str]) -> None:
    shown = keys(file, text)
    assert [key for key in shown if key in found] == found
    assert not any("already" in message or "is under" in message for _, message in problems(file, text))
    assert not {"kind is missing", "role_arn is missing", "must fit"} & {message for _, message in problems(file, text)}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            "targets: [{regions: [us-east-1, 5, us-east-1]}, {regions: [us-east-1]}]",
            ["targets[0].regions[1]", "targets[0].regions[2]", "targets[1].regions[0]"],
        ),
        ("targets: [{regions: 5, external_id: abc}]", ["targets[0].external_id", "targets[0].regions"]),
        (
            f"targets: [{{name: '', {IN_ROLE}}}, {{name: b, {IN_ROLE}}}]",
            ["targets[0].name", "targets[1].regions[0]"],
        ),
        (
            "targets: [{regions: [us-east-1], role_arn: x}, {regions: [us-east-1]}, {regions: [us-east-1]}]",
            ["targets[0].role_arn", "targets[2].regions[0]"],
        ),
        (
            f"{ONE}metrics: [{{name: Send, statistics: [foo, Sum, bar, Sum]}}]",
            ["metrics[0].statistics[0]", "metrics[0].statistics[2]", "metrics[0].statistics[3]"],
        ),
        (
            f"{ONE}metrics: [{{name: Foo}}, {{name: Send, delay_seconds: 600}}]",
            ["metrics[0].name", "metrics[1].delay_seconds"],
        ),
        (
            "delay_seconds: 600\ntargets: [{regions: [us-east-1], delay_seconds: x}, {name: b, regions: [us-east-1]}]",
            ["delay_seconds", "targets[0].delay_seconds"],
        ),
        (
            f"{ONE}web: {{listen_addresses: [x, ':1', y, ':1']}}",
            ["web.listen_addresses[0]", "web.listen_addresses[2]", "web.listen_addresses[3]"],
        ),
        (
            f"{ONE}metrics: [{{name: Send, statistics: [Sum, Sum]}}, {{name: Send, statistics: [p1, p1.0]}}]",
            ["metrics[0].statistics[1]", "metrics[1].name", "metrics[1].statistics[1]"],
        ),
    ],
)
def test_nothing_is_hidden_by_a_wrong_value(file: Path, text: str, found: list[str]) -> None:
    assert keys(file, text) == found


def test_a_list_that_is_too_long_only_with_all_its_items_is_told_at_once(file: Path) -> None:
    addresses = ", ".join(["x", *(f"':{port}'" for port in range(1, 17))])
    assert problems(file, f"{ONE}web: {{listen_addresses: [{addresses}]}}\ndelay_seconds: 600\n") == [
        ("delay_seconds", "range_seconds 900 is under delay_seconds 600 + two periods of 300, for Send of targets[0]"),
        ("web.listen_addresses", 'must be a list of addresses, such as [":9199"], at most 16 of them'),
        ("web.listen_addresses[0]", "is not a listen address"),
    ]


def test_a_variable_that_is_not_json_is_not_missing_and_nothing_is_judged_by_what_it_hides(file: Path) -> None:
    environ = {"AWS_SES_EXPORTER__TARGETS": "[", "AWS_SES_EXPORTER__METRICS": "x"}
    found = ["AWS_SES_EXPORTER__METRICS", "AWS_SES_EXPORTER__TARGETS"]
    assert keys(file, "log: {level: info}\n", environ) == found
    assert keys(file, "targets: [{regions: [us-east-1, us-east-1]}]\nmetrics: [{name: Foo}]", environ) == found
    with pytest.raises(ConfigError) as caught:
        load(None, environ=environ, flags={}, default_region=lambda: None)
    assert sorted(problem.key for problem in caught.value.problems) == found


def test_a_value_that_cannot_be_mended_is_a_bug_and_no_endless_loop(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(validate, "repaired", lambda values, _wrong: values)
    file.write_text(f"{ONE}delay_seconds: x\n", encoding="utf-8")
    with pytest.raises(ValidationError):
        load(file, environ={}, flags={}, default_region=lambda: None)
