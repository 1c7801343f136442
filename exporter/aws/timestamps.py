"""AWS timestamps to UTC datetimes, without the SDK's detour over the local time zone (most of its parsing time)."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache

MOMENTS_REMEMBERED = 1024
"""All series of an answer have datapoints at the same few hundred moments."""


def parse_timestamp(value: float | str) -> datetime:
    """Return *value* (unix seconds as a number or text, ISO 8601 or RFC 822) as an aware UTC datetime.

    A time without a zone is UTC, as everywhere in AWS.

    Raises:
        ValueError: *value* is none of these, or out of range.
    """
    try:
        return _parse_text(value) if isinstance(value, str) else _moment(value)
    except (OverflowError, OSError, TypeError) as error:
        raise ValueError(f"{value!r} is not a timestamp") from error


@lru_cache(maxsize=MOMENTS_REMEMBERED)
def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _parse_text(text: str) -> datetime:
    try:
        number = float(text)
    except ValueError:
        pass
    else:
        return parse_timestamp(number)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = parsedate_to_datetime(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
