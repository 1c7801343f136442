"""Layers become Settings; the rules between keys are judged even when single values are wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError
from pydantic_settings import InitSettingsSource

from exporter.config.keys import Loc
from exporter.config.layers import Layer, problem
from exporter.config.problems import details, readable, wrong_locs
from exporter.config.repair import repaired
from exporter.config.rules import broken
from exporter.config.settings import Settings
from exporter.errors import Problem

STAND_IN = Layer("defaults", {"targets": [{"regions": ["us-east-1"]}]})
"""The lowest layer: without any target the rest can still be judged. Whoever uses it reports the missing target."""


def validated(layers: Sequence[Layer], *, judge_rules: bool) -> tuple[Settings | None, list[Problem]]:
    """Return the settings that *layers*, highest first, and `STAND_IN` give, None if they give none, and every problem.

    Where single values are wrong, the rules are judged on what is left without them.
    """
    problems: list[Problem] = []
    wrong: set[Loc] = set()
    judged: Settings | None = None
    while judged is None:
        try:
            judged = _settings([*(repaired(layer.values, wrong) for layer in layers), STAND_IN.values])
        except ValidationError as error:  # once more at most where a list is too long only when all its items are right
            found = details(error)
            if wrong.issuperset(loc for loc, _ in found):
                raise
            wrong.update(one for loc, detail in found for one in wrong_locs(layers, loc, detail))
            problems += [readable(layers, loc, detail) for loc, detail in found]
    settings = None if wrong else judged
    wrong.update(loc for layer in layers for loc in layer.unreadable)
    if judge_rules:
        told: dict[Loc, str] = {}
        for finding in broken(judged):
            if finding.holds(wrong):
                told.setdefault(finding.loc, finding.message)
        problems += [problem(layers, loc, message) for loc, message in told.items()]
    return settings, problems


def _settings(values: Sequence[dict[str, Any]]) -> Settings:
    return Settings(_build_sources=(tuple(InitSettingsSource(Settings, init_kwargs=one) for one in values), {}))
