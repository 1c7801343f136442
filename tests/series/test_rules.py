"""What a foreign rule shows of one series, by window, and what it goes on with."""

from __future__ import annotations

from dataclasses import replace

import pytest

from exporter.catalogue import Family, Kind
from exporter.config.dialect import Rule
from exporter.config.label_styles import LabelStyle
from exporter.config.plan import MetricPlan
from exporter.config.selections import CONFIGURATION_SET, DimensionPlan, Found, Selection
from exporter.series.queries import Query
from exporter.series.roster import Roster
from exporter.series.rules import HeldRule, WindowRule, state_of
from exporter.series.states import Pace
from exporter.series.turns import finished
from exporter.series.windows import Span

MINUTE = 1_795_324_800
NOW = MINUTE + 66.0
PACE = Pace(60, 2700, 300)
RULE = Rule(
    id="cloudwatch_exporter/0",
    metric="Send",
    kind=Kind.COUNT,
    families=(("Sum", Family("aws_ses_send_sum", "gauge", "help")),),
    labels=(("job", "aws_ses"), ("instance", "")),
    label_style=LabelStyle.CLOUDWATCH_EXPORTER,
    period_seconds=60,
    range_seconds=600,
    delay_seconds=60,
    max_age_seconds=86_400,
    timestamps=False,
    zero=True,
)
RATE = replace(RULE, metric="Reputation.BounceRate", kind=Kind.RATE, zero=False, period_seconds=300)
PLAN = MetricPlan("Send", Kind.COUNT, (), 300, 300, 900, 86_400)


def shown(state: HeldRule | WindowRule, now: float = NOW) -> list[tuple[float, float | None]]:
    readings = [series.reading.at(now) for series in state.series(now)]
    return [(reading.value, reading.timestamp_seconds) for reading in readings if reading is not None]


def polled(rule: Rule, points: dict[int, float], now: float = NOW) -> HeldRule | WindowRule:
    return poll(state_of(rule, PACE, (), 900), points, now)


def poll(state: HeldRule | WindowRule, points: dict[int, float], now: float) -> HeldRule | WindowRule:
    answers = {}
    for query in state.wants(now):
        inside = {moment: value for moment, value in points.items() if query.span.start <= moment < query.span.end}
        answers[query] = {moment: value for moment, value in inside.items() if moment % query.period_seconds == 0}
    state.absorb(now, answers)
    return state


def test_the_window_is_that_of_all_series_so_that_one_call_is_enough() -> None:
    assert state_of(RULE, PACE, (), 900).wants(NOW) == [Query("Send", "Sum", 60, Span(MINUTE - 900, MINUTE + 60))]


@pytest.mark.parametrize(
    ("rule", "span"),
    [
        (replace(RULE, period_seconds=7200), Span(1_795_312_800, 1_795_320_000)),
        (replace(RULE, delay_seconds=1800), Span(MINUTE - 1800, MINUTE - 1740)),
        (replace(RULE, delay_seconds=1800, timestamps=True), Span(MINUTE - 2340, MINUTE - 1740)),
    ],
)
def test_a_rule_that_needs_more_asks_for_it_alone(rule: Rule, span: Span) -> None:
    (query,) = state_of(rule, PACE, (), 900).wants(NOW)
    assert query.span == span


def test_a_count_is_the_newest_complete_period_or_0() -> None:
    assert shown(polled(RULE, {MINUTE - 60: 4.0, MINUTE - 120: 7.0})) == [(4.0, MINUTE - 60)]
    assert shown(polled(RULE, {MINUTE - 120: 7.0})) == [(0.0, MINUTE - 60)]


