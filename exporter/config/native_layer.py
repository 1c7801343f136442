"""What a foreign file comes to in the native configuration, each value with its place in the foreign file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from exporter.catalogue import METRICS
from exporter.config.dialect import Dialect, Rule
from exporter.config.dimension_rules import MAX_SETS
from exporter.config.foreign import Findings
from exporter.config.keys import Loc, dotted
from exporter.config.layers import Layer, spots_of
from exporter.config.selections import Chosen, Selection
from exporter.config.values import ALL
from exporter.config.yaml_lines import Spot
from exporter.errors import Problem

MIN_POLL_SECONDS, MAX_POLL_SECONDS = 60, 300
MIN_RANGE_SECONDS, MAX_RANGE_SECONDS = 900, 86_400
MIN_REFRESH_SECONDS, MAX_REFRESH_SECONDS = 60, 86_400
MAX_PERIOD_SECONDS = 604_800
MAX_DELAY_SECONDS = 1_123_200


@dataclass(frozen=True, slots=True)
class Translated:
    """The *layer* with the native values, and the *dialect*.

    *way* is what a target gets that the file does not name the region of, None where there is no such target. *settled*
    are the native keys that nobody else may give: what is read is in the file, and the rules are made for it.
    """

    layer: Layer
    way: Mapping[str, Any] | None
    settled: tuple[str, ...]
    dialect: Dialect
    problems: tuple[Problem, ...]
    doubts: tuple[Problem, ...]


class NativeLayer:
    """The native values as they grow, and where in the foreign file each comes from."""

    def __init__(self, findings: Findings) -> None:
        """Begin without any; *findings* knows the foreign file."""
        self._findings = findings
        self._values: dict[str, Any] = {}
        self._spots: dict[Loc, Spot] = {(): Spot(1, None)}
        self._names: dict[Loc, str] = {}

    def put(self, key: str, value: Any) -> None:
        """Set the outermost *key*."""
        self._values[key] = value
        self._spots |= spots_of(value, (key,))

    def stands(self, loc: Loc, theirs: Loc) -> None:
        """Say that the native *loc* comes from *theirs*."""
        found = self._findings.document.spots.get(theirs)
        if found is not None:
            self._spots[loc] = found
            self._names[loc] = dotted(theirs)

    def paces(self, rules: Sequence[Rule], refresh_seconds: int | None) -> None:
        """Put how often is polled and how far back, and how often dimensions are listed, None where they are not."""
        periods = (max(rule.period_seconds, MIN_POLL_SECONDS) for rule in rules)
        self.put("poll_interval_seconds", min([MAX_POLL_SECONDS, *periods]))
        reach = max([MIN_RANGE_SECONDS, *(rule.delay_seconds + rule.range_seconds for rule in rules)])
        self.put("range_seconds", min(reach, MAX_RANGE_SECONDS))
        if refresh_seconds is not None:
            seconds = min(max(refresh_seconds, MIN_REFRESH_SECONDS), MAX_REFRESH_SECONDS)
            self.put("sources", {"dimensions": {"refresh_seconds": seconds}})

    def metrics(
        self,
        rules: Sequence[tuple[Loc, Rule]],
        *,
        name_key: str,
        dimensions_at: Callable[[Loc], Loc],
        value_at: Callable[[Loc, str, str], Loc],
    ) -> None:
        """Put every metric that the account has, and those that the rules read with dimensions, with these.

        *rules* come with their places, where *name_key* is the name of the metric; *dimensions_at* gives that of its
        dimensions, *value_at* that of a value that is chosen of the dimension named.
        """
        items: dict[str, dict[str, Any]] = {
            metric.name: {"name": metric.name} for metric in METRICS.values() if metric.account_level
        }
        first: dict[str, Loc] = {}
        choices: dict[str, _Choices] = {}
        for loc, rule in rules:
            first.setdefault(rule.metric, loc)
            if rule.selection is None:
                continue
            item = items.setdefault(rule.metric, {"name": rule.metric})
            if rule.metric not in METRICS:
                item["kind"] = rule.kind.value
            found = choices.setdefault(rule.metric, _Choices())
            found.add(rule.selection, loc)
            item["dimensions"] = found.written
        self.put("metrics", list(items.values()))
        for position, name in enumerate(items):
            if name in first:
                self._names["metrics", position] = dotted(first[name])
                self._names["metrics", position, "dimensions"] = dotted(dimensions_at(first[name]))
                self._spots["metrics", position] = Spot(self._findings.line(first[name]), None)
                self.stands(("metrics", position, "name"), (*first[name], name_key))
        for position, name in enumerate(items):
            for number, choice in enumerate(choices[name].all if name in choices else ()):
                here: Loc = ("metrics", position, "dimensions", number)
                self._is_from(here, choice.written, dimensions_at(choice.loc))
                for (dimension, value), (index, loc) in choice.values.items():
                    self._is_from((*here, dimension, index), value, value_at(loc, dimension, value))

    def translated(
        self, where: str, dialect: Dialect, *, way: Mapping[str, Any] | None, settled: tuple[str, ...]
    ) -> Translated:
        """Return all of it, of the file *where*."""
        layer = Layer(where, self._values, self._spots, self._names)
        return Translated(layer, way, settled, dialect, tuple(self._findings.problems), tuple(self._findings.doubts))

    def _is_from(self, loc: Loc, value: Any, theirs: Loc) -> None:
        """Say that the native *value* at *loc* comes from *theirs*, with all that is in it."""
        self._names[loc] = dotted(theirs)
        line = self._findings.line(theirs)
        self._spots |= {each: replace(spot, line=line) for each, spot in spots_of(value, loc).items()}


@dataclass(slots=True)
class _Choice:
    """A set of dimensions as the native configuration writes it, and the *loc* of the metric that asks for it first.

    *values* are those chosen of each dimension, with the position in its list and the metric that asks for it.
    """

    written: Any
    loc: Loc
    values: dict[tuple[str, str], tuple[int, Loc]] = field(default_factory=dict)

    def choose(self, name: str, wanted: Sequence[str], loc: Loc) -> None:
        """Add those values *wanted* of the dimension *name* that are not there."""
        chosen = self.written.setdefault(name, [])
        for value in wanted:
            if (name, value) not in self.values:
                self.values[name, value] = (len(chosen), loc)
                chosen.append(value)


class _Choices:
    """The sets of dimensions of one metric, each once, the values of a single dimension in one list."""

    def __init__(self) -> None:
        """Begin without any."""
        self.all: list[_Choice] = []
        self.written: list[Any] = []
        self._seen: set[Selection] = set()
        self._lists: dict[str, _Choice] = {}

    def add(self, selection: Selection, loc: Loc) -> None:
        """Add *selection*, which the metric at *loc* asks for."""
        if selection in self._seen:
            return
        self._seen.add(selection)
        if len(selection.dimensions) == 1:
            ((name, wanted),) = selection.dimensions
            there = self._lists.get(name)
            if isinstance(wanted, Chosen):
                if there is not None and len(there.values) + len(wanted.values) <= MAX_SETS:
                    there.choose(name, wanted.values, loc)
                    return
                self._lists[name] = self._new(selection, loc)
                return
        self._new(selection, loc)

    def _new(self, selection: Selection, loc: Loc) -> _Choice:
        choice = _Choice({} if selection.dimensions else ALL, loc)
        for name, wanted in selection.dimensions:
            if isinstance(wanted, Chosen):
                choice.choose(name, wanted.values, loc)
            else:
                choice.written[name] = {"include": list(wanted.include)}
        self.all.append(choice)
        self.written.append(choice.written)
        return choice
