"""Layers become Settings; the rules between keys are judged even when single values are wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError
from pydantic_settings import InitSettingsSource

from exporter.config.keys import Loc
from exporter.config.layers import Layer, problem
from exporter.config.problems import details, readable
from exporter.config.rules import RULES
from exporter.config.settings import Settings
from exporter.errors import Problem

STAND_IN = Layer("defaults", {"targets": [{"regions": ["us-east-1"]}]})
"""The lowest layer: without any target the rest can still be judged. Whoever uses it reports the missing target."""

_HARMLESS: dict[str | int, dict[str, Any]] = {
    "targets": {"name": "unreadable-{}", "regions": ["us-east-1"]},
    "metrics": {"name": "Unreadable.{}", "kind": "rate"},
}


def validated(layers: Sequence[Layer], *, judge_rules: bool) -> tuple[Settings | None, list[Problem]]:
    """Return the settings that *layers*, highest first, and `STAND_IN` give, None if they give none, and every problem.

    Where single values are wrong, the rules are judged on what is left without them.
    """
    problems: list[Problem] = []
    wrong: set[Loc] = set()
    try:
        settings: Settings | None = _settings([*(layer.values for layer in layers), STAND_IN.values])
        judged = settings
    except ValidationError as error:
        found = details(error)
        problems = [readable(layers, loc, detail) for loc, detail in found]
        wrong = {_part(loc) for loc, _ in found}
        settings = None
        judged = _settings([*(_without(layer.values, wrong) for layer in layers), STAND_IN.values])
    if judge_rules and judged is not None:
        for rule in RULES:
            if rule.is_open(wrong):
                problems += [problem(layers, finding.loc, finding.message) for finding in rule.find(judged)]
    return settings, problems


def _settings(values: Sequence[dict[str, Any]]) -> Settings:
    return Settings(_build_sources=(tuple(InitSettingsSource(Settings, init_kwargs=one) for one in values), {}))


def _part(loc: Loc) -> Loc:
    """Return what must go for the rest to be valid: a whole target or metric, else the key itself, with its list."""
    if loc[0] in _HARMLESS:
        return loc[:2]
    return tuple(part for part in loc if isinstance(part, str))


def _without(values: dict[str, Any], wrong: set[Loc], loc: Loc = ()) -> dict[str, Any]:
    """Return a copy of *values* without *wrong*; a wrong item of a list gives way to one that breaks no rule."""
    kept: dict[str, Any] = {}
    for name, value in values.items():
        here = (*loc, name)
        if here in wrong:
            continue
        if isinstance(value, dict):
            kept[name] = _without(value, wrong, here)
        elif isinstance(value, list):
            kept[name] = [
                _HARMLESS[name] | {"name": _HARMLESS[name]["name"].format(index)} if (*here, index) in wrong else item
                for index, item in enumerate(value)
            ]
        else:
            kept[name] = value
    return kept
