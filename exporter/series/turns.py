"""Long work in pieces: a generator that yields where others may have their turn, and whose return is the outcome.

Who has an event loop lets it go on at each yield; who has none runs to the end with `finished`.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from heapq import merge
from itertools import islice
from typing import Any, TypeVar

AT_ONCE = 500
"""Items between two turns, of a few microseconds each."""
SORTED_AT_ONCE = 5_000

T = TypeVar("T")
Steps = Generator[None, None, T]


def finished(steps: Steps[T]) -> T:
    """Run *steps* in one go and return their outcome."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]


def portions(items: Iterable[T], size: int = AT_ONCE) -> Iterator[list[T]]:
    """Yield *items* in lists of *size*: between two of them is a turn."""
    remaining = iter(items)
    while portion := list(islice(remaining, size)):
        yield portion


def in_order(items: Iterable[Any]) -> Steps[list[Any]]:
    """Return *items* sorted."""
    runs = []
    for portion in portions(items, SORTED_AT_ONCE):
        portion.sort()
        runs.append(portion)
        yield
    ordered: list[Any] = []
    for portion in portions(merge(*runs)):
        ordered += portion
        yield
    return ordered
