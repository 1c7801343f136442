"""Which series are there: found ones, vanished ones as long as they may be held, and never more than the limit."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.catalogue import METRICS, Kind
from exporter.config.plan import MetricPlan
from exporter.config.selections import CONFIGURATION_SET, Chosen, DimensionPlan, Found, Selection
from exporter.series.counts import Count
from exporter.series.held import Held
from exporter.series.queries import Dimensions
from exporter.series.roster import Roster
from exporter.series.states import Pace
from exporter.series.turns import finished
from exporter.series.windows import DAY

PACE = Pace(300, 2800, 300)
SETS = Selection(((CONFIGURATION_SET, Found()),))


def plan(name: str, max_age_seconds: int = 14 * DAY, *, account_level: bool = True) -> MetricPlan:
    kind = METRICS[name].kind
    return MetricPlan(name, kind, ("Sum",), 300, 300, 900, max_age_seconds, account_level=account_level)


def called(name: str) -> Dimensions:
    return ((CONFIGURATION_SET, name),)


def roster(*plans: MetricPlan, limit: int = 100, chosen: tuple[Selection, ...] = (SETS,)) -> Roster:
    return Roster(plans, DimensionPlan(chosen, limit=limit), PACE)


def test_without_a_list_there_is_what_needs_none() -> None:
    exact = Selection(((CONFIGURATION_SET, Chosen(("news",))),), "Bounce")
    received = MetricPlan("Received", Kind.COUNT, ("Sum",), 300, 300, 900, DAY, account_level=False)
    it = roster(plan("Send"), plan("Reputation.BounceRate"), plan("Bounce"), received, chosen=(SETS, exact))
    assert not any(dimensions for _, dimensions in it.places)
    finished(it.select(0, {}))
    assert it.places == (("Send", ()), ("Reputation.BounceRate", ()), ("Bounce", ()), ("Bounce", called("news")))
    assert [type(state) for state in it.reading] == [Count, Held, Count, Count]


def test_what_is_found_comes_after_in_order_of_its_dimensions_whenever_it_was_found() -> None:
    it = roster(plan("Send"), plan("Bounce"))
    finished(it.select(0, {"Bounce": [called("b")]}))
    finished(it.select(1, {"Bounce": [called("b"), called("a")], "Send": [called("b")]}))
    other = roster(plan("Send"), plan("Bounce"))
    finished(other.select(1, {"Send": [called("b")], "Bounce": [called("a"), called("b")]}))
    assert it.places == other.places
    assert it.places[2:] == (("Bounce", called("a")), ("Send", called("b")), ("Bounce", called("b")))


def test_what_vanished_is_asked_for_no_more_held_as_long_as_a_value_may_be_and_then_dropped() -> None:
    it = roster(plan("Send", DAY))
    finished(it.select(0, {"Send": [called("news")]}))
    state = it.states["Send", called("news")]
    finished(it.select(1000, {"Send": []}))
    finished(it.select(2000, {"Send": []}))
    assert ("Send", called("news")) in it.places
    assert state not in it.reading
    it.expire(1000 + DAY - 1)
    assert ("Send", called("news")) in it.places
    it.expire(1000 + DAY)
    assert it.places == (("Send", ()),)


def test_what_comes_back_goes_on_with_what_it_knew() -> None:
    it = roster(plan("Send"))
    finished(it.select(0, {"Send": [called("news")]}))
    state = it.states["Send", called("news")]
    finished(it.select(1000, {}))
    finished(it.select(5000, {"Send": [called("news")]}))
    assert it.reading[-1] is state
    it.expire(1000 + 14 * DAY)
    assert it.reading[-1] is state


@pytest.mark.parametrize(
    ("limit", "own_limit"), [(1, None), (100, 1)], ids=["of all dimensions", "of its selection, with room for more"]
)
def test_what_gives_way_under_a_limit_goes_at_once(limit: int, own_limit: int | None) -> None:
    it = roster(plan("Send"), limit=limit, chosen=(replace(SETS, limit=own_limit),))
    finished(it.select(0, {"Send": [called("b")]}))
    found = finished(it.select(1, {"Send": [called("b"), called("a")]}))
    assert found.over_limit == (("Send", called("b")),)
    assert it.places == (("Send", ()), ("Send", called("a")))


def test_what_vanished_makes_room_the_first_vanished_first() -> None:
    it = roster(plan("Send"), limit=3)
    finished(it.select(0, {"Send": [called("a"), called("b"), called("c")]}))
    finished(it.select(1, {"Send": [called("b"), called("c")]}))
    finished(it.select(2, {"Send": [called("c")]}))
    finished(it.select(3, {"Send": [called("c"), called("d")]}))
    assert [dict(dimensions).get(CONFIGURATION_SET) for _, dimensions in it.places] == [None, "b", "c", "d"]


@given(st.lists(st.sets(st.sampled_from("abcdefgh")), min_size=1, max_size=12), st.integers(1, 5))
def test_however_sets_come_and_go_there_are_never_more_than_the_limit(lists: list[set[str]], limit: int) -> None:
    it = roster(plan("Send", 5), limit=limit)
    for now, names in enumerate(lists):
        it.expire(now)
        finished(it.select(now, {"Send": [called(name) for name in names]}))
        shown = [dict(dimensions)[CONFIGURATION_SET] for _, dimensions in it.places if dimensions]
        assert len(shown) <= limit
        assert set(sorted(names)[:limit]) <= set(shown)
        assert len(it.reading) == 1 + min(limit, len(names))


def test_a_reload_goes_on_with_what_is_still_selected_vanished_or_not() -> None:
    before = roster(plan("Send"), plan("Bounce"), limit=10)
    listing = {"Send": [called("news"), called("shop")], "Bounce": [called("news")]}
    finished(before.select(0, {**listing, "Send": [*listing["Send"], called("news-old"), called("gone")]}))
    finished(before.select(500, listing))
    memories = dict(before.states)
    after = roster(plan("Send"), chosen=(Selection(((CONFIGURATION_SET, Found(("news.*",))),)),))
    finished(after.adopt(before, listing))
    assert after.places == (("Send", ()), ("Send", called("news")), ("Send", called("news-old")))
    assert after.vanished_at == {("Send", called("news-old")): 500}
    assert len(after.reading) == 2
    for place in after.places:
        state, former = after.states[place], memories[place]
        assert isinstance(state, Count)
        assert isinstance(former, Count)
        assert state.memory is former.memory


def test_a_reload_with_a_smaller_limit_keeps_what_is_listed_before_what_vanished() -> None:
    before = roster(plan("Send"))
    finished(before.select(0, {"Send": [called("a"), called("b")]}))
    listing = {"Send": [called("b")]}
    finished(before.select(1, listing))
    after = roster(plan("Send"), limit=1)
    finished(after.adopt(before, listing))
    assert after.places == (("Send", ()), ("Send", called("b")))


def test_what_another_metric_or_kind_knew_is_not_taken_over() -> None:
    before = Roster([MetricPlan("X", Kind.LEVEL, ("Sum",), 300, 300, 900, DAY)], DimensionPlan((SETS,)), PACE)
    finished(before.select(0, {"X": [called("a")]}))
    finished(before.select(1, {}))
    after = Roster([MetricPlan("Y", Kind.COUNT, ("Sum",), 300, 300, 900, DAY)], DimensionPlan((SETS,)), PACE)
    finished(after.adopt(before, {}))
    assert after.places == (("Y", ()),)
