from __future__ import annotations

import contextlib
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from exporter.aws.timestamps import parse_timestamp
from tests.aws.helpers import HTTP_DATES

MOMENT = datetime(2026, 11, 22, 14, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    "value",
    [
        1795356300,
        1795356300.0,
        "1795356300",
        "2026-11-22T14:05:00Z",
        "2026-11-22T14:05:00.000Z",
        "2026-11-22T16:05:00+02:00",
        "2026-11-22T14:05:00",
        "Sun, 22 Nov 2026 14:05:00 GMT",
    ],
)
def test_every_form_aws_uses_is_the_same_moment_in_utc(value: float | str) -> None:
    parsed = parse_timestamp(value)
    assert parsed == MOMENT
    assert parsed.tzinfo is UTC


@pytest.mark.parametrize("value", ["", "yesterday", "nan", "inf", float("nan"), float("inf"), 1e300, None, [1]])
def test_what_is_no_timestamp_is_an_error(value: float | str) -> None:
    with pytest.raises(ValueError, match=r"timestamp|nvalid|NaN|infinity|must be"):
        parse_timestamp(value)


@given(HTTP_DATES | st.text())
@example("Sun, 22 Nov 20261122140500000000 14:05:00 GMT")
@example("0001-01-01T00:00:00+23:00")
def test_whatever_the_text_it_is_a_moment_or_a_value_error(text: str) -> None:
    with contextlib.suppress(ValueError):
        assert parse_timestamp(text).tzinfo is UTC


@given(st.integers(min_value=0, max_value=4_000_000_000))
def test_whole_seconds_survive_as_number_and_as_text(seconds: int) -> None:
    parsed = parse_timestamp(seconds)
    assert parsed.timestamp() == seconds
    assert parse_timestamp(parsed.isoformat()) == parsed
    assert parse_timestamp(str(seconds)) == parsed
