"""The command lines of other exporters as our own."""

from __future__ import annotations

import pytest

from exporter.config.command_lines import read_command_line
from exporter.errors import ConfigError

COMMANDS = ("run", "check-config", "check")
FILE = ["--config.file", "x.yml"]


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        (["-config.file", "x.yml"], FILE),
        (["--config.file", "x.yml"], FILE),
        (["-config.file=x.yml"], FILE),
        (["--config.file=a=b.yml"], ["--config.file", "a=b.yml"]),
        (["-listen-address", ":5000"], ["--web.listen-address", ":5000"]),
        (["--listen-address=127.0.0.1:5000"], ["--web.listen-address", "127.0.0.1:5000"]),
        (["-scraping-interval=60"], ["--scraping-interval", "60"]),
        (["-labels-snake-case"], ["--labels-snake-case"]),
        (["--labels-snake-case=true"], ["--labels-snake-case"]),
        (["-labels-snake-case=false", "-fips=1"], ["--no-labels-snake-case", "--fips"]),
        (["-labels-snake-case=maybe"], ["--labels-snake-case=maybe"]),
        (["-log.level", "warn", "-log.format=json"], ["--log.level", "warning", "--log.format", "json"]),
        (["-config.file", "x.yml", "run"], [*FILE, "run"]),
        (["verify-config", "-config.file", "x.yml"], [*FILE, "check-config"]),
        (["vc", "--config.file=x.yml"], [*FILE, "check-config"]),
        (["version"], ["--version"]),
        (["-listen-address"], ["--web.listen-address"]),
        (["-h"], ["-h"]),
        (["--web.listen-address", ":9199"], ["--web.listen-address", ":9199"]),
    ],
)
def test_flags_of_yace_become_ours(theirs: list[str], ours: list[str]) -> None:
    line = read_command_line(theirs, COMMANDS)
    assert (line.arguments, line.doubts) == (ours, [])


@pytest.mark.parametrize(
    ("theirs", "key"),
    [
        (["-cloudwatch-concurrency", "5"], "--cloudwatch-concurrency"),
        (["--cloudwatch-concurrency.get-metric-data-limit=5"], "--cloudwatch-concurrency.get-metric-data-limit"),
        (["-cloudwatch-concurrency.per-api-limit-enabled"], "--cloudwatch-concurrency.per-api-limit-enabled"),
        (["-tag-concurrency=5"], "--tag-concurrency"),
        (["-metrics-per-query", "100"], "--metrics-per-query"),
        (["-profiling.enabled"], "--profiling.enabled"),
        (["-disable-account-alias-lookup"], "--disable-account-alias-lookup"),
        (["-enable-feature", "always-return-info-metrics"], "--enable-feature"),
        (["-valkey.password", "hidden"], "--valkey.password"),
    ],
)
def test_a_flag_that_does_nothing_here_is_named_without_its_value(theirs: list[str], key: str) -> None:
    line = read_command_line([*theirs, *FILE], COMMANDS)
    assert line.arguments == FILE
    (doubt,) = line.doubts
    assert str(doubt).startswith(f"flag: {key}: does nothing: ")


@pytest.mark.parametrize("switch", ["-labels-snake-case", "--fips", "-profiling.enabled"])
@pytest.mark.parametrize("value", ["true", "false", "1"])
def test_a_switch_with_its_value_apart_is_refused_with_how_to_write_it(switch: str, value: str) -> None:
    name = switch.lstrip("-")
    with pytest.raises(ConfigError) as caught:
        read_command_line([switch, value, *FILE], COMMANDS)
    assert str(caught.value) == f"flag: --{name} = {value}: takes its value after =, as in --{name}={value}"


def test_a_switch_is_alone_before_other_flags_and_commands() -> None:
    arguments = ["-fips", "-config.file", "x.yml", "-labels-snake-case", "run"]
    assert read_command_line(arguments, COMMANDS).arguments == ["--fips", *FILE, "--labels-snake-case", "run"]
    assert read_command_line(["-fips=true", "true"], COMMANDS).arguments == ["--fips", "true"]


def test_what_follows_a_command_of_ours_is_left_alone() -> None:
    arguments = ["check", "--config.file=x", "-listen-address", "vc"]
    assert read_command_line(arguments, COMMANDS).arguments == arguments


def test_a_port_and_a_file_are_those_of_cloudwatch_exporter() -> None:
    ours = ["--web.listen-address", ":9106", "--config.dialect", "cloudwatch_exporter", "--config.file", "x.yml"]
    assert sorted(read_command_line(["9106", "x.yml"], COMMANDS).arguments) == sorted(ours)
    for flags in (["--log.level", "debug"], ["--web.enable-lifecycle"], ["--log.level=debug", "--fips"]):
        line = read_command_line([*flags, "9106", "x.yml"], COMMANDS)
        assert line.arguments[-len(ours) :] == ours
        assert "9106" not in line.arguments
    value = read_command_line(["--log.level", "9106", "x.yml"], COMMANDS)
    assert value.arguments == ["--log.level", "9106", "x.yml"]
    named = read_command_line(["-config.file", "9106", "x.yml"], COMMANDS)
    assert named.arguments == ["--config.file", "9106", "x.yml"]