@pytest.mark.parametrize("delay_seconds", [0, 60, 600])
@pytest.mark.parametrize("lag_seconds", [0, 20, 100, 170, 290])
def test_each_period_is_shown_once_though_it_is_published_late(delay_seconds: int, lag_seconds: int) -> None:
    rule = replace(RULE, delay_seconds=delay_seconds)
    mail = {MINUTE + 60 * minute: 1.0 + minute for minute in range(-60, 60) if minute % 20 in {0, 1, 2, 7}}
    state = state_of(rule, PACE, (), 900)
    values = []
    for minute in range(-20, 75):
        now = NOW + 60 * minute
        published = {start: value for start, value in mail.items() if start + 60 + lag_seconds <= now}
        values.append(shown(poll(state, published, now), now)[0][0])
    told = [value for value in values if value]
    assert told == [value for value in mail.values() if told[0] <= value]
    assert told[0] <= mail[MINUTE - 780]


def test_a_count_stays_while_its_period_is_the_newest_and_grows_as_it_is_published() -> None:
    rule = replace(RULE, period_seconds=300, delay_seconds=0)
    state = polled(rule, {MINUTE - 300: 120.0})
    assert shown(poll(state, {MINUTE - 300: 200.0}, NOW + 60)) == [(200.0, MINUTE - 300)]
    assert shown(poll(state, {MINUTE - 300: 200.0}, NOW + 300), NOW + 300) == [(0.0, MINUTE)]


def test_a_rule_that_goes_on_shows_nothing_again_and_misses_nothing() -> None:
    before = polled(RULE, {MINUTE - 60: 4.0})
    same = state_of(replace(RULE, id="x"), PACE, (), 900)
    same.adopt(before)
    assert shown(poll(same, {MINUTE - 60: 4.0}, NOW + 60), NOW + 60) == [(0.0, MINUTE)]
    assert shown(poll(same, {MINUTE - 60: 4.0, MINUTE: 5.0}, NOW + 120), NOW + 120) == [(5.0, MINUTE)]


def test_a_rule_goes_on_with_what_two_of_the_same_window_know() -> None:
    parts = [
        replace(RULE, families=((each, Family(f"aws_ses_send_{each.lower()}", "gauge", "help")),))
        for each in ("Sum", "Maximum")
    ]
    both = state_of(replace(RULE, families=(*parts[0].families, *parts[1].families)), PACE, (), 900)
    for part in parts:
        both.adopt(polled(part, {MINUTE - 60: 4.0}))
    assert shown(both) == [(4.0, MINUTE - 60)] * 2


def test_a_count_that_is_never_0_is_the_newest_in_range() -> None:
    rule = replace(RULE, zero=False)
    assert shown(polled(rule, {MINUTE: 1.0, MINUTE - 120: 7.0})) == [(7.0, MINUTE - 120)]
    assert shown(polled(rule, {MINUTE - 720: 7.0})) == []


def test_with_timestamps_only_datapoints_in_range_are_shown() -> None:
    for rule in (replace(RULE, timestamps=True), replace(RATE, timestamps=True)):
        assert shown(polled(rule, {MINUTE: 1.0, MINUTE - 540: 7.0})) == [(7.0, MINUTE - 540)]
        state = polled(rule, {MINUTE - 540: 7.0})
        assert shown(state, MINUTE + 119.0) == [(7.0, MINUTE - 540)]
        assert shown(state, MINUTE + 120.0) == []
        (series,) = polled(rule, {MINUTE - 540: 7.0, MINUTE - 480: 8.0}).series(MINUTE)
        assert (series.reading.value, series.earlier) == (8.0, ())


def test_a_rate_without_timestamps_is_held_and_read_at_a_minute() -> None:
    state = polled(RATE, {MINUTE - 600: 0.1432})
    assert {query.period_seconds for query in state_of(RATE, PACE, (), 900).wants(NOW)} == {60, 3600}
    assert shown(state, NOW + 86_000 - 600) == [(0.1432, MINUTE - 600)]


def test_a_missing_answer_changes_nothing_and_an_old_count_leaves() -> None:
    state = polled(RULE, {MINUTE - 60: 4.0})
    state.absorb(NOW + 60, {})
    assert shown(state, NOW + 899) == [(4.0, MINUTE - 60)]
    assert shown(state, NOW + 900) == []


