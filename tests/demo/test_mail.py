from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.demo.mail import BURST_MINUTES, DAY_SECONDS, Sender, account, minutes

NOW = 1_795_000_000.0
BUSY = Sender("us-east-1", bounce_rate=0.14, complaint_rate=0.002, mails_per_minute=120)


def test_mail_comes_in_bursts_of_three_minutes_about_twenty_minutes_apart() -> None:
    starts = [minute.start for minute in minutes(BUSY, NOW - 2 * DAY_SECONDS, NOW)]
    bursts = [start for before, start in itertools.pairwise([0, *starts]) if start - before > 60]
    gaps = [later - earlier for earlier, later in itertools.pairwise(bursts)]

    assert len(starts) == pytest.approx(BURST_MINUTES * len(bursts), abs=BURST_MINUTES)
    assert all(15 * 60 <= gap <= 25 * 60 for gap in gaps)
    assert sum(gaps) / len(gaps) == pytest.approx(20 * 60, rel=0.02)


def test_over_weeks_the_counts_are_what_the_rates_say() -> None:
    total = {"Send": 0, "Delivery": 0, "Bounce": 0, "Complaint": 0, "Open": 0, "Click": 0}
    for minute in minutes(BUSY, NOW - 21 * DAY_SECONDS, NOW):
        for name, count in minute.counts.items():
            total[name] += count

    assert total["Bounce"] / total["Send"] == pytest.approx(0.14, rel=0.01)
    assert total["Complaint"] / total["Delivery"] == pytest.approx(0.002, rel=0.1)
    assert total["Send"] == total["Delivery"] + total["Bounce"]
    assert total["Delivery"] > total["Open"] > total["Click"] > 0


def test_the_reputation_stays_near_the_rates_and_moves() -> None:
    rates = [minute.rates["Reputation.BounceRate"] for minute in minutes(BUSY, NOW - DAY_SECONDS, NOW)]

    assert all(0.135 < rate < 0.145 for rate in rates)
    assert len(set(rates)) > 100


@given(
    start=st.integers(1_700_000_000, 1_900_000_000),
    length=st.integers(0, 2 * DAY_SECONDS),
    part=st.floats(0, 1),
)
def test_a_span_holds_the_same_mail_however_it_is_cut(start: int, length: int, part: float) -> None:
    end, middle = start + length, start + length * part

    assert list(minutes(BUSY, start, end)) == [*minutes(BUSY, start, middle), *minutes(BUSY, middle, end)]


def test_nothing_is_sent_after_the_end_of_a_sender() -> None:
    quiet = Sender("eu-west-1", 0.02, 0.0004, mails_per_minute=60, until=NOW - 2 * DAY_SECONDS)
    last = max(minute.start for minute in minutes(quiet, NOW - 3 * DAY_SECONDS, NOW))

    assert quiet.until - 30 * 60 < last < quiet.until
    assert account(quiet, NOW)["SendQuota"]["SentLast24Hours"] == 0
    assert account(quiet, NOW)["EnforcementStatus"] == "HEALTHY"


def test_the_account_counts_the_mail_of_a_day_and_is_under_review_for_its_bounces() -> None:
    facts = account(BUSY, NOW)

    assert facts["SendQuota"]["SentLast24Hours"] == sum(
        minute.counts["Send"] for minute in minutes(BUSY, NOW - DAY_SECONDS, NOW)
    )
    assert facts["SendQuota"]["SentLast24Hours"] < facts["SendQuota"]["Max24HourSend"]
    assert facts["EnforcementStatus"] == "PROBATION"
