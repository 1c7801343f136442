"""A row of datapoints of one resolution, each replaced only by a larger one."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from exporter.series.windows import Span


class Change(NamedTuple):
    """What a read changed: *grown* lists the starts of datapoints that grew, *smaller* counts smaller answers."""

    grown: tuple[int, ...]
    smaller: int


class Shelf:
    """Values for consecutive periods of *step* seconds from *start* on; what was never read is 0.

    An array, because a dict costs ten times as much and there is one shelf a resolution and series.
    """

    __slots__ = ("_values", "start", "step")

    def __init__(self, step: int, start: int) -> None:
        """Begin an empty row at *start*, a multiple of *step*."""
        self.step = step
        self.start = start
        self._values = array("d")

    def __len__(self) -> int:
        """Return how many periods are held."""
        return len(self._values)

    @property
    def end(self) -> int:
        """The end (exclusive) of the last period held."""
        return self.start + len(self._values) * self.step

    def values(self, start: int, end: int) -> Iterator[float]:
        """Return the values from *start* to *end* (exclusive), as far as they are held."""
        first = max(0, (start - self.start) // self.step)
        return iter(self._values[first : max(0, (end - self.start) // self.step)])

    def keep(self, span: Span, points: Mapping[int, float]) -> Change:
        """Take in a complete read of *span*: what *points* (period start -> value) does not name was absent, so 0."""
        self._cover(span)
        grown = []
        smaller = 0
        first = (span.start - self.start) // self.step
        moments = range(span.start, span.end, self.step)
        held = self._values[first : first + len(moments)]
        for index, (moment, value) in enumerate(zip(moments, held, strict=True), first):
            read = points.get(moment, 0.0)
            if read > value:
                self._values[index] = read
                grown.append(moment)
            elif read < value:
                smaller += 1
        return Change(tuple(grown), smaller)

    def raise_to(self, moment: int, value: float) -> bool:
        """Make the value at *moment* at least *value*; return whether it grew. What was forgotten stays so."""
        if moment < self.start:
            return False
        self._cover(Span(moment, moment + self.step))
        index = (moment - self.start) // self.step
        if value <= self._values[index]:
            return False
        self._values[index] = value
        return True

    def forget_before(self, moment: int) -> None:
        """Drop every period that starts before *moment*, a multiple of *step*."""
        if moment > self.start:
            del self._values[: (moment - self.start) // self.step]
            self.start = moment

    def _cover(self, span: Span) -> None:
        if span.start < self.start:
            self._values[0:0] = array("d", bytes(8 * ((self.start - span.start) // self.step)))
            self.start = span.start
        if span.end > self.end:
            self._values.frombytes(bytes(8 * ((span.end - self.end) // self.step)))
