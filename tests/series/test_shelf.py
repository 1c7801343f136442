"""A row of datapoints: kept, raised, forgotten."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from exporter.series.shelf import Change, Shelf
from exporter.series.windows import Span

VALUES = st.integers(0, 9).map(float) | st.sampled_from([0.1, 2.5, 2.0**32 - 1, 2.0**32, 1e15])
READS = st.lists(
    st.tuples(
        st.integers(0, 30),
        st.integers(0, 12),
        st.dictionaries(st.integers(0, 45), VALUES, max_size=8),
    ),
    max_size=8,
)


@given(READS, st.integers(0, 30))
def test_it_is_a_dict_that_keeps_the_largest_value(reads: list[tuple[int, int, dict[int, float]]], begin: int) -> None:
    shelf = Shelf(60, begin * 60)
    expected: dict[int, float] = {}
    for first, length, values in reads:
        span = Span(first * 60, (first + length) * 60)
        points = {slot * 60: value for slot, value in values.items() if first <= slot < first + length}
        grown = tuple(m for m in range(span.start, span.end, 60) if points.get(m, 0.0) > expected.get(m, 0.0))
        smaller = sum(points.get(m, 0.0) < expected.get(m, 0.0) for m in range(span.start, span.end, 60))
        assert shelf.keep(span, points) == Change(grown, smaller)
        for moment, value in points.items():
            expected[moment] = max(expected.get(moment, 0.0), value)
    for moment in range(0, 2800, 60):
        assert sum(shelf.values(moment, moment + 60)) == expected.get(moment, 0.0)
    whole = sum(map(Fraction, expected.values()))
    assert shelf.sum(0, 2800) == float(whole)
    assert sum(map(Fraction, shelf.exact_sum(0, 2800))) == whole


def test_whole_numbers_take_half_the_room_until_another_one_comes() -> None:
    shelf = Shelf(60, 0)
    shelf.keep(Span(0, 600), {0: 2.0**32 - 1, 60: 3.0})
    assert shelf._values.itemsize == 4
    shelf.keep(Span(0, 600), {0: 2.0**32 - 1, 60: 3.5})
    assert shelf._values.itemsize == 8
    assert list(shelf.values(0, 180)) == [2.0**32 - 1, 3.5, 0.0]


def test_what_was_forgotten_is_not_raised_again() -> None:
    shelf = Shelf(3600, 0)
    shelf.keep(Span(0, 4 * 3600), {0: 1.0, 3600: 2.0, 7200: 3.0})
    shelf.forget_before(7200)
    assert shelf.start == 7200
    assert shelf.end == 4 * 3600
    assert not shelf.raise_to(3600, 9.0)
    assert shelf.raise_to(7200, 9.0)
    assert not shelf.raise_to(7200, 8.0)
    assert shelf.raise_to(6 * 3600, 1.0)
    assert list(shelf.values(0, 10 * 3600)) == [9.0, 0.0, 0.0, 0.0, 1.0]
    shelf.forget_before(100 * 3600)
    assert list(shelf.values(0, 200 * 3600)) == []
