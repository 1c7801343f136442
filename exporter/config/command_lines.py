"""The command lines of other exporters become our own flags, so that only the image or the command has to change.

YACE's flags are those of its `cmd/yace/main.go`, 0.67: each with one or two dashes, its value after `=` or a space.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from exporter.config.dialect import DialectName
from exporter.errors import ConfigError, Problem

YACE_COMMANDS = {"verify-config": "check-config", "vc": "check-config", "version": "--version"}

_NO_TAGS = "does nothing: AWS/SES has no tags to look for"
_ONE_CALL = "does nothing: each account and region is asked one call at a time"
_VALUES = {
    "config.file": "--config.file",
    "listen-address": "--web.listen-address",
    "log.format": "--log.format",
    "log.level": "--log.level",
    "scraping-interval": "--scraping-interval",
}
_SWITCHES = {"labels-snake-case": "--labels-snake-case", "fips": "--fips"}
_IDLE_VALUES = {
    "cloudwatch-concurrency": _ONE_CALL,
    "cloudwatch-concurrency.list-metrics-limit": _ONE_CALL,
    "cloudwatch-concurrency.get-metric-data-limit": _ONE_CALL,
    "cloudwatch-concurrency.get-metric-statistics-limit": _ONE_CALL,
    "tag-concurrency": _NO_TAGS,
    "metrics-per-query": "does nothing: each call asks for as much as AWS allows",
    "enable-feature": "does nothing: AWS/SES has no info metrics, which YACE's features are about",
    **dict.fromkeys((f"valkey.{name}" for name in ("address", "username", "password", "db", "ttl")), _NO_TAGS),
}
_IDLE_SWITCHES = {
    "cloudwatch-concurrency.per-api-limit-enabled": _ONE_CALL,
    "profiling.enabled": "does nothing: there are no pages of a profiler",
    "disable-account-alias-lookup": "does nothing: no account's alias is looked up",
}
_TAKE_VALUES = frozenset(
    {
        *(f"--{name}" for name in (*_VALUES, *_IDLE_VALUES)),
        "--config.dialect",
        "--web.config.file",
        "--web.listen-address",
        "--web.telemetry-path",
    }
)
"""All flags that take the next word as their value."""
_TRUE = {"1", "t", "T", "true", "TRUE", "True"}
_FALSE = {"0", "f", "F", "false", "FALSE", "False"}


@dataclass(slots=True)
class CommandLine:
    """Our own *arguments*, and what is to be said of flags that do nothing here."""

    arguments: list[str] = field(default_factory=list)
    doubts: list[Problem] = field(default_factory=list)


def read_command_line(arguments: Sequence[str], commands: Sequence[str]) -> CommandLine:
    """Return *arguments* as our own: those of another exporter are put into our words, all others stay.

    What follows one of our own *commands* is left alone.

    Raises:
        ConfigError: a switch of YACE has its value as a word of its own, which ends YACE's own flags.
    """
    line = CommandLine()
    rest = iter(_port_and_file(arguments))
    ending: list[str] = []
    switch: str | None = None
    for argument in rest:
        name, equals, value = argument.lstrip("-").partition("=")
        if argument in commands:
            ending = [argument, *rest]
        elif argument in YACE_COMMANDS:
            ending = [YACE_COMMANDS[argument]]
        elif not argument.startswith("-"):
            if switch is not None and argument in _TRUE | _FALSE:
                raise ConfigError((_apart(switch, argument),))
            line.arguments.append(argument)
        elif name in _VALUES:
            flag = _VALUES[name]
            line.arguments += [flag, *_values(flag, [value] if equals else rest)]
        elif name in _SWITCHES:
            line.arguments.append(_switch(_SWITCHES[name], value if equals else "true"))
        elif name in _IDLE_VALUES or name in _IDLE_SWITCHES:
            if name in _IDLE_VALUES and not equals:
                next(rest, None)
            line.doubts.append(Problem("flag", {**_IDLE_VALUES, **_IDLE_SWITCHES}[name], key=f"--{name}"))
        else:
            line.arguments.append(argument)
        switch = name if not equals and (name in _SWITCHES or name in _IDLE_SWITCHES) else None
    line.arguments += ending
    return line


def _apart(switch: str, value: str) -> Problem:
    return Problem("flag", f"takes its value after =, as in --{switch}={value}", key=f"--{switch}", value=value)


def _port_and_file(arguments: Sequence[str]) -> list[str]:
    """Return *arguments*, with cloudwatch_exporter's `PORT FILE` at their end as flags."""
    *flags, port, file = ["", "", *arguments][-max(2, len(arguments)) :]
    if not (_are_flags(flags) and port.isdecimal() and port.isascii()) or file.startswith("-"):
        return list(arguments)
    theirs = ("--config.dialect", DialectName.CLOUDWATCH_EXPORTER.value, "--config.file", file)
    return [*flags, "--web.listen-address", f":{port}", *theirs]


def _are_flags(arguments: Sequence[str]) -> bool:
    """Return whether *arguments* are flags with all their values."""
    rest = iter(arguments)
    for argument in rest:
        if not argument.startswith("--") or (argument in _TAKE_VALUES and next(rest, None) is None):
            return False
    return True


def _values(flag: str, values: Sequence[str] | Iterator[str]) -> list[str]:
    value = next(iter(values), None)
    if value is None:
        return []
    return ["warning" if flag == "--log.level" and value == "warn" else value]


def _switch(flag: str, value: str) -> str:
    if value in _TRUE:
        return flag
    return f"--no-{flag[2:]}" if value in _FALSE else f"{flag}={value}"
