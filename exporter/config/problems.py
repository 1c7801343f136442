"""pydantic's errors as lines that people can read."""

from __future__ import annotations

import difflib
import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from exporter.config.keys import ITEM, Loc, dotted, keys, shape_at
from exporter.config.layers import Layer, problem, supplier
from exporter.errors import Problem

_KINDS: dict[type, str] = {
    type(None): "empty",
    bool: "true or false",
    int: "a number",
    float: "a decimal number",
    str: "text",
    list: "a list",
    tuple: "a list",
    dict: "a mapping",
}
LONGEST_NUMBER = 4_300
"""Of more digits Python makes no number, so that it stays text."""
_WRONG_TYPE = ("_type", "enum", "_parsing", "_from_float", "literal_error", "_attributes_type")


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the one of *known* that *name* was most likely meant to be, None when nothing is near."""
    return next(iter(difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)), None)


def details(error: ValidationError) -> list[tuple[Loc, ErrorDetails]]:
    """Return the errors with their locs, without those that only follow from another one."""
    found: list[tuple[Loc, ErrorDetails]] = [
        (tuple(detail["loc"]), detail) for detail in error.errors(include_url=False)
    ]
    locs = [loc for loc, _ in found]
    return [
        (loc, detail)
        for loc, detail in found
        # pydantic counts only the good items of a list
        if detail["type"] != "too_short" or not any(other != loc and other[: len(loc)] == loc for other in locs)
    ]


def wrong_locs(layers: Sequence[Layer], loc: Loc, detail: ErrorDetails) -> Iterator[Loc]:
    """Yield the locs that have no value because of one error: a misspelt key leaves the one without that was meant."""
    yield loc
    if detail["type"] == "extra_forbidden":
        meant = (*loc[:-1], nearest(str(loc[-1]), shape_at(loc[:-1]).fields) or loc[-1])
        if supplier(layers, meant)[1] < len(meant):
            yield meant


def readable(layers: Sequence[Layer], loc: Loc, detail: ErrorDetails) -> Problem:
    """Return one error as a problem with its place."""
    if detail["type"] == "extra_forbidden":
        return problem(layers, loc, f"unknown key; {_known_here(loc)}", show=False)
    allowed = f"must be {shape_at(loc).allowed}"
    if detail["type"] == "too_long":
        allowed += f", at most {detail['ctx']['max_length']} of them"
    if detail["type"] == "missing":
        return problem(layers, loc, f"is missing: {allowed}")
    if detail["type"] == "value_error":
        return problem(layers, loc, f"{detail['ctx']['error']}; {allowed}")
    if detail["type"] == "too_short" and not detail["input"]:
        return problem(layers, loc, f"{allowed}, not an empty one")
    if detail["type"].endswith(_WRONG_TYPE) and not shape_at(loc).choices:
        kind = _kind(detail["input"])
        return problem(layers, loc, f"{allowed}, not {kind}" if kind else allowed)
    return problem(layers, loc, allowed)


def _kind(value: Any) -> str | None:
    if isinstance(value, str) and len(value) > LONGEST_NUMBER and value.lstrip("+-").isdecimal():
        return f"a number of {len(value.lstrip('+-'))} digits"
    return _KINDS.get(type(value))


def _known_here(loc: Loc) -> str:
    name = str(loc[-1])
    siblings = tuple(shape_at(loc[:-1]).fields)
    guess = nearest(name, siblings)
    if guess is None:
        elsewhere = _places().get(name)
        if elsewhere:
            return f"did you mean {dotted(elsewhere).replace(f'[{ITEM}]', '[]')}?"
        return f"known here: {', '.join(siblings)}"
    return f"did you mean {guess}?"


@functools.cache
def _places() -> Mapping[str, Loc]:
    """Return the first place of each name: a walk over all models, too long to take for each of many unknown keys."""
    places: dict[str, Loc] = {}
    for key in keys():
        places.setdefault(str(key.loc[-1]), key.loc)
    return places
