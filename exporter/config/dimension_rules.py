"""What is right inside the sets of dimensions of a metric, each mistake with its own place."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from exporter.catalogue import label_names
from exporter.config.findings import Finding
from exporter.config.keys import Loc
from exporter.config.settings import Settings
from exporter.config.values import ALL, pattern

MAX_DIMENSIONS = 30
MAX_NAME = 255
MAX_VALUE = 1_024
MAX_SETS = 10_000
"""How many sets of values one choice may make: a limit of the configuration, since the lists are multiplied."""

_WANTED = "must be a value, a list of values, or {include: [...], exclude: [...]} with regular expressions"
_VALUE = f"must be text of 1 to {MAX_VALUE} characters, in quotes where it would be a number"


def wrong_dimensions(settings: Settings) -> Iterator[Finding]:
    """Yield what is wrong within the sets of dimensions."""
    for loc, choice in _choices(settings):
        if len(choice) > MAX_DIMENSIONS:
            yield Finding(loc, f"has {len(choice)} dimensions; must be at most {MAX_DIMENSIONS}")
        for name, wanted in choice.items():
            if not 1 <= len(name) <= MAX_NAME:
                yield Finding((*loc, name), f"the name of a dimension must be text of 1 to {MAX_NAME} characters")
            yield from _wanted((*loc, name), wanted)
        sets = math.prod(len(wanted) for wanted in choice.values() if isinstance(wanted, list))
        if sets > MAX_SETS:
            yield Finding(loc, f"makes {sets} sets of values; must make at most {MAX_SETS}")


def clashing_dimensions(settings: Settings) -> Iterator[Finding]:
    """Yield the sets of dimensions that are never served, for their labels would not differ."""
    for loc, choice in _choices(settings):
        if label_names(choice) is None:
            yield Finding(
                loc, "does nothing: two labels would have one name, or that of account_id, region, job or instance"
            )


def idle_limits(settings: Settings, metrics: int) -> Iterator[Finding]:
    """Yield what is said of configuration sets and cannot come true; *metrics* are those read of each."""
    sets, limit = settings.sources.configuration_sets, settings.sources.dimensions.limit
    loc: Loc = ("sources", "configuration_sets")
    if "enabled" not in sets.model_fields_set:
        for name in sorted(sets.model_fields_set):
            yield Finding((*loc, name), "does nothing: sources.configuration_sets.enabled is not true")
    if sets.enabled and sets.limit * metrics > limit:
        message = f"is not reached where each has all {metrics} metrics: sources.dimensions.limit is {limit}"
        yield Finding((*loc, "limit"), f"{message}, enough for {limit // metrics} whole sets")


def _choices(settings: Settings) -> Iterator[tuple[Loc, Mapping[str, Any]]]:
    for index, metric in enumerate(settings.metrics or ()):
        for position, choice in enumerate(metric.dimensions or ()):
            if choice != ALL:
                yield ("metrics", index, "dimensions", position), choice


def _wanted(loc: Loc, wanted: Any) -> Iterator[Finding]:
    if isinstance(wanted, dict):
        for name, texts in wanted.items():
            yield from _patterns((*loc, name), name, texts)
    elif isinstance(wanted, list):
        if not wanted:
            yield Finding(loc, f"{_WANTED}, not an empty list")
        for position, value in enumerate(wanted):
            if not _is_value(value):
                yield Finding((*loc, position), _VALUE)
    elif not _is_value(wanted):
        yield Finding(loc, _VALUE if isinstance(wanted, str) else f"{_WANTED}; a value {_VALUE}")


def _patterns(loc: Loc, name: str, texts: Any) -> Iterator[Finding]:
    if name not in {"include", "exclude"}:
        yield Finding(loc, "unknown key; known here: include, exclude")
    elif not isinstance(texts, list):
        yield Finding(loc, "must be a list of regular expressions")
    else:
        for position, text in enumerate(texts):
            try:
                pattern(text)
            except TypeError:
                yield Finding((*loc, position), "must be a regular expression that matches the whole value")
            except ValueError as error:
                message = f"{error}; must be a regular expression that matches the whole value"
                yield Finding((*loc, position), message)


def _is_value(value: Any) -> bool:
    return isinstance(value, str) and 1 <= len(value) <= MAX_VALUE
