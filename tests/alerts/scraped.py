"""What Prometheus scrapes of an account over time: the exporter's golden page, whole, with values that move.

Numbers move once a poll, as on the real page, and time is in minutes from the time line's start.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from tests.alerts.timeline import Clock, Labels, Series, Value

GOLDEN = Path(__file__).parents[1] / "golden" / "metrics.txt"
ACCOUNT, REGION, TARGET, CONFIGURATION_SET = "123456789012", "us-east-1", "default", "news"
"""The account of the golden page that serves everything."""
LISTS = {"linked", "dimensions"}
"""Sources that only those have who look for linked accounts or dimensions."""
INSTANCE = "exporter-0:9199"

MINUTES_A_POLL = 5
MINUTES_A_DAY = 1440
POLLS_A_DAY = MINUTES_A_DAY // MINUTES_A_POLL
CALLS_A_POLL = 1
DOLLARS_A_POLL = 0.00012

SHARES = {
    "delivery": 0.97,
    "bounce": 0.01,
    "complaint": 0.0001,
    "delivery_delay": 0.01,
    "reject": 0.0,
    "rendering_failure": 0.0,
}
"""What becomes of the mail of a healthy account."""

OfMinute = Callable[[int], float]


def bursts(minute: int) -> float:
    """Return the mails of a *minute*: 150 within five minutes, then nothing for a quarter of an hour."""
    return 30 if minute % 20 < 5 else 0


def poll(minute: int) -> int:
    """Return the minute of the last poll."""
    return minute // MINUTES_A_POLL * MINUTES_A_POLL


def counter(
    clock: Clock, mails: OfMinute, *, share: float = 1, late: Callable[[int], int] | None = None
) -> list[Value]:
    """Return the counter over *mails* a minute, the *share* of them that counts.

    *late* is how many minutes before a poll the newest counted minute ended, a function of the poll's minute: five if
    not given.
    """
    total = list(itertools.accumulate((mails(each) * share for each in range(clock.hours * 60)), initial=100_000))
    return clock.values(lambda minute: total[max(0, poll(minute) - (late(poll(minute)) if late else MINUTES_A_POLL))])


def golden(clock: Clock) -> Series:
    """Return every series of one account on the golden page but buckets, as scraped from one exporter, never moving.

    Of its configuration sets there is one, and nothing is looked for.
    """
    found: dict[tuple[str, Labels], Sequence[Value]] = {}
    families = text_string_to_metric_families(GOLDEN.read_text(encoding="utf-8"))
    for name, labels, value, *_ in (sample for family in families for sample in family.samples):
        wanted = {"account_id": ACCOUNT, "target": TARGET, "ses_configuration_set": CONFIGURATION_SET}
        of_it = all(labels.get(label, one) == one for label, one in wanted.items())
        if of_it and labels.get("source") not in LISTS and not name.endswith("_bucket"):
            key = (name, (*labels.items(), ("instance", INSTANCE), ("job", "aws-ses")))
            found[key] = [value] * len(list(clock))
    return found


def account(
    clock: Clock,
    *,
    mails: OfMinute = bursts,
    shares: Mapping[str, float] | None = None,
    bounce_rate: OfMinute = lambda _: 0.01,
    complaint_rate: OfMinute = lambda _: 0.0001,
    late: Callable[[int], int] | None = None,
    changes: Mapping[str, OfMinute] | None = None,
) -> Series:
    """Return the page of one account and of the exporter that serves nothing else, healthy unless told otherwise.

    *shares* are added to `SHARES`; *late* says how old the newest data is at a poll; *changes* are values by metric, or
    by metric and status.
    """

    def newest(minute: int) -> float:
        before = poll(minute) - (late(poll(minute)) if late else MINUTES_A_POLL)
        return next((each * 60.0 for each in range(before, before - MINUTES_A_DAY * 4, -1) if mails(each)), 0.0)

    used = list(itertools.accumulate((mails(each) for each in range(-MINUTES_A_DAY, clock.hours * 60)), initial=0.0))
    values: dict[str, Sequence[Value]] = {
        "aws_ses_send_total": counter(clock, mails, late=late),
        **{
            f"aws_ses_{name}_total": counter(clock, mails, share=share, late=late)
            for name, share in {**SHARES, **(shares or {})}.items()
        },
    }
    for rate, value in (("bounce", bounce_rate), ("complaint", complaint_rate)):
        held = clock.values(lambda minute, value=value: value(poll(minute)))  # type: ignore[misc]
        values |= {f"aws_ses_reputation_{rate}_rate{suffix}": held for suffix in ("", "_average", "_sum")}
        values[f"aws_ses_reputation_{rate}_rate_timestamp_seconds"] = clock.values(newest)
        values[f"aws_ses_dimension_reputation_{rate}_rate"] = clock.values(lambda _: 0.0)
    moving: dict[str, OfMinute] = {
        "aws_ses_enforcement_status PROBATION": lambda _: 0,
        "aws_ses_enforcement_status HEALTHY": lambda _: 1,
        "aws_ses_send_quota_used": lambda minute: used[poll(minute) + MINUTES_A_DAY] - used[poll(minute)],
        "aws_ses_exporter_last_success_timestamp_seconds": lambda minute: poll(minute) * 60 + 1,
        "aws_ses_exporter_polls_total": lambda minute: minute // MINUTES_A_POLL + 1,
        "aws_ses_exporter_api_requests_total": lambda minute: (minute // MINUTES_A_POLL + 1) * CALLS_A_POLL,
        "aws_ses_exporter_cloudwatch_estimated_cost_dollars_total": (
            lambda minute: (minute // MINUTES_A_POLL + 1) * DOLLARS_A_POLL
        ),
        **(changes or {}),
    }
    page = with_values(golden(clock), values | {key: clock.values(value) for key, value in moving.items()})
    return {**page, ("up", (("instance", INSTANCE), ("job", "aws-ses"))): clock.values(lambda _: 1)}


def with_values(series: Series, values: Mapping[str, Sequence[Value]]) -> Series:
    """Return *series* with other *values*; a key is a metric, or a metric and the value of one of its labels."""
    changed = dict(series)
    for key, new in values.items():
        name, _, label = key.partition(" ")
        found = [each for each in series if each[0] == name and (not label or label in dict(each[1]).values())]
        if not found:
            raise ValueError(f"the page has no {key}")
        changed.update(dict.fromkeys(found, new))
    return changed
