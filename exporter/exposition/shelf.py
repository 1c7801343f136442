"""What is kept of one target between scrapes: its rows by family, sorted and named, and their bytes by format."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass, field

from exporter.catalogue import TARGET_INFO, UP, Family
from exporter.exposition.naming import Labels, NamingScheme, labels_of
from exporter.exposition.text import Block, Row, label_text
from exporter.series.observations import FACT, Reading, Series
from exporter.store import TargetState

AT_A_TIME = 1_000

Named = Mapping[str, frozenset[str]]
"""The labels that series bring to a family whose series are to have them all, by the family's name."""
Filled = Mapping[str, tuple[str, ...]]
"""The labels that all series of such a family have together, sorted."""
_Owner = tuple[str, Labels, str, tuple[str, ...]]
SeriesKey = tuple[str, str, Labels, _Owner | None]


@dataclass(frozen=True, slots=True)
class Shelf:
    """One target at one *version*; *place* is account id and region; *doubles* are families that gave one name twice.

    *labels* are handed on from version to version, since to make them takes longer than all the rest. *named* are its
    `label_names`.
    """

    version: int
    place: tuple[str, str]
    rows: dict[Family, tuple[Row, ...]]
    labels: dict[SeriesKey, str]
    doubles: frozenset[Family]
    named: Named
    blocks: dict[tuple[bool, Family], Block] = field(default_factory=dict)


def shelve_in_steps(
    state: TargetState,
    account_id: str,
    scheme: NamingScheme,
    *,
    family_of: Callable[[Series], Family],
    before: Shelf | None,
    named: Named,
    filled: Filled,
) -> Generator[None, None, Shelf]:
    """Return the shelf of *state*, in steps of a thousand series. Of those with one name and labels the first stays.

    *family_of* is the scheme's answer, remembered; *before* is the target's last shelf, for its labels; *named* are its
    `label_names`, *filled* those of all targets.
    """
    place = (account_id, state.key.region)
    known = before.labels if before is not None and before.place == place else {}
    labels: dict[SeriesKey, str] = {}
    doubles: set[Family] = set()
    rows = _facts_about(state, place)
    for entry in state.entries.values():
        for position, series in enumerate(entry.series, start=1):
            if position % AT_A_TIME == 0:
                yield
            family = family_of(series)
            others = filled.get(family.name, ())
            key = (series.metric, series.aspect, series.labels, _owner(series, others))
            text = known.get(key)
            if text is None:
                text = label_text(labels_of(scheme, *place, series, others))
            labels[key] = text
            if rows.setdefault(family, {}).setdefault(text, series) is not series:
                doubles.add(family)
    ordered = {family: tuple(sorted(found.items(), key=lambda row: row[0])) for family, found in rows.items()}
    return Shelf(state.version, place, ordered, labels, frozenset(doubles), named)


def label_names(state: TargetState) -> Named:
    """Return the labels that the series of *state* bring to families where a rule says that all have them."""
    found: dict[str, set[str]] = {}
    seen: set[tuple[str, str, tuple[str, ...]]] = set()
    for entry in state.entries.values():
        for series in entry.series:
            rule = series.rule
            if rule is None or not rule.fills_labels:
                continue
            kind = (rule.id, series.aspect, tuple([name for name, _ in series.labels]))
            if kind not in seen:
                seen.add(kind)
                found.setdefault(rule.family(series.aspect).name, set()).update(rule.label_names(series.labels))
    return {name: frozenset(labels) for name, labels in found.items()}


def all_labels(named: Iterable[Named]) -> Filled:
    """Return all labels of all in *named*."""
    found: dict[str, set[str]] = {}
    for each in named:
        for name, labels in each.items():
            found.setdefault(name, set()).update(labels)
    return {name: tuple(sorted(labels)) for name, labels in found.items()}


def _owner(series: Series, others: tuple[str, ...]) -> _Owner | None:
    """Return what of a rule decides about labels: the same rule may have others after a reload."""
    rule = series.rule
    return None if rule is None else (rule.id, rule.labels, rule.label_style, others)


def _facts_about(state: TargetState, place: tuple[str, str]) -> dict[Family, dict[str, Series]]:
    """Return what the store itself says of a target; first in their families, so that nothing can take their names."""
    labels = (("account_id", place[0]), ("region", place[1]))
    name = state.name if state.name is not None else state.key.target
    rows = {TARGET_INFO: {label_text((*labels, ("name", name))): Series("target_info", FACT, Reading(1.0))}}
    if state.up is not None:
        rows[UP] = {label_text(labels): Series("up", FACT, Reading(float(state.up)))}
    return rows
