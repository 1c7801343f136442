"""Long work in pieces: the same outcome, and never much of it between two turns."""

from __future__ import annotations

import gc
import time

from hypothesis import given
from hypothesis import strategies as st

from exporter.catalogue import METRICS
from exporter.config.selections import DimensionPlan
from exporter.series import turns
from exporter.series.roster import Roster
from exporter.series.turns import Steps, finished, in_order, portions
from tests.series.test_roster import PACE, SETS, called, plan

LONGEST_SECONDS = 0.05


def longest(steps: Steps[object]) -> float:
    """Return the processor time of the longest piece of *steps*, but for what the garbage collector takes."""
    pieces = []
    gc.disable()
    try:
        while True:
            begun = time.process_time()
            try:
                next(steps)
            finally:
                pieces.append(time.process_time() - begun)
    except StopIteration:
        return max(pieces)
    finally:
        gc.enable()


@given(st.lists(st.integers()), st.integers(1, 4))
def test_what_is_put_in_order_piece_by_piece_is_in_order(items: list[int], size: int) -> None:
    before = turns.SORTED_AT_ONCE
    try:
        turns.SORTED_AT_ONCE = size
        assert finished(in_order(items)) == sorted(items)
        assert len(list(in_order(items))) >= len(items) / size, "a turn for each portion"
    finally:
        turns.SORTED_AT_ONCE = before
    assert [each for portion in portions(items, size) for each in portion] == items


def test_others_have_their_turn_while_thousands_of_sets_are_selected() -> None:
    metrics = [name for name, metric in METRICS.items() if metric.account_level][:6]
    plans, dimensions = [plan(name) for name in metrics], DimensionPlan((SETS,), limit=20_000)
    listing = {name: {called(f"set-{number}") for number in range(4_000)} for name in metrics}
    it = Roster(plans, dimensions, PACE)
    assert longest(it.select(0, listing)) < LONGEST_SECONDS
    assert len(it.reading) == 6 + 20_000
    assert longest(it.select(1, {name: set(list(sets)[:3_000]) for name, sets in listing.items()})) < LONGEST_SECONDS
    after = Roster(plans, dimensions, PACE)
    assert longest(after.adopt(it, listing)) < LONGEST_SECONDS
    assert len(after.reading) == 6 + 20_000


def test_until_the_last_step_all_is_as_before() -> None:
    it = Roster([plan("Send")], DimensionPlan((SETS,), limit=5_000), PACE)
    finished(it.select(0, {"Send": [called("a")]}))
    before = it.places, it.reading
    steps = it.select(1, {"Send": [called(f"set-{number}") for number in range(3_000)]})
    for _ in range(15):
        next(steps)
        assert (it.places, it.reading) == before
    finished(steps)
    assert len(it.reading) == 1 + 3_000
