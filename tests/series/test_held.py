"""Rates and levels: the right datapoint with its time, found from coarse to fine, never invented."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from exporter.catalogue import Kind
from exporter.config.plan import MetricPlan
from exporter.errors import InvalidResponseError
from exporter.series.counts import Count
from exporter.series.held import Held, finest_period
from exporter.series.observations import HELD, TIME
from exporter.series.queries import Query
from exporter.series.states import Pace
from exporter.series.windows import Span
from tests.effort import examples

DAY, HOUR, MINUTE = 86400, 3600, 60
MAX_AGE = 14 * DAY
NOW = datetime(2026, 6, 17, 12, 20, 7, tzinfo=UTC).timestamp()


@dataclass
class Rates:
    """The rate that CloudWatch holds for a minute, and from when on it says so; an average over longer periods."""

    points: dict[int, tuple[float, float]] = field(default_factory=dict)

    def answer(self, query: Query, now: float) -> dict[int, float]:
        buckets: dict[int, list[float]] = defaultdict(list)
        for minute, (visible_at, value) in self.points.items():
            if query.span.start <= minute < query.span.end and visible_at <= now:
                buckets[minute // query.period_seconds * query.period_seconds].append(value)
        return {moment: sum(values) / len(values) for moment, values in buckets.items()}

    def newest(self, now: float) -> tuple[int, float] | None:
        """Return the newest minute there is and its value."""
        known = [(minute, value) for minute, (visible_at, value) in self.points.items() if visible_at <= now]
        return max(known, default=None)


def rate(
    statistics: tuple[str, ...] = ("Average", "Sum"),
    *,
    kind: Kind = Kind.RATE,
    period: int = 300,
    max_age: int = MAX_AGE,
    range_: int = 900,
) -> Held:
    plan = MetricPlan("Reputation.BounceRate", kind, statistics, 300, period, range_, max_age)
    return Held(plan, Pace(300, 50 * MINUTE, 60))


def poll(held: Held, rates: Rates, now: float, failing: Iterable[str] = ()) -> list[Query]:
    """Poll as the source does; queries of the statistics in *failing* fail."""
    failed = set(failing)
    wanted = held.wants(now)
    answered = {query: rates.answer(query, now) for query in wanted if query.statistic not in failed}
    more = held.follow_up(now, answered)
    answered |= {query: rates.answer(query, now) for query in more if query.statistic not in failed}
    outcome = held.absorb(now, answered)
    if outcome.error is not None:
        raise outcome.error
    return [*wanted, *more]


def shown(held: Held, now: float) -> dict[str, float]:
    readings = {series.aspect: series.reading.at(now) for series in held.series(now)}
    return {aspect: reading.value for aspect, reading in readings.items() if reading is not None}


def spans(queries: Iterable[Query]) -> set[tuple[int, Span]]:
    return {(query.period_seconds, query.span) for query in queries}


def test_at_start_the_newest_datapoint_is_found_from_coarse_to_fine() -> None:
    old = int(NOW) // MINUTE * MINUTE - 9 * DAY
    rates = Rates({old: (old, 0.14), old - 120: (old, 0.5), old - 3 * DAY: (old, 0.9)})
    held = rate()
    queries = poll(held, rates, NOW)
    hour = old // HOUR * HOUR
    assert spans(queries) == {
        (HOUR, Span(int(NOW - MAX_AGE) // HOUR * HOUR, int(NOW) // MINUTE * MINUTE)),
        (MINUTE, Span(int(NOW) // HOUR * HOUR, int(NOW) // MINUTE * MINUTE)),
        (MINUTE, Span(hour, hour + HOUR)),
    }
    assert sum(query.datapoints for query in queries) < 800
    assert shown(held, NOW) == {"Average": 0.14, "Sum": 0.14, HELD: 0.14, TIME: float(old)}
    assert held.follow_up(NOW + 300, {}) == []


def test_what_the_window_holds_needs_no_second_question() -> None:
    minute = int(NOW) // MINUTE * MINUTE - 120
    held = rate()
    assert len(poll(held, Rates({minute: (0, 0.05)}), NOW)) == 3
    assert shown(held, NOW)[HELD] == 0.05


def test_a_rate_never_published_is_absent_and_not_zero() -> None:
    held = rate()
    poll(held, Rates(), NOW)
    assert not held.starting(NOW + 300)
    assert shown(held, NOW) == {}


def test_a_rate_is_held_with_its_time_until_its_maximum_age() -> None:
    minute = int(NOW) // MINUTE * MINUTE - 120
    held = rate(max_age=DAY)
    poll(held, Rates({minute: (0, 0.05)}), NOW)
    poll(held, Rates(), NOW + 300)
    assert shown(held, minute + DAY - 1) == {"Average": 0.05, "Sum": 0.05, HELD: 0.05, TIME: float(minute)}
    assert shown(held, minute + DAY) == {}


def test_a_minute_that_aws_revises_shows_what_aws_says_last_and_an_older_one_changes_nothing() -> None:
    minute = int(NOW) // MINUTE * MINUTE - 120
    held = rate()
    poll(held, Rates({minute: (0, 0.05)}), NOW)
    poll(held, Rates({minute: (0, 0.03), minute - 60: (0, 0.9)}), NOW + 60)
    assert shown(held, NOW)[HELD] == 0.03
    poll(held, Rates({minute - 60: (0, 0.9)}), NOW + 120)
    assert shown(held, NOW)[HELD] == 0.03


def test_a_read_that_is_not_whole_changes_nothing_and_is_read_back_to() -> None:
    minute = int(NOW) // MINUTE * MINUTE - 120
    held = rate()
    poll(held, Rates(), NOW)
    poll(held, Rates({minute: (0, 0.05)}), NOW + 300, failing=["Sum"])
    assert shown(held, NOW) == {}
    later = NOW + 20 * MINUTE
    assert (MINUTE, Span(int(NOW) // 60 * 60 - 900, int(later) // 60 * 60)) in spans(held.wants(later))
    poll(held, Rates({minute: (0, 0.05)}), later)
    assert shown(held, NOW)[HELD] == 0.05


def test_the_hourly_look_reads_the_last_three_hours_again() -> None:
    held = rate()
    poll(held, Rates(), NOW)
    quarter_to = NOW + 25 * MINUTE
    poll(held, Rates(), quarter_to)
    look = NOW + 30 * MINUTE
    late = int(NOW) // MINUTE * MINUTE - 2 * HOUR
    queries = poll(held, Rates({late: (0, 0.07)}), look)
    assert {query.span.end - query.span.start for query in queries} == {3 * HOUR}
    assert shown(held, look)[TIME] == late
    assert {query.span.end - query.span.start for query in held.wants(look + 300)} == {900}


def test_a_look_reaches_as_much_further_back_as_looks_were_missed() -> None:
    held = rate()
    look = NOW + 30 * MINUTE
    for now in (NOW, look):
        poll(held, Rates(), now)
    late = int(look) // MINUTE * MINUTE - 90 * MINUTE
    poll(held, Rates({late: (0, 0.07)}), look + HOUR, failing=["Average"])
    queries = poll(held, Rates({late: (0, 0.07)}), look + 2 * HOUR)
    assert {query.span.end - query.span.start for query in queries} == {4 * HOUR}
    assert shown(held, look + 2 * HOUR)[TIME] == late


def test_an_hour_without_its_minutes_is_an_answer_that_cannot_be_right() -> None:
    held = rate()
    answered: dict[Query, dict[int, float]] = {query: {} for query in held.wants(NOW)}
    coarse = next(query for query in answered if query.period_seconds == HOUR)
    answered[coarse] = {int(NOW) // HOUR * HOUR - DAY: 0.5}
    answered |= {query: {} for query in held.follow_up(NOW, answered)}
    assert isinstance(held.absorb(NOW, answered).error, InvalidResponseError)
    assert held.starting(NOW + 300)


@pytest.mark.parametrize(("age", "period"), [(14 * DAY, 60), (15 * DAY, 300), (62 * DAY, 300), (63 * DAY, 3600)])
def test_the_fine_question_asks_no_finer_than_what_is_kept(age: int, period: int) -> None:
    assert finest_period(age) == period
    moment = int(NOW - age) // HOUR * HOUR
    held = rate(max_age=100 * DAY)
    queries = poll(held, Rates({moment: (0, 0.05)}), NOW)
    assert (period, Span(moment, moment + HOUR)) in spans(queries)
    assert shown(held, NOW)[TIME] == moment


def test_a_level_is_held_at_its_own_period_and_has_no_name_without_suffix() -> None:
    held = rate(("Maximum",), kind=Kind.LEVEL, period=DAY, max_age=40 * DAY)
    day = int(NOW) // DAY * DAY - 5 * DAY
    queries = poll(held, Rates({day: (0, 3.0)}), NOW)
    assert {query.period_seconds for query in queries} == {DAY}
    assert shown(held, NOW) == {"Maximum": 3.0, TIME: float(day)}
    assert spans(held.wants(NOW + 300)) == {(DAY, Span(int(NOW) // DAY * DAY - 2 * DAY, int(NOW + 300) // 60 * 60))}


def test_a_reload_keeps_what_is_held_and_looks_for_a_statistic_that_is_new() -> None:
    minute = int(NOW) // MINUTE * MINUTE - 120
    before = rate(("Average",))
    poll(before, Rates({minute: (0, 0.05)}), NOW)
    same, more, level = rate(("Average",)), rate(("Average", "p99")), rate(kind=Kind.LEVEL)
    for held in (same, more, level):
        held.adopt(before)
    assert shown(same, NOW) == shown(more, NOW) == {"Average": 0.05, HELD: 0.05, TIME: float(minute)}
    assert (same.starting(NOW), more.starting(NOW)) == (False, True)
    assert shown(level, NOW) == {}
    same.adopt(Count(MetricPlan("Send", Kind.COUNT, (), 300, 300, 900, MAX_AGE), Pace(300, 0, 60)))
    assert shown(same, NOW)[HELD] == 0.05


@given(st.integers(0, 2**32))
@example(20412)  # a look that failed, and the next one an hour late
@example(55159)  # the same, late in the hour
@settings(max_examples=examples(150))
def test_the_rate_is_the_newest_datapoint_with_its_time_whatever_the_schedule(seed: int) -> None:
    random_ = random.Random(seed)
    begin = int(NOW) // MINUTE * MINUTE
    rates = Rates()
    for _ in range(random_.randrange(0, 25)):
        minute = begin + random_.randrange(-13 * DAY // MINUTE, 8 * 60) * MINUTE
        delay = random_.choice([60, 200, 290, 800, 1500, 5000])
        rates.points[minute] = (minute + delay, random_.random())
    held = rate()
    now, known = NOW, None
    while now < NOW + 8 * HOUR:
        failing = ["Average"] if random_.random() < 0.1 else []
        poll(held, rates, now, failing)
        values = shown(held, now)
        if HELD in values:
            minute, value = int(values[TIME]), values[HELD]
            assert rates.points[minute][1] == value == values["Sum"] == values["Average"]
            assert rates.points[minute][0] <= now
            assert known is None or minute >= known
            known = minute
        now += random_.choice([60, 300, 300, 300, 900, 3600])
        if random_.random() < 0.03:
            held, known = rate(), None
    for _ in range(40):
        now += 300
        poll(held, rates, now)
    newest = rates.newest(now)
    assert shown(held, now).get(TIME) == (None if newest is None else newest[0])


@pytest.mark.parametrize("period", [480, 960, 1080, 1920, 2160, 2700])
@pytest.mark.parametrize("age", [2 * HOUR, 3 * DAY, 20 * DAY, 70 * DAY])
def test_a_level_of_any_period_and_age_is_found_at_start(period: int, age: int) -> None:
    for minute in range(24):
        moment = int(NOW - age) // period * period + minute * period
        if moment > NOW - 900:
            continue
        held = rate(("Maximum",), kind=Kind.LEVEL, period=period, max_age=100 * DAY, range_=3 * period)
        for query in poll(held, Rates({moment: (0, 3.0)}), NOW):
            assert query.span.start % query.period_seconds == 0
            assert query.period_seconds % finest_period(NOW - query.span.start) == 0
        assert not held.starting(NOW + 300)
        assert shown(held, NOW)["Maximum"] == 3.0
        assert moment - max(period, HOUR) * 9 < shown(held, NOW)[TIME] <= moment


def test_a_level_whose_first_read_is_its_window_shows_everything_at_once() -> None:
    for period, max_age in ((HOUR, 2 * HOUR), (DAY, 2 * DAY), (6 * HOUR, 12 * HOUR)):
        moment = int(NOW) // period * period
        held = rate(("Maximum",), kind=Kind.LEVEL, period=period, max_age=max_age)
        poll(held, Rates({moment: (0, 3.0)}), NOW)
        assert shown(held, NOW) == {"Maximum": 3.0, TIME: float(moment)}


@pytest.mark.parametrize("age", [16 * DAY, 70 * DAY])
def test_the_samples_of_an_old_rate_are_never_added_up(age: int) -> None:
    hour = int(NOW - age) // HOUR * HOUR
    rates = Rates({hour + 60 * minute: (0, 0.04) for minute in range(0, 60, 3)})
    held = rate(max_age=100 * DAY)
    poll(held, rates, NOW)
    assert {aspect: value for aspect, value in shown(held, NOW).items() if aspect != TIME} == {
        "Average": pytest.approx(0.04),
        HELD: pytest.approx(0.04),
    }


def test_a_reload_that_raises_the_maximum_age_looks_further_back() -> None:
    old = int(NOW) // HOUR * HOUR - 20 * DAY
    rates = Rates({old: (0, 0.04)})
    before = rate()
    poll(before, rates, NOW)
    assert shown(before, NOW) == {}
    after = rate(max_age=40 * DAY)
    after.adopt(before)
    poll(after, rates, NOW + 300)
    assert shown(after, NOW)[HELD] == 0.04


def test_while_the_coarse_question_fails_the_window_alone_is_shown() -> None:
    minute = int(NOW) // MINUTE * MINUTE - 120
    rates = Rates({minute: (0, 0.05)})
    held = rate()
    answered = {query: rates.answer(query, NOW) for query in held.wants(NOW) if query.period_seconds == MINUTE}
    held.absorb(NOW, answered)
    assert shown(held, NOW)[HELD] == 0.05
    assert held.starting(NOW + 300)
