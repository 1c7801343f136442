"""What a YACE file names twice: series that only one job can show, and labels that only one value can have."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product

from exporter.config.dialect import Rule
from exporter.config.foreign import Findings
from exporter.config.keys import Loc, dotted
from exporter.config.selections import Selection

_ALL, _ANY = "all sets there are", "any set"
_Kinds = tuple[object, ...]


def say_hidden(findings: Findings, rules: Iterable[tuple[Loc, Rule]]) -> None:
    """Say which series of *rules*, each with its place, are not shown: an earlier job has the same ones.

    The page shows the first of series with the same name and labels.
    """
    shown: dict[_Kinds, Loc] = {}
    for loc, rule in rules:
        hidden: dict[Loc, list[tuple[str, str]]] = {}
        own, others = _kinds(rule.selection)
        for (_, family), place in product(rule.families, rule.scope or ()):
            series = (family.name, frozenset(rule.labels), place)
            first = next((shown[*series, kind] for kind in others if (*series, kind) in shown), None)
            if first is not None:
                hidden.setdefault(first, []).append((family.name, " ".join(place)))
            for kind in own:
                shown.setdefault((*series, kind), loc)
        for first, pairs in hidden.items():
            names, where = (", ".join(dict.fromkeys(each)) for each in zip(*pairs, strict=True))
            findings.doubt(
                loc, f"{names} in {where}: of series with the same labels only those of {dotted(first)} are shown"
            )


def say_one_label(findings: Findings, labels: Sequence[tuple[Loc, str]]) -> None:
    """Say which of *labels*, each with the place that gives it, are there again: the last value counts, as theirs."""
    places: dict[str, Loc] = {}
    for loc, label in labels:
        if label in places:
            findings.doubt(loc, f"gives the label {label}, as {dotted(places[label])} does; the last one counts")
        places[label] = loc


def _kinds(selection: Selection | None) -> tuple[_Kinds, _Kinds]:
    """Return under what a rule with *selection* is kept, and under what those are that may show the same."""
    if selection is None:
        return (None,), (None,)
    if not selection.dimensions:
        return (_ALL, _ANY), (_ANY,)
    names = frozenset(selection.dimensions)
    return (names, _ANY), (names, _ALL)
