from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from exporter.config.load import Loaded, load
from exporter.config.settings import Settings
from exporter.errors import ConfigError, Problem

ONE_TARGET = "targets: [{regions: [us-east-1]}]\n"


def read(
    path: Path | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    flags: Mapping[str, Any] | None = None,
    region: str | None = "us-east-1",
) -> Loaded:
    return load(path, environ=environ or {}, flags=flags or {}, default_region=lambda: region)


def lines(
    path: Path | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    flags: Mapping[str, Any] | None = None,
    region: str | None = "us-east-1",
) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        read(path, environ=environ, flags=flags, region=region)
    return [str(problem) for problem in caught.value.problems]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "config.yaml"
    path.write_text(ONE_TARGET, encoding="utf-8")
    return path


def test_nothing_but_a_region_is_a_configuration() -> None:
    loaded = read(region="eu-central-1")
    assert loaded.settings == Settings(targets=({"regions": ["eu-central-1"]},))
    assert loaded.settings.targets[0].label == "default"
    assert loaded.warnings == ()


def test_nothing_at_all_says_what_to_set(file: Path) -> None:
    message = "targets: is missing: name the regions under targets, or set AWS_REGION or the profile's region"
    assert lines(region=None) == [f"environment: {message}"]
    file.write_text("delay_seconds: 60\n", encoding="utf-8")
    assert lines(file, region=None) == [f"{file}: {message}"]


def test_a_default_region_that_is_none_says_where_it_comes_from() -> None:
    assert lines(region="Ireland") == [
        (
            "AWS_REGION or the profile's region: targets[0].regions[0] = Ireland: "
            "must be the name of a region, such as us-east-1"
        )
    ]


