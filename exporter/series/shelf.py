"""A row of datapoints of one resolution, each replaced only by a larger one."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping
from itertools import repeat
from math import fsum
from typing import NamedTuple

from exporter.series.windows import Span

WHOLE = "I"
LARGEST_WHOLE = 2**32 - 1
ANY = "d"


class Change(NamedTuple):
    """What a read changed: *grown* lists the starts of datapoints that grew, *smaller* counts smaller answers."""

    grown: tuple[int, ...]
    smaller: int


_NOTHING = Change((), 0)


class Shelf:
    """Values for consecutive periods of *step* seconds from *start* on; what was never read is 0.

    An array, because a dict costs ten times as much and there is one shelf a resolution and series. Mails are whole
    numbers, which take half the room of others; the first other one makes it an array of those.
    """

    __slots__ = ("_values", "start", "step")

    def __init__(self, step: int, start: int) -> None:
        """Begin an empty row at *start*, a multiple of *step*."""
        self.step = step
        self.start = start
        self._values: array[float] = array(WHOLE)

    def __len__(self) -> int:
        """Return how many periods are held."""
        return len(self._values)

    @property
    def end(self) -> int:
        """The end (exclusive) of the last period held."""
        return self.start + len(self._values) * self.step

    def values(self, start: int, end: int) -> Iterator[float]:
        """Return the values from *start* to *end* (exclusive), as far as they are held."""
        return iter(self._held(start, end))

    def sum(self, start: int, end: int) -> float:
        """Return the sum of the values from *start* to *end* (exclusive), rounded once."""
        values = self._held(start, end)
        return float(sum(values)) if values.typecode == WHOLE else fsum(values)

    def exact_sum(self, start: int, end: int) -> tuple[float, ...]:
        """Return the fewest numbers, of whole ones one, whose sum is exactly that of the values."""
        values = self._held(start, end)
        if values.typecode == WHOLE:
            return (sum(values),)
        parts: list[float] = []
        rest = values.tolist()
        while part := fsum(rest):
            parts.append(part)
            rest.append(-part)
        return tuple(parts)

    def keep(self, span: Span, points: Mapping[int, float]) -> Change:
        """Take in a complete read of *span*: what *points* (period start -> value) does not name was absent, so 0."""
        self._cover(*span)
        first = (span.start - self.start) // self.step
        moments = range(span.start, span.end, self.step)
        values = self._values[first : first + len(moments)].tolist()
        reads = list(map(points.get, moments, repeat(0.0)))
        if reads == values:
            return _NOTHING
        grown = []
        smaller = 0
        for moment, value, read in zip(moments, values, reads, strict=True):
            if read > value:
                self._put(moment, read)
                grown.append(moment)
            elif read < value:
                smaller += 1
        return Change(tuple(grown), smaller)

    def raise_to(self, moment: int, value: float) -> bool:
        """Make the value at *moment* at least *value*; return whether it grew. What was forgotten stays so."""
        if moment < self.start:
            return False
        self._cover(moment, moment + self.step)
        if value <= self._values[(moment - self.start) // self.step]:
            return False
        self._put(moment, value)
        return True

    def forget_before(self, moment: int) -> None:
        """Drop every period that starts before *moment*, a multiple of *step*."""
        if moment > self.start:
            del self._values[: (moment - self.start) // self.step]
            self.start = moment

    def _held(self, start: int, end: int) -> array[float]:
        first = max(0, (start - self.start) // self.step)
        return self._values[first : max(0, (end - self.start) // self.step)]

    def _put(self, moment: int, value: float) -> None:
        index = (moment - self.start) // self.step
        if self._values.typecode == WHOLE:
            if value <= LARGEST_WHOLE and value == (whole := int(value)):
                self._values[index] = whole
                return
            self._values = array(ANY, self._values)
        self._values[index] = value

    def _cover(self, start: int, end: int) -> None:
        if start < self.start:
            self._values[0:0] = self._zeros((self.start - start) // self.step)
            self.start = start
        missing = (end - self.start) // self.step - len(self._values)
        if missing > 0:
            self._values.extend(self._zeros(missing))

    def _zeros(self, count: int) -> array[float]:
        zeros: array[float] = array(self._values.typecode)
        zeros.frombytes(bytes(count * zeros.itemsize))
        return zeros
