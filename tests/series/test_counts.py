"""What a count asks at each moment, and the gauges it shows."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import UTC, datetime

import pytest

from exporter.catalogue import Kind
from exporter.config.plan import MetricPlan
from exporter.series.counts import Count
from exporter.series.held import Held
from exporter.series.observations import TOTAL, Reading
from exporter.series.queries import Query, calls
from exporter.series.states import Pace
from exporter.series.windows import Span
from tests.series.truth import Truth

DAY, HOUR, MINUTE = 86400, 3600, 60
LOOK = 50 * MINUTE


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


NOON = at("2026-06-17T12:20:07")


def count(
    statistics: tuple[str, ...] = ("Sum",),
    *,
    period: int = 300,
    delay: int = 300,
    range_: int = 900,
    align: int = 60,
    interval: int = 300,
) -> Count:
    plan = MetricPlan("Send", Kind.COUNT, statistics, delay, period, range_, 1209600)
    return Count(plan, Pace(interval, LOOK, align))


def answer(truth: Truth, now: float, queries: Iterable[Query]) -> dict[Query, dict[int, float]]:
    return {query: truth.answer(query.period_seconds, *query.span, now) for query in queries}


def poll(state: Count, truth: Truth, now: float) -> list[Query]:
    queries = state.wants(now)
    state.absorb(now, answer(truth, now, queries))
    return queries


def shown(state: Count, now: float) -> dict[str, float]:
    readings = {series.aspect: series.reading.at(now) for series in state.series(now)}
    return {aspect: reading.value for aspect, reading in readings.items() if reading is not None}


def windows(queries: Iterable[Query]) -> list[tuple[int, Span]]:
    return [(query.period_seconds, query.span) for query in queries]


def span(start: str, end: str) -> Span:
    return Span(int(at(start)), int(at(end)))


def test_at_start_days_hours_and_minutes_are_read_with_cuts_from_one_clock() -> None:
    assert windows(count().wants(NOON)) == [
        (DAY, span("2026-01-01", "2026-06-17")),
        (HOUR, span("2026-06-15", "2026-06-17T12:00")),
        (MINUTE, span("2026-06-17T12:00", "2026-06-17T12:20")),
    ]


def test_on_the_first_of_january_no_day_is_asked_for() -> None:
    queries = count().wants(at("2027-01-01T02:00:30"))
    assert [query.period_seconds for query in queries] == [HOUR, MINUTE]


def test_before_one_o_clock_on_new_years_day_the_old_year_is_read() -> None:
    assert windows(count().wants(at("2027-01-01T00:30:00"))) == [
        (DAY, span("2026-01-01", "2026-12-31")),
        (HOUR, span("2026-12-30", "2027-01-01")),
        (MINUTE, span("2027-01-01", "2027-01-01T00:30")),
    ]


def test_every_window_obeys_the_rules_of_the_api_on_period_against_age() -> None:
    state = count(("Sum", "Average"))
    now = at("2026-01-01T03:00:00")
    while now < at("2026-12-31"):
        for query in poll(state, Truth(), now):
            age = now - query.span.start
            assert query.period_seconds % 60 == 0
            assert age < 15 * DAY or query.period_seconds % 300 == 0
            assert age < 63 * DAY or query.period_seconds % 3600 == 0
            assert age < 455 * DAY
            assert query.span.start % query.period_seconds == 0
        now += 11 * HOUR + 17 * MINUTE


def test_a_steady_poll_asks_one_window_of_minutes_back_to_the_range() -> None:
    state = count()
    poll(state, Truth(), NOON)
    later = at("2026-06-17T12:25:07")
    assert windows(state.wants(later)) == [(MINUTE, span("2026-06-17T12:10", "2026-06-17T12:25"))]


def test_after_a_gap_the_read_reaches_back_to_the_range_before_the_last_good_one() -> None:
    state = count()
    poll(state, Truth(), NOON)
    assert windows(state.wants(NOON + 301 + MINUTE)) == [(MINUTE, span("2026-06-17T12:05", "2026-06-17T12:26"))]
    assert windows(state.wants(NOON + 2 * HOUR))[-1] == (MINUTE, span("2026-06-17T12:05", "2026-06-17T14:20"))
    assert not state.starting(NOON + 2 * HOUR)


def test_after_more_than_two_hours_it_reads_as_at_start() -> None:
    state = count()
    poll(state, Truth(), NOON)
    now = NOON + 2 * HOUR + MINUTE
    assert state.starting(now)
    assert windows(state.wants(now)) == windows(count().wants(now))


def test_a_clock_set_back_behind_the_hour_hand_over_reads_once_as_at_start() -> None:
    state = count()
    poll(state, Truth(), NOON)
    back = NOON - HOUR
    assert state.starting(back)
    poll(state, Truth(), back)
    assert not state.starting(back + 300)
    assert not state.starting(NOON - 5 * MINUTE)


def test_a_clock_set_back_into_the_old_year_reads_the_old_year() -> None:
    state = count()
    poll(state, Truth(), at("2027-01-01T01:02:00"))
    back = at("2027-01-01T00:58:00")
    assert state.starting(back)
    assert state.wants(back)[0].span == span("2026-01-01", "2026-12-31")
    assert TOTAL not in shown(state, back)
    poll(state, Truth(), back)
    assert shown(state, back)[TOTAL] == 0.0


def test_the_hourly_look_reads_a_day_of_hours_at_the_targets_moment_and_once() -> None:
    state = count()
    now = at("2026-06-17T12:30:00")
    looks = []
    while now < at("2026-06-17T15:00:00"):
        looks += [(now, query.span) for query in poll(state, Truth(), now) if query.period_seconds == HOUR]
        now += 300
    assert looks[1:] == [
        (at("2026-06-17T12:50"), span("2026-06-16T12:00", "2026-06-17T12:00")),
        (at("2026-06-17T13:50"), span("2026-06-16T13:00", "2026-06-17T13:00")),
        (at("2026-06-17T14:50"), span("2026-06-16T14:00", "2026-06-17T14:00")),
    ]


def test_a_look_that_comes_in_a_second_portion_shows_in_the_gauge_as_in_the_counter() -> None:
    state, truth = count(period=HOUR), Truth()
    poll(state, truth, at("2026-06-17T12:40:00"))
    truth.put(int(at("2026-06-17T11:20:00")), at("2026-06-17T12:41:00"), 5)
    now = at("2026-06-17T12:50:00")
    hours, minutes = state.wants(now)
    for query, expected in ((minutes, 0.0), (hours, 5.0)):
        state.absorb(now, answer(truth, now, [query]))
        assert shown(state, now) == {TOTAL: expected, "Sum": expected}


def test_a_look_that_failed_is_asked_again_at_every_poll_until_it_succeeds() -> None:
    state = count()
    poll(state, Truth(), at("2026-06-17T12:40:00"))
    for minute in (50, 55, 62, 67):
        now = at("2026-06-17T12:00:00") + minute * MINUTE
        queries = state.wants(now)
        assert [query.period_seconds for query in queries] == [HOUR, MINUTE]
        state.absorb(now, answer(Truth(), now, [query for query in queries if query.period_seconds == MINUTE]))
    poll(state, Truth(), at("2026-06-17T13:12:00"))
    assert [query.period_seconds for query in state.wants(at("2026-06-17T13:17:00"))] == [MINUTE]


def test_the_daily_look_reads_every_whole_day_of_the_year_once() -> None:
    state = count()
    now = at("2026-06-17T22:40:00")
    looks = []
    while now < at("2026-06-18T06:00:00"):
        looks += [(now, query.span) for query in poll(state, Truth(), now) if query.period_seconds == DAY]
        now += 300
    assert looks[1:] == [(at("2026-06-18T01:50"), span("2026-01-01", "2026-06-18"))]


def test_data_that_is_days_late_is_counted_by_the_daily_look() -> None:
    truth = Truth()
    minute = int(at("2026-06-14T08:00"))
    truth.put(minute, at("2026-06-17T16:00"), 7.0)
    state = count()
    now = at("2026-06-17T12:30:00")
    values = {}
    while now < at("2026-06-18T02:00:00"):
        poll(state, truth, now)
        values[now] = shown(state, now)[TOTAL]
        now += 300
    assert values[at("2026-06-18T01:45")] == 0.0
    assert values[at("2026-06-18T01:50")] == 7.0


def test_looks_that_fail_for_hours_end_in_a_start_that_loses_nothing() -> None:
    truth = Truth()
    state = count()
    now = at("2026-06-17T12:05:00")
    poll(state, truth, now)
    while now < at("2026-06-17T18:30:00"):
        now += 300
        truth.put(int(now) - 400, now - 100, 1.0)
        queries = state.wants(now)
        state.absorb(now, answer(truth, now, [query for query in queries if query.period_seconds == MINUTE]))
    assert state.starting(now)
    poll(state, truth, now)
    assert not state.starting(now + 300)
    assert shown(state, now)[TOTAL] == truth.total(0, int(now - 300) // 60 * 60)


def test_the_counter_is_absent_until_all_three_reads_were_whole() -> None:
    for missing in (DAY, HOUR, MINUTE):
        state = count()
        queries = state.wants(NOON)
        state.absorb(NOON, answer(Truth(), NOON, [query for query in queries if query.period_seconds != missing]))
        assert shown(state, NOON) == {}
        assert state.starting(NOON + 300)


def test_a_count_without_a_single_mail_is_zero_from_the_start() -> None:
    state = count()
    poll(state, Truth(), NOON)
    assert shown(state, NOON) == {TOTAL: 0.0, "Sum": 0.0}


def test_the_gauge_is_the_sum_of_the_newest_complete_period_at_the_delay() -> None:
    truth = Truth()
    for minute in range(60):
        truth.put(int(at("2026-06-17T11:30:00")) + 60 * minute, 0, float(minute))
    state = count()
    poll(state, truth, NOON)
    assert shown(state, NOON)["Sum"] == sum(range(40, 45))
    reading = next(series.reading for series in state.series(NOON) if series.aspect == "Sum")
    assert reading.timestamp_seconds == at("2026-06-17T12:10:00")


@pytest.mark.parametrize(("interval", "seconds"), [(60, 900), (300, 900), (600, 1800), (3600, 10800)])
def test_the_gauge_leaves_after_three_polls_and_a_quarter_of_an_hour_at_least(interval: int, seconds: int) -> None:
    state = count(interval=interval)
    poll(state, Truth(), NOON)
    state.absorb(NOON + interval, {})
    assert "Sum" in shown(state, NOON + seconds - 1)
    assert shown(state, NOON + seconds) == {TOTAL: 0.0}


@pytest.mark.parametrize(
    ("now", "period", "expected"),
    [
        ("2026-06-17T12:20:00", HOUR, 60.0),
        ("2026-06-17T12:03:00", HOUR, 60.0),
        ("2026-06-17T12:20:00", DAY, 1440.0),
        ("2026-06-17T00:03:00", DAY, 1440.0),
        ("2026-06-17T00:06:00", 6 * HOUR, 360.0),
    ],
)
def test_gauges_of_an_hour_and_more_come_from_the_hours_and_minutes_where_no_hour_is_read(
    now: str, period: int, expected: float
) -> None:
    truth = Truth()
    for minute in range(int(at("2026-06-14")), int(at("2026-06-18")), 60):
        truth.put(minute, minute + 90, 1.0)
    state = count(period=period)
    begin = at(now)
    for step in range(0, 5 * HOUR, 300):
        poll(state, truth, begin + step)
        assert shown(state, begin + step)["Sum"] == expected


def test_other_statistics_are_asked_at_the_period_and_share_the_call() -> None:
    state = count(("Sum", "Average", "Maximum", "SampleCount"), align=300)
    poll(state, Truth(), NOON)
    later = NOON + 300
    made = calls(state.wants(later))
    assert len(made) == 1
    assert {(query.statistic, query.period_seconds) for query in made[0].queries} == {
        ("Sum", 60),
        ("Average", 300),
        ("Maximum", 300),
        ("SampleCount", 300),
    }


def test_other_statistics_without_a_datapoint_are_absent_but_a_sample_count_is_zero() -> None:
    state = count(("Average", "SampleCount"), align=300)
    queries = state.wants(NOON)
    points = {int(at("2026-06-17T12:10:00")): 2.5}
    state.absorb(NOON, {query: points if query.statistic != "Sum" else {} for query in queries})
    assert shown(state, NOON) == {TOTAL: 0.0, "Average": 2.5, "SampleCount": 2.5}
    state.absorb(NOON + 300, {key: {} for key in state.wants(NOON + 300)})
    assert shown(state, NOON + 300) == {TOTAL: 0.0, "SampleCount": 0.0}


@pytest.mark.parametrize("period", [HOUR, DAY, 45 * MINUTE])
def test_other_statistics_of_periods_that_do_not_fit_the_window_are_read_whole(period: int) -> None:
    state = count(("Average",), period=period, range_=900 if period >= HOUR else 3 * HOUR)
    for now in (NOON, NOON + 300):
        query = next(query for query in state.wants(now) if query.statistic == "Average")
        newest = int(now - 300) // period * period
        assert query.span.start % period == 0
        assert query.span.start <= newest - period < newest <= query.span.end
        poll(state, Truth(), now)


def test_late_and_smaller_answers_are_counted() -> None:
    truth = Truth()
    minute = int(at("2026-06-17T12:12:00"))
    truth.put(minute, 0, 5.0)
    state = count()
    poll(state, truth, NOON)
    truth.put(minute, 1, 3.0)
    truth.put(minute - 60, 1, 4.0)
    later = NOON + 300
    outcome = state.absorb(later, answer(truth, later, state.wants(later)))
    assert (outcome.late, outcome.smaller) == (1, 1)
    assert shown(state, later)[TOTAL] == 9.0


def test_the_turn_of_the_year_needs_no_poll() -> None:
    truth = Truth()
    truth.put(int(at("2026-07-01")), 0, 40.0)
    truth.put(int(at("2026-12-31T23:50:00")), 0, 2.0)
    truth.put(int(at("2027-01-01T00:20:00")), 0, 5.0)
    state = count()
    now = at("2027-01-01T00:40:00")
    poll(state, truth, now)
    reading: Reading = next(iter(state.series(now))).reading
    values = [
        (time, found.value)
        for time in ("00:40", "00:59:59", "01:00", "01:14:59", "01:15", "05:00")
        if (found := reading.at(at(f"2027-01-01T{time}"))) is not None
    ]
    assert values == [
        ("00:40", 42.0),
        ("00:59:59", 42.0),
        ("01:00", 0.0),
        ("01:14:59", 0.0),
        ("01:15", 5.0),
        ("05:00", 5.0),
    ]
    assert math.isinf(reading.then.then.valid_until if reading.then and reading.then.then else 0)


def test_a_reload_goes_on_with_what_was_counted_whatever_the_settings_now() -> None:
    truth = Truth()
    truth.put(int(at("2026-06-17T12:12:00")), 0, 5.0)
    before = count()
    poll(before, truth, NOON)
    same, other = count(range_=1800), count(period=600, range_=1800)
    same.adopt(before)
    other.adopt(before)
    assert shown(same, NOON) == {TOTAL: 5.0, "Sum": 5.0}
    assert shown(other, NOON) == {TOTAL: 5.0}
    assert not same.starting(NOON + 300)
    held = Held(MetricPlan("Send", Kind.RATE, ("Sum",), 300, 300, 900, 1209600), Pace(300, LOOK, 60))
    fresh = count()
    fresh.adopt(held)
    assert shown(fresh, NOON) == {}


def test_a_reload_to_a_longer_reach_shows_its_gauge_at_the_next_poll() -> None:
    truth = Truth()
    for minute in range(int(at("2026-06-15")), int(at("2026-06-18")), 60):
        truth.put(minute, minute + 90, 1.0)
    before = count()
    poll(before, truth, NOON)
    state = count(delay=80_000, range_=DAY)
    state.adopt(before)
    poll(state, truth, NOON + 300)
    assert shown(state, NOON + 300)["Sum"] == 5.0


def only(state: Count, truth: Truth, now: float, periods: set[int]) -> float:
    """Poll while every query but those of *periods* fails, and return the counter."""
    queries = state.wants(now)
    state.absorb(now, answer(truth, now, [query for query in queries if query.period_seconds in periods]))
    return shown(state, now)[TOTAL]


def ten_minutely() -> Truth:
    truth = Truth()
    for minute in range(int(NOON) // 600 * 600 - 6 * DAY, int(NOON) + 5 * DAY, 600):
        truth.put(minute, 0, 1.0)
    return truth


def test_a_counter_never_skips_a_hole_that_hours_or_days_have_to_fill() -> None:
    truth, state = ten_minutely(), count()
    poll(state, truth, NOON - 5 * DAY)
    before = shown(state, NOON - 5 * DAY)[TOTAL]
    assert only(state, truth, NOON, {MINUTE}) == before
    assert only(state, truth, NOON + 300, {MINUTE, HOUR}) == before
    now = NOON + 600
    assert only(state, truth, now, {MINUTE, HOUR, DAY}) == truth.total(0, int(now - 300) // 60 * 60)


@pytest.mark.parametrize("failing", [DAY, HOUR])
def test_looks_that_fail_for_days_freeze_and_lose_nothing(failing: int) -> None:
    truth, state = ten_minutely(), count()
    now = NOON
    poll(state, truth, now)
    while now < NOON + 3.5 * DAY:
        now += 300
        assert only(state, truth, now, {MINUTE, HOUR, DAY} - {failing}) == truth.total(0, int(now - 300) // 60 * 60)
        assert shown(state, now)["Sum"] == truth.total(int(now - 300) // 300 * 300 - 300, int(now - 300) // 300 * 300)


def test_an_outage_over_the_turn_of_the_year_ends_with_the_first_good_poll() -> None:
    truth = Truth()
    truth.put(int(at("2027-01-01T02:00")), 0, 5.0)
    truth.put(int(at("2026-12-29T02:00")), 0, 7.0)
    state = count()
    poll(state, truth, at("2026-12-28T12:00"))
    now = at("2027-01-01T05:00")
    poll(state, truth, now)
    assert shown(state, now) == {TOTAL: 5.0, "Sum": 0.0}
    assert not state.starting(now + 300)


def test_memory_stays_flat_over_a_year() -> None:
    state = count()
    now = at("2026-03-01T03:00:00")
    while now < at("2027-03-02T03:00:00"):
        poll(state, Truth(), now)
        now += 3000
    assert state.memory.ledger is not None
    held = state.memory.ledger.held
    assert held.days <= 366
    assert held.hours <= 24 * 4
    assert held.minutes <= 60 * 4


def test_a_clock_set_back_over_the_turn_of_the_year_misses_no_day() -> None:
    truth = Truth()
    truth.put(int(at("2026-12-31T15:00")), 0, 7.0)
    truth.put(int(at("2026-05-05T15:00")), 0, 30.0)
    state = count()
    poll(state, truth, at("2027-01-01T01:20"))
    back = at("2027-01-01T00:50")
    poll(state, truth, back)
    assert shown(state, back)[TOTAL] == 37.0