def test_a_default_region_that_cannot_be_had_says_why_and_not_that_targets_are_missing(file: Path) -> None:
    def unreadable() -> str:
        raise ConfigError((Problem("/home/x/.aws/config", "is not an AWS configuration file"),))

    file.write_text("delay_seconds: x\n", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load(file, environ={}, flags={}, default_region=unreadable)
    assert [str(problem) for problem in caught.value.problems] == [
        "/home/x/.aws/config: is not an AWS configuration file",
        f"{file}:1: delay_seconds = x: must be a whole number from 0 to 86400, not text",
    ]


def test_an_external_id_of_one_character_is_not_called_empty(file: Path) -> None:
    target = "{regions: [us-east-1], role_arn: 'arn:aws:iam::123456789012:role/r', external_id: %s}"
    allowed = "targets[0].external_id = <secret>: must be text of 2 to 1224 characters, in quotes when all digits"
    file.write_text(f"targets: [{target % 'x'}]\n", encoding="utf-8")
    assert lines(file) == [f"{file}:1: {allowed}"]
    file.write_text(f"targets: [{target % repr('')}]\n", encoding="utf-8")
    assert lines(file) == [f"{file}:1: {allowed}, not an empty one"]


def test_a_number_longer_than_python_reads_is_called_a_number(file: Path) -> None:
    file.write_text(f"{ONE_TARGET}delay_seconds: -{'1' * 5000}\nrange_seconds: '900'\n", encoding="utf-8")
    assert [line.partition(": must be ")[2] for line in lines(file)] == [
        "a whole number from 0 to 86400, not a number of 5000 digits",
        "a whole number from 900 to 86400, not text",
    ]


def test_a_file_without_targets_reads_the_default_region(file: Path) -> None:
    file.write_text("delay_seconds: 60\n", encoding="utf-8")
    settings = read(file, region="eu-west-1").settings
    assert (settings.delay_seconds, settings.targets[0].regions) == (60, ("eu-west-1",))


def test_the_default_region_is_not_asked_where_targets_are_given(file: Path) -> None:
    def unasked() -> str:
        raise AssertionError

    assert load(file, environ={}, flags={}, default_region=unasked).settings.targets[0].regions == ("us-east-1",)


def test_flags_go_before_the_environment_before_the_file_before_the_defaults(file: Path) -> None:
    file.write_text(
        ONE_TARGET + "web: {telemetry_path: /file, listen_addresses: [':1']}\nlog: {level: debug, format: json}\n"
        "delay_seconds: 120\npoll_interval_seconds: 120\n",
        encoding="utf-8",
    )
    environ = {
        "AWS_SES_EXPORTER__LOG__LEVEL": "warning",
        "AWS_SES_EXPORTER__WEB__TELEMETRY_PATH": "/environment",
        "AWS_SES_EXPORTER__POLL_INTERVAL_SECONDS": "60",
    }
    settings = read(file, environ=environ, flags={"log.level": "error", "log.format": None}).settings
    assert settings.log.level == "error"
    assert settings.log.format == "json"
    assert settings.web.telemetry_path == "/environment"
    assert settings.web.listen_addresses == (":1",)
    assert (settings.poll_interval_seconds, settings.delay_seconds, settings.period_seconds) == (60, 120, 300)


def test_a_list_comes_whole_from_the_highest_that_has_it(file: Path) -> None:
    environ = {"AWS_SES_EXPORTER__TARGETS": '[{"regions": ["eu-west-1"]}, {"name": "b", "regions": ["eu-west-1"]}]'}
    assert [target.label for target in read(file, environ=environ).settings.targets] == ["default", "b"]


def test_the_example_can_be_run() -> None:
    assert read(Path("config.example.yaml"), region=None).settings == read().settings


def test_anchors_aliases_and_merges_work(file: Path) -> None:
    file.write_text(
        "targets:\n"
        "  - &base {name: a, regions: &regions [us-east-1, eu-west-1], delay_seconds: 60}\n"
        "  - {<<: *base, name: b, delay_seconds: 120}\n"
        "  - {<<: [{name: c}, *base], regions: *regions}\n",
        encoding="utf-8",
    )
    targets = read(file).settings.targets
    assert [(target.name, target.delay_seconds) for target in targets] == [("a", 60), ("b", 120), ("c", 60)]
    assert {target.regions for target in targets} == {("us-east-1", "eu-west-1")}


def test_an_account_number_keeps_every_digit_without_quotes(file: Path) -> None:
    file.write_text(
        "targets:\n"
        "  - {name: a, regions: [us-east-1], account_id: 123456789012}\n"
        "  - {name: b, regions: [us-east-1], account_id: 012345670123}\n"
        "  - {name: c, regions: [us-east-1], account_id: 000000000009}\n",
        encoding="utf-8",
    )
    accounts = [target.account_id for target in read(file).settings.targets]
    assert accounts == ["123456789012", "012345670123", "000000000009"]


def test_problems_of_file_environment_and_flags_come_together_in_order(file: Path) -> None:
    file.write_text("delay_seconds: x\nfoo: 1\nperiod_seconds: 61\n", encoding="utf-8")
    environ = {"AWS_SES_EXPORTER__RANGE_SECONDS": "1", "AWS_SES_EXPORTER__LOG__LEVLE": "x"}
    period = "must be a multiple of 60 from 60 to 86400 that divides a day, and whole hours when over an hour"
    known = ", ".join(Settings.model_fields)
    assert lines(file, environ=environ, flags={"log.level": "loud"}) == [
        f"{file}:1: delay_seconds = x: must be a whole number from 0 to 86400, not text",
        f"{file}:2: foo: unknown key; known here: {known}",
        f"{file}:3: period_seconds = 61: is not a multiple of 60; {period}",
        "environment: AWS_SES_EXPORTER__LOG__LEVLE: unknown variable; did you mean AWS_SES_EXPORTER__LOG__LEVEL?",
        "environment: AWS_SES_EXPORTER__RANGE_SECONDS = 1: must be a whole number from 900 to 86400",
        "flag: --log.level = loud: must be one of debug, info, warning, error",
    ]


def test_rules_between_keys_are_judged_beside_wrong_single_values(file: Path) -> None:
    file.write_text(
        "max_age_seconds: x\n"
        "delay_seconds: 600\n"
        "targets:\n"
        "  - {regions: [us-east-1], nmae: a}\n"
        "  - {regions: [us-east-1]}\n"
        "  - {regions: [us-east-1]}\n",
        encoding="utf-8",
    )
    assert [line.removeprefix(f"{file}:") for line in lines(file)] == [
        "1: max_age_seconds = x: must be a whole number from 60 to 39312000, not text",
        (
            "2: delay_seconds = 600: range_seconds 900 is under delay_seconds 600 + two periods of 300, "
            "for Send of targets[0]; must be at least 1200"
        ),
        "4: targets[0].nmae: unknown key; did you mean name?",
        (
            "6: targets[2].regions[0] = us-east-1: "
            "target default in us-east-1 is already read by targets[1].regions[0]; once is allowed"
        ),
    ]


def test_a_rule_is_not_judged_on_the_default_of_a_wrong_value(file: Path) -> None:
    file.write_text("range_seconds: x\ndelay_seconds: 600\n", encoding="utf-8")
    assert lines(file) == [f"{file}:1: range_seconds = x: must be a whole number from 900 to 86400, not text"]


def test_a_file_that_cannot_be_used_hides_no_problem_of_the_environment(file: Path) -> None:
    file.write_text("a: [", encoding="utf-8")
    assert lines(file, environ={"AWS_SES_EXPORTER__LOG__LEVEL": "loud"}, region=None) == [
        f"{file}:1: not YAML: expected the node content, but found '<stream end>'",
        "environment: AWS_SES_EXPORTER__LOG__LEVEL = loud: must be one of debug, info, warning, error",
    ]


def test_a_region_that_the_sdk_does_not_know_is_a_warning(file: Path) -> None:
    file.write_text("targets:\n  - regions: [us-east-1, mars-north-1]\n", encoding="utf-8")
    loaded = load(
        file, environ={}, flags={}, default_region=lambda: None, unknown_regions=lambda names: (names[1], names[1])[:1]
    )
    assert loaded.warnings == (
        (
            f"{file}:2: targets[0].regions[1] = mars-north-1: is a region that the SDK does not know; "
            "it is asked nevertheless"
        ),
    )


def test_the_hash_is_of_the_effective_configuration_and_of_no_secret(file: Path) -> None:
    def digest(**change: str) -> str:
        target = {"regions": ["us-east-1"], "role_arn": "arn:aws:iam::123456789012:role/r", "external_id": "a b"}
        file.write_text(yaml.safe_dump({"targets": [target | change]}), encoding="utf-8")
        return read(file).sha256

    first = digest()
    assert len(first) == 64
    assert digest(external_id="c d") == first
    assert digest(name="b") != first
    assert digest() == first
