"""The environment and the flags as layers: `AWS_SES_EXPORTER__WEB__TELEMETRY_PATH=/metrics`, lists as JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from exporter.config.keys import ENV_PREFIX, Loc, shape_at, variables
from exporter.config.layers import Layer, placed, shown, spots_of
from exporter.config.problems import nearest
from exporter.config.yaml_lines import Spot, scalar
from exporter.errors import Problem

FLAGS: dict[str, str] = {
    "web.listen_addresses": "--web.listen-address",
    "web.telemetry_path": "--web.telemetry-path",
    "web.enable_lifecycle": "--web.enable-lifecycle",
    "log.level": "--log.level",
    "log.format": "--log.format",
    "poll_interval_seconds": "--scraping-interval",
    "aws.use_fips": "--fips",
}

_WHERE = "environment"


def read_environment(environ: Mapping[str, str]) -> tuple[Layer, list[Problem]]:
    """Return what *environ* sets and what is wrong with it; an empty variable counts as not set."""
    known = variables()
    problems = _unknown(environ, known)
    values: dict[str, Any] = {}
    spots: dict[Loc, Spot] = {}
    names: dict[Loc, str] = {}
    unreadable: set[Loc] = set()
    for name in sorted(known, key=lambda name: (len(known[name]), name)):
        text, loc = environ.get(name), known[name]
        if not text:
            continue
        shape = shape_at(loc)
        try:
            value = _decoded(text) if shape.is_list or shape.model else text if shape.is_text else scalar(text)
            found = spots_of(value, loc)
        except ValueError as error:
            problems.append(Problem(_WHERE, f"{error}; must be {shape.allowed}, as JSON", key=name))
            unreadable.add(loc)
            continue
        if not placed(values, loc, value):
            continue
        if len(found) == 1:
            found = {loc: Spot(None, text)}
        spots |= found
        names[loc] = name
    return Layer(_WHERE, values, spots, names, frozenset(unreadable)), problems


def read_flags(flags: Mapping[str, Any]) -> Layer:
    """Return what *flags*, dotted key to value, set; None counts as not given."""
    values: dict[str, Any] = {}
    spots: dict[Loc, Spot] = {}
    names: dict[Loc, str] = {}
    for key, value in flags.items():
        if value is None:
            continue
        loc: Loc = tuple(key.split("."))
        placed(values, loc, value)
        spots |= spots_of(value, loc)
        names[loc] = FLAGS.get(key, key)
    return Layer("flag", values, spots, names)


def _unknown(environ: Mapping[str, str], known: Mapping[str, Loc]) -> list[Problem]:
    """Return a problem for each variable that is meant for us and is not known.

    With one underscore after the name, Kubernetes sets variables for a service called aws-ses-exporter: of those, only
    what is a known key but for its underscores can be meant for us.
    """
    plain = {_squeezed(name): name for name in known}
    problems = []
    for name in sorted(environ):
        if name in known or not name.upper().startswith(ENV_PREFIX.rstrip("_") + "_"):
            continue
        guess = plain.get(_squeezed(name.upper()))
        if guess is None and name.upper().startswith(ENV_PREFIX):
            guess = nearest(name.upper().removeprefix(ENV_PREFIX), (other.removeprefix(ENV_PREFIX) for other in known))
            guess = guess and ENV_PREFIX + guess
        elif guess is None:
            continue
        hint = f"; did you mean {guess}?" if guess else "; docs/configuration.md lists them"
        problems.append(Problem(_WHERE, f"unknown variable{hint}", key=shown(name)))
    return problems


def _squeezed(name: str) -> str:
    return re.sub("_+", "_", name)


def _decoded(text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_pairs)
    except json.JSONDecodeError as error:
        raise ValueError(f"is not JSON ({error.msg.lower()} at character {error.pos + 1})") from None
    except RecursionError:
        raise ValueError("is nested too deeply") from None


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        raise ValueError("has a key twice")
    return values
