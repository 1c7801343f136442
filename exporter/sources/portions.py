"""One poll's questions in portions, so that the answers to all of them are never held at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from exporter.series.dimensions import Place
from exporter.series.queries import Query
from exporter.series.states import State
from exporter.series.windows import DAY
from exporter.sources.turns import in_turns

AT_ONCE = 250_000
"""Datapoints of a portion, at about 100 bytes each: a plain poll of 10 000 series is one."""


@dataclass(frozen=True, slots=True)
class Portion:
    """Questions that are asked together, and the states that have them."""

    states: list[State] = field(default_factory=list)
    queries: list[Query] = field(default_factory=list)

    @property
    def datapoints(self) -> int:
        """How many datapoints the answers can have at most."""
        return sum(query.datapoints for query in self.queries)


async def portions(states: Sequence[State], now: float) -> list[Portion]:
    """Return what *states* want to know at *now*: in one portion, or in several where that is much.

    Of several the first ones ask for what is new, the later ones for the past: that of states that begin, and the looks
    back of the others. So a look that fails for long starves no gauge. The states of one series stay together, as their
    questions may be the same.
    """
    of_series: dict[Place, Portion] = {}
    datapoints = 0
    async for state in in_turns(states):
        wanted = state.wants(now)
        place = (wanted[0].metric, wanted[0].dimensions)
        series = of_series.get(place)
        if series is None:
            series = of_series[place] = Portion()
        series.states.append(state)
        series.queries.extend(wanted)
        datapoints += sum([query.datapoints for query in wanted])
    if datapoints <= AT_ONCE:
        return [_joined(of_series.values())] if of_series else []
    newest: list[Portion] = []
    past: list[Portion] = []
    async for series in in_turns(of_series.values()):
        if any(state.starting(now) for state in series.states):
            past.append(series)
            continue
        newest.append(Portion(series.states, [query for query in series.queries if not _is_look(query)]))
        past.append(Portion(series.states, [query for query in series.queries if _is_look(query)]))
    return [*await _cut(newest), *await _cut(past)]


def _is_look(query: Query) -> bool:
    return query.span.end - query.span.start >= DAY


def _joined(parts: Iterable[Portion]) -> Portion:
    portion = Portion()
    for part in parts:
        portion.states.extend(part.states)
        portion.queries.extend(part.queries)
    return portion


async def _cut(parts: Iterable[Portion]) -> list[Portion]:
    """Return *parts* joined to as few portions as there may be."""
    cut: list[Portion] = []
    datapoints = 0
    async for part in in_turns(part for part in parts if part.queries):
        size = part.datapoints
        if not cut or datapoints + size > AT_ONCE:
            cut.append(Portion())
            datapoints = 0
        cut[-1].states.extend(part.states)
        cut[-1].queries.extend(part.queries)
        datapoints += size
    return cut
