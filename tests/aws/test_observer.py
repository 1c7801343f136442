from __future__ import annotations

import logging
from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.aws.observer import ClockWatch, Tap
from tests.aws.helpers import HTTP_DATES, Recorder

NOW = 1_800_000_000.0
YEAR = "Fri, 15 Jan 20270115080000000000 08:00:00 GMT"
YEARS_SECONDS = 10_000 * 366 * 86_400


def date(offset: float) -> str:
    """The Date header of an AWS that our clock is *offset* seconds ahead of."""
    return formatdate(NOW - offset, usegmt=True)


def test_the_offset_is_our_clock_minus_aws_s() -> None:
    watch = ClockWatch(lambda: NOW)
    assert [watch.offset(date(offset)) for offset in (0, 30, -30)] == [0, 30, -30]


@pytest.mark.parametrize("header", [None, "", "soon", "Fri, 99 Jan 2027 08:00:00 GMT", YEAR])
def test_an_answer_without_a_date_tells_nothing(header: str | None) -> None:
    assert ClockWatch(lambda: NOW).offset(header) is None


@given(HTTP_DATES | st.text())
def test_whatever_the_header_it_tells_an_offset_or_nothing(header: str) -> None:
    offset = ClockWatch(lambda: NOW).offset(header)
    assert offset is None or abs(offset) < YEARS_SECONDS


async def test_an_answer_without_a_date_is_no_offset() -> None:
    recorder = Recorder()
    tap = Tap(recorder, ClockWatch(lambda: NOW))
    tap._before_parse(response_dict={"headers": {}})
    assert (recorder.offsets, tap.answers, tap.clock_error(0)) == ([], 0, None)


def test_a_wrong_clock_is_told_once_each_time_it_goes_wrong(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    watch = ClockWatch(lambda: NOW)
    for offset in (60, 61, 70, 61, 59, 61, 49, -61, 400):
        watch.offset(date(offset))
    assert [(record.levelname, record.message) for record in caplog.records] == [
        ("WARNING", "clock differs from aws"),
        ("INFO", "clock agrees with aws again"),
        ("WARNING", "clock differs from aws"),
    ]
    assert vars(caplog.records[0])["offset_seconds"] == 61


def test_a_moment_that_was_ahead_of_the_answer_s_time_is_known_though_the_clock_is_right_by_now() -> None:
    tap = Tap(Recorder(), ClockWatch(lambda: NOW))
    assert tap.ahead_error(NOW + 3600, 0) is None, "nothing is known yet"
    tap._before_parse(response_dict={"headers": {"date": date(0)}})
    assert tap.clock_error(0) is None
    assert str(tap.ahead_error(NOW + 3600, 0)) == "this machine's clock was 3600 s ahead of AWS's, and was set since"
    assert tap.ahead_error(NOW + 300, 0) is None
    assert tap.ahead_error(NOW - 3600, 0) is None, "a poll may take long, and an old window harms nothing"
    assert tap.ahead_error(NOW + 3600, 1) is None, "the last answer had no date"
