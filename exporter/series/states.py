"""What the states of a series have in common: what they are told, and what they tell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from exporter.errors import SourceError
from exporter.series.observations import Series
from exporter.series.queries import Points, Query


@dataclass(frozen=True, slots=True)
class Pace:
    """When a target is polled, as far as its windows depend on it.

    *look_seconds* is the second of the hour of the look back. Windows of minutes start at a multiple of
    *align_seconds* (a divisor of an hour), so that longer periods fit into the same call.
    """

    poll_interval_seconds: float
    look_seconds: int
    align_seconds: int


class Outcome(NamedTuple):
    """What a poll brought: datapoints that came *late*, *smaller* answers held back, and what cannot be right."""

    late: int = 0
    smaller: int = 0
    error: SourceError | None = None


Answered = Mapping[Query, Points]


class State(Protocol):
    """One metric's memory. All its functions take the poll's one reading of the clock and change nothing but itself."""

    def adopt(self, previous: State) -> None:
        """Go on from what *previous* knows of the same metric; of another kind it has nothing to give."""
        ...

    def starting(self, now: float) -> bool:
        """Return whether the next read is the long one: the first, or after too long a gap."""
        ...

    def wants(self, now: float) -> list[Query]:
        """Return what to ask at *now*; asked again without an `absorb` between, it is the same."""
        ...

    def follow_up(self, now: float, answered: Answered) -> list[Query]:
        """Return what to ask besides, now that what it `wants` is *answered*."""
        ...

    def absorb(self, now: float, answered: Answered) -> Outcome:
        """Take in the whole answers; what is missing in *answered* was not read."""
        ...

    def series(self, now: float) -> Iterable[Series]:
        """Return what is known, whenever it was read."""
        ...
