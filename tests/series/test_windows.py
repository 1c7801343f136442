"""Moments and windows at the boundaries where they could go wrong."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.series import windows
from exporter.series.windows import Cuts, Span, cuts, epoch

MOMENTS = st.floats(min_value=0, max_value=4e9, allow_nan=False)


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


@given(MOMENTS)
def test_cuts_are_ordered_aligned_and_settled(now: float) -> None:
    days, hours, minutes = cuts(now)
    assert days <= hours <= minutes
    assert (days % 86400, hours % 3600, minutes % 60) == (0, 0, 0)
    assert 300 <= now - minutes < 360
    assert 300 <= now - hours < 3900
    assert 3600 <= now - days < 90000


def test_an_hour_and_a_day_are_handed_over_once_they_settled() -> None:
    assert cuts(at("2026-06-17T10:04:59")) == Cuts(
        int(at("2026-06-17")), int(at("2026-06-17T09:00:00")), int(at("2026-06-17T09:59:00"))
    )
    assert cuts(at("2026-06-17T10:05:00")).hours == at("2026-06-17T10:00:00")
    assert cuts(at("2026-06-17T00:59:59")).days == at("2026-06-16")
    assert cuts(at("2026-06-17T01:00:00")).days == at("2026-06-17")


@pytest.mark.parametrize(
    ("now", "year"),
    [
        ("2026-12-31T23:59:59", 2026),
        ("2027-01-01T00:59:59", 2026),
        ("2027-01-01T01:00:00", 2027),
        ("2028-02-29T12:00:00", 2028),
    ],
)
def test_the_epoch_is_the_utc_year_and_turns_at_one_o_clock(now: str, year: int) -> None:
    assert epoch(at(now)) == Span(int(at(f"{year}-01-01")), int(at(f"{year + 1}-01-01")))


@given(st.floats(0, 1, exclude_max=True), st.sampled_from([10, 60, 300, 599, 600, 601, 900, 3600]), MOMENTS)
def test_every_hour_has_a_poll_between_minutes_45_and_55_that_looks_back(
    spread: float, interval: int, now: float
) -> None:
    moment = windows.look_moment(spread, interval)
    hour = now // 3600 * 3600
    assert 2700 <= moment <= 3300
    if interval <= 600:
        assert math.isinf(windows.next_look(now, moment, interval))
        assert moment + interval <= 3300
    else:
        assert windows.next_look(hour, moment, interval) == hour + moment
        assert windows.next_look(hour + moment, moment, interval) == hour + moment + 3600
    assert windows.hour_due(hour + moment, moment) == hour
    assert windows.hour_due(hour + moment - 1, moment) == hour - 3600


def test_the_daily_look_is_due_with_the_first_hourly_look_after_one_o_clock() -> None:
    moment = 50 * 60
    assert windows.day_due(at("2026-06-17T01:49:59"), moment) == at("2026-06-16")
    assert windows.day_due(at("2026-06-17T01:50:00"), moment) == at("2026-06-17")


def test_a_read_overlaps_the_last_good_one_by_the_range() -> None:
    assert windows.repeat_start(10_000, 9_700, 900) == 9_100
    assert windows.repeat_start(10_000, 9_640, 900) == 8_740
    assert windows.is_gap(10_000, None)
    assert not windows.is_gap(10_000, 2_800)
    assert windows.is_gap(10_000, 2_740)
