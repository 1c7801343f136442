"""One layer of configuration (flags, environment, file) and where each of its values stands, for readable problems."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from exporter.config.keys import Loc, dotted, is_secret
from exporter.config.yaml_lines import MAX_DEPTH, Spot
from exporter.errors import Problem

SECRET = "<secret>"  # noqa: S105 - what stands in place of one
MAX_SHOWN = 60

_PEM = "-----BEGIN"


@dataclass(frozen=True, slots=True)
class Layer:
    """*values* as nested dicts and lists, and the *spots* they come from.

    *where* is a file name, `environment`, `flag` or `default`; *names* are what people call a loc there: a variable or
    a flag. A file's keys are called by their dotted path. *unreadable* is what was given and is no value at all.
    """

    where: str
    values: dict[str, Any] = field(default_factory=dict)
    spots: Mapping[Loc, Spot] = field(default_factory=dict)
    names: Mapping[Loc, str] = field(default_factory=dict)
    unreadable: frozenset[Loc] = frozenset()

    def gives(self, key: str) -> bool:
        """Return whether *key* of the outermost level was given, readable or not."""
        return key in self.values or (key,) in self.unreadable

    def name(self, loc: Loc) -> str:
        """Return what people call *loc* here."""
        for length in range(len(loc), 0, -1):
            if loc[:length] in self.names:
                rest = dotted(loc[length:])
                return self.names[loc[:length]] + (rest if not rest or rest.startswith("[") else f".{rest}")
        return dotted(loc)

    def reach(self, loc: Loc) -> tuple[int, bool]:
        """Return how many parts of *loc* this layer holds, and whether it hides the layers below it there."""
        value: Any = self.values
        hides = False
        for length, part in enumerate(loc):
            try:
                value = value[part]
            except (KeyError, IndexError, TypeError):
                return length, hides
            hides = hides or not isinstance(value, dict)
        return len(loc), hides


def supplier(layers: Sequence[Layer], loc: Loc) -> tuple[Layer, int]:
    """Return the layer, highest first, that decides about *loc*, and how many parts of *loc* it holds."""
    best = (layers[-1], 0)
    for layer in layers:
        length, hides = layer.reach(loc)
        if length > best[1]:
            best = (layer, length)
        if hides:
            return layer, length
    return best


def problem(layers: Sequence[Layer], loc: Loc, message: str, *, show: bool = True) -> Problem:
    """Return a problem with the value at *loc*, with its place and, where it is one to *show*, its text."""
    layer, length = supplier(layers, loc)
    nearest = next((layer.spots[loc[:end]] for end in range(length, -1, -1) if loc[:end] in layer.spots), None)
    text = nearest.text if nearest and length == len(loc) and show else None
    if text is not None:
        text = SECRET if is_secret(loc) or (_is_address(loc) and "@" in text) else shown(text)
    return Problem(layer.where, message, key=layer.name(loc), value=text, line=nearest.line if nearest else None)


def shown(text: str) -> str:
    """Return *text* as one short line, without what may be the user and password of an address, well formed or not.

    A key in PEM, where the name of its file belongs, is not shown at all.
    """
    if _PEM in text:
        return SECRET
    _, at, rest = text.rpartition("@")
    text = one_line(f"{SECRET}@{rest}" if at else text)
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}..."


def one_line(text: str) -> str:
    """Return *text* as it is, or escaped where it is empty or would not print as one line."""
    return text if text.isprintable() and text else json.dumps(text)


def _is_address(loc: Loc) -> bool:
    return any(str(part).endswith("_url") for part in loc)


def spots_of(value: Any, loc: Loc) -> dict[Loc, Spot]:
    """Return a spot without a line for everything at and below *loc*.

    Raises:
        ValueError: *value* is nested deeper than any configuration is.
    """
    if len(loc) > MAX_DEPTH:
        raise ValueError(f"has more than {MAX_DEPTH} levels of nesting")
    items: list[tuple[str | int, Any]] = []
    if isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, list | tuple):
        items = list(enumerate(value))
    else:
        return {loc: Spot(None, value if isinstance(value, str) else json.dumps(value))}
    spots = {loc: Spot(None, None)}
    for part, item in items:
        spots |= spots_of(item, (*loc, part))
    return spots


def placed(values: dict[str, Any], loc: Loc, value: Any) -> bool:
    """Put *value* into *values* at *loc*, a way of keys; return False where something else is in the way."""
    *parents, last = loc
    for part in parents:
        values = values.setdefault(str(part), {})
        if not isinstance(values, dict):
            return False
    values[str(last)] = value
    return True
