"""What is kept of one target between scrapes: its rows by family, sorted and named, and their bytes by format."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field

from exporter.catalogue import TARGET_INFO, UP, Family
from exporter.exposition.naming import Labels, NamingScheme, labels_of
from exporter.exposition.text import Block, Row, label_text
from exporter.series.observations import FACT, Reading, Series
from exporter.store import TargetState

AT_A_TIME = 1_000

SeriesKey = tuple[str, str, Labels, tuple[str, Labels] | None]


@dataclass(frozen=True, slots=True)
class Shelf:
    """One target at one *version*; *place* is account id and region; *doubles* are families that gave one name twice.

    *labels* are handed on from version to version, since to make them takes longer than all the rest.
    """

    version: int
    place: tuple[str, str]
    rows: dict[Family, tuple[Row, ...]]
    labels: dict[SeriesKey, str]
    doubles: frozenset[Family]
    blocks: dict[tuple[bool, Family], Block] = field(default_factory=dict)


def shelve_in_steps(
    state: TargetState,
    account_id: str,
    scheme: NamingScheme,
    *,
    family_of: Callable[[Series], Family],
    before: Shelf | None,
) -> Generator[None, None, Shelf]:
    """Return the shelf of *state*, in steps of a thousand series. Of those with one name and labels the first stays.

    *family_of* is the scheme's answer, remembered; *before* is the target's last shelf, for its labels.
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
            key = (series.metric, series.aspect, series.labels, _owner(series))
            text = known.get(key)
            if text is None:
                text = label_text(labels_of(scheme, *place, series))
            labels[key] = text
            family = family_of(series)
            if rows.setdefault(family, {}).setdefault(text, series) is not series:
                doubles.add(family)
    ordered = {family: tuple(sorted(named.items(), key=lambda row: row[0])) for family, named in rows.items()}
    return Shelf(state.version, place, ordered, labels, frozenset(doubles))


def _owner(series: Series) -> tuple[str, Labels] | None:
    """Return what of a rule decides about labels: the same rule may have others after a reload."""
    return None if series.rule is None else (series.rule.id, series.rule.labels)


def _facts_about(state: TargetState, place: tuple[str, str]) -> dict[Family, dict[str, Series]]:
    """Return what the store itself says of a target; first in their families, so that nothing can take their names."""
    labels = (("account_id", place[0]), ("region", place[1]))
    name = state.name if state.name is not None else state.key.target
    rows = {TARGET_INFO: {label_text((*labels, ("name", name))): Series("target_info", FACT, Reading(1.0))}}
    if state.up is not None:
        rows[UP] = {label_text(labels): Series("up", FACT, Reading(float(state.up)))}
    return rows
