"""Which series with dimensions are read: what is selected, of what CloudWatch lists, within limits. Pure."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import NamedTuple

from exporter.catalogue import label_names
from exporter.config.selections import Chosen, DimensionPlan, Selection
from exporter.series.queries import Dimensions
from exporter.series.turns import Steps, finished, in_order, portions

MAX_ASKED = 10
"""Dimensions that ListMetrics takes in one question."""

Place = tuple[str, Dimensions]
"""A metric and its dimensions, sorted by name: what tells one series from another."""


class Ask(NamedTuple):
    """A question for ListMetrics: of *metric*, or all, the sets that have at least the dimensions *names*."""

    metric: str | None
    names: tuple[str, ...]


Listing = Mapping[str, Collection[Dimensions]]
"""The sets of dimensions that CloudWatch lists, by metric."""
_Found = dict[Dimensions, set[str]]


@dataclass(frozen=True, slots=True)
class Wanted:
    """The *places* to read; those *over_limit*; the *clashing* ones, of whose labels two would have one name.

    All are in order of their dimensions, so that what is left out are whole sets, but for one.
    """

    places: tuple[Place, ...]
    over_limit: tuple[Place, ...] = ()
    clashing: tuple[Place, ...] = ()


def wanted(plan: DimensionPlan, metrics: Iterable[str], listing: Listing) -> Wanted:
    """Return what *plan* selects of *metrics*.

    Over a limit the first by their dimensions stay, so that the same ones do at every poll and in every replica.
    """
    return finished(wanted_in_steps(plan, metrics, listing))


def wanted_in_steps(plan: DimensionPlan, metrics: Iterable[str], listing: Listing) -> Steps[Wanted]:
    """Return the same, for who has others to let in between."""
    names = tuple(metrics)
    selected: list[tuple[Selection, _Found]] = []
    for selection in plan.selections:
        found = yield from _selected(selection, names, listing)
        selected.append((selection, found))
    everything: set[Dimensions] = set()
    for _, found in selected:
        for portion in portions(found):
            everything.update(portion)
            yield
    order = yield from in_order(everything)
    kept: _Found = {}
    over: _Found = {}
    for selection, found in selected:
        room = math.inf if selection.limit is None else selection.limit
        for portion in portions(dimensions for dimensions in order if dimensions in found):
            for dimensions in portion:
                (kept if room > 0 else over).setdefault(dimensions, set()).update(found[dimensions])
                room -= 1
            yield
    return (yield from _sorted_out(plan.limit, order, kept, over))


def asks(plan: DimensionPlan) -> tuple[Ask, ...]:
    """Return what ListMetrics has to be asked for *plan*, each once."""
    return tuple(
        dict.fromkeys(
            Ask(None if selection.dimensions else selection.metric, selection.names[:MAX_ASKED])
            for selection in plan.selections
            if selection.listed
        )
    )


class Selector:
    """What a plan selects, were it listed; limits apart."""

    def __init__(self, plan: DimensionPlan) -> None:
        """Select by *plan*."""
        self._pickers = [(selection.metric, Picker(selection)) for selection in plan.selections]

    def wants(self, place: Place) -> bool:
        """Return whether *place* is selected."""
        metric, dimensions = place
        return any(wanted in {None, metric} and picker.keeps(dimensions) for wanted, picker in self._pickers)


class Picker:
    """Which sets of dimensions one selection keeps."""

    def __init__(self, selection: Selection) -> None:
        """Keep what *selection* does."""
        choosers = dict(selection.dimensions)
        self._names = selection.names
        self._choosers = tuple(choosers[name] for name in self._names)

    def keeps(self, dimensions: Dimensions) -> bool:
        """Return whether *dimensions*, sorted by name, are exactly the selection's, each with a value that it wants."""
        if not self._names:
            return bool(dimensions)
        if tuple([name for name, _ in dimensions]) != self._names:
            return False
        return all(chooser.keeps(value) for chooser, (_, value) in zip(self._choosers, dimensions, strict=True))


def _selected(selection: Selection, metrics: Iterable[str], listing: Listing) -> Steps[_Found]:
    """Return the sets of dimensions that *selection* takes, with the metrics that have them."""
    names = [metric for metric in metrics if selection.metric in {None, metric}]
    found: _Found = {}
    if not selection.listed:
        for portion in portions(_combinations(selection)):
            found.update((dimensions, set(names)) for dimensions in (portion if names else ()))
            yield
        return found
    keeps = cache(Picker(selection).keeps)
    for metric in names:
        for portion in portions(listing.get(metric, ())):
            for dimensions in portion:
                if keeps(dimensions):
                    found.setdefault(dimensions, set()).add(metric)
            yield
    return found


def _sorted_out(limit: int, order: Iterable[Dimensions], kept: _Found, over: _Found) -> Steps[Wanted]:
    """Part what is *kept*, whose labels clash or which is beyond *limit*; both of *kept* and *over* are in *order*."""
    legal = cache(lambda names: label_names(names) is not None)
    first: list[Place] = []
    beyond: list[Place] = []
    clashing: list[Place] = []
    for portion in portions(order):
        for dimensions in portion:
            here = kept.get(dimensions, set())
            rest = over.get(dimensions, set()) - here
            if legal(tuple([name for name, _ in dimensions])):
                metrics = sorted(here)
                room = limit - len(first)
                first += [(metric, dimensions) for metric in metrics[:room]]
                rest.update(metrics[room:])
            else:
                clashing += [(metric, dimensions) for metric in sorted(here)]
            beyond += [(metric, dimensions) for metric in sorted(rest)]
        yield
    return Wanted(tuple(first), tuple(beyond), tuple(clashing))


def _combinations(selection: Selection) -> Iterator[Dimensions]:
    chosen = {name: values.values for name, values in selection.dimensions if isinstance(values, Chosen)}
    for values in product(*(chosen[name] for name in selection.names)):
        yield tuple(zip(selection.names, values, strict=True))