def test_a_rule_goes_on_with_what_one_of_the_same_window_knows() -> None:
    before = polled(RULE, {MINUTE - 60: 4.0})
    same, other = (state_of(replace(RULE, id="x", delay_seconds=delay), PACE, (), 900) for delay in (60, 120))
    same.adopt(before)
    other.adopt(before)
    assert (shown(same), shown(other)) == ([(4.0, MINUTE - 60)], [])


def test_a_roster_has_rules_of_the_account_and_of_what_they_select() -> None:
    selection = Selection(((CONFIGURATION_SET, Found(("a",))),), "Send")
    rules = (RULE, replace(RULE, id="cloudwatch_exporter/1", selection=selection))
    roster = Roster([PLAN], DimensionPlan((selection,)), PACE, rules)
    assert [place for place, _ in roster.rules.items()] == [("Send", ())]
    listed = ("Send", ((CONFIGURATION_SET, "a"),))
    finished(roster.select(NOW, {"Send": [listed[1], ((CONFIGURATION_SET, "b"),)]}))
    assert {place: [state.rule.id for state in states] for place, states in roster.rules.items()} == {
        ("Send", ()): ["cloudwatch_exporter/0"],
        listed: ["cloudwatch_exporter/1"],
    }
    assert len(roster.reading) == 4
    after = Roster([PLAN], DimensionPlan((selection,)), PACE, rules)
    for states in roster.rules.values():
        for state in states:
            state.absorb(NOW, {query: {MINUTE - 60: 4.0} for query in state.wants(NOW)})
    finished(after.adopt(roster, {"Send": [listed[1]]}))
    assert [shown(state) for states in after.rules.values() for state in states] == [[(4.0, MINUTE - 60)]] * 2
    finished(after.select(NOW, {}))
    assert len(after.reading) == 2
    after.expire(NOW + 86_400)
    assert list(after.rules) == [("Send", ())]


def test_a_held_rule_goes_on_with_what_another_held() -> None:
    before = polled(RATE, {MINUTE - 600: 0.1432})
    after = state_of(replace(RATE, id="x"), PACE, (), 900)
    assert after.starting(NOW)
    after.adopt(before)
    assert not after.starting(NOW)
    assert shown(after) == [(0.1432, MINUTE - 600)]


def test_every_datapoint_of_the_window_is_shown_where_the_rule_says_so() -> None:
    rule = replace(RULE, timestamps=True, every=True)
    state = polled(rule, {MINUTE: 1.0, MINUTE - 60: 2.0, MINUTE - 180: 3.0, MINUTE - 660: 4.0})
    (series,) = state.series(NOW)
    shown_points = [(each.value, each.timestamp_seconds) for each in (*series.earlier, series.reading)]
    assert shown_points == [(3.0, MINUTE - 180), (2.0, MINUTE - 60)]
    same, other = (state_of(replace(rule, id="x", every=every), PACE, (), 900) for every in (True, False))
    same.adopt(state)
    other.adopt(state)
    assert [each.earlier for each in same.series(NOW)] == [series.earlier]
    assert list(other.series(NOW)) == []


def test_a_level_that_is_0_without_data_is_a_window_and_not_held() -> None:
    rule = replace(RULE, kind=Kind.LEVEL)
    assert shown(polled(rule, {MINUTE - 600: 5.0})) == [(0.0, MINUTE - 60)]
    assert shown(polled(replace(rule, zero=False), {MINUTE - 600: 5.0})) == [(5.0, MINUTE - 600)]


@pytest.mark.parametrize("period", [420, 172_800])
@pytest.mark.parametrize("timestamps", [False, True])
def test_a_period_that_does_not_divide_a_day_is_cut_where_it_is_a_whole_number_of_them(
    period: int, timestamps: bool
) -> None:
    rule = replace(RULE, period_seconds=period, range_seconds=2 * period, timestamps=timestamps)
    end = int(NOW - rule.delay_seconds) // period * period
    points = {end - period: 7.0, end - 2 * period: 5.0, end: 9.0}
    (query,) = state_of(rule, PACE, (), 900).wants(NOW)
    assert query.span.start % period == 0
    assert query.span.end >= end
    assert shown(polled(rule, points)) == [(7.0, end - period)]
