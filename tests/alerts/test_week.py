"""The shipped rules on what the daemon's own code serves in simulated weeks of mail, scraped and judged by promtool."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path

import promql_parser as promql
import pytest

from exporter.catalogue import total_family
from tests.alerts.rulefiles import OWN, asked, read
from tests.alerts.simulation.exporters import ACCOUNT
from tests.alerts.simulation.mail import Sender, curve
from tests.alerts.simulation.verdict import Opening, judge
from tests.alerts.simulation.weeks import Plan, Weeks, simulate
from tests.effort import SOAK

pytestmark = pytest.mark.timeout(1200)  # a minute of work each, more where others use the machine

FIRST, SECOND = "exporter-a:9199", "exporter-b:9199"
BAD, GOOD = "us-east-1", "eu-west-1"
TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, SATURDAY, NEXT_MONDAY = 24, 48, 72, 96, 120, 168

STOLEN = NEXT_MONDAY + 10

OUTAGE = (WEDNESDAY + 2.2, WEDNESDAY + 3.2)
RESTARTED = ((0, WEDNESDAY + 11), (WEDNESDAY + 11.07, 999))

COUNTED = ("Send", "Delivery", "Bounce", "Complaint", "Reject", "RenderingFailure", "DeliveryDelay")

NAMES = frozenset(
    each.name
    for path in OWN
    for rule in read(path)
    for each in asked(promql.parse(rule.expr))
    if not each.is_recorded and each.name not in ("up", "ALERTS")
)

TWO_REGIONS = Plan(
    begins=0,
    ends=NEXT_MONDAY + 24,
    senders=(
        Sender(
            BAD,
            bounces=curve(
                (THURSDAY + 10, 0.02),
                (THURSDAY + 10, 0.08),
                (FRIDAY + 13, 0.08),
                (FRIDAY + 13, 0.3),
                (FRIDAY + 18, 0.3),
                (FRIDAY + 18, 0.02),
            ),
            bounce_rate=curve(
                (THURSDAY + 10, 0.02),
                (THURSDAY + 12, 0.06),
                (FRIDAY + 14, 0.06),
                (FRIDAY + 15, 0.14),
                (NEXT_MONDAY + 9, 0.14),
                (NEXT_MONDAY + 12, 0.02),
            ),
            status=lambda hours: "PROBATION" if SATURDAY + 10 <= hours < NEXT_MONDAY + 13 else "HEALTHY",
        ),
        Sender(GOOD, weekend_mails=20, factor=curve((STOLEN, 1), (STOLEN, 20), (STOLEN + 1, 20), (STOLEN + 1, 1))),
    ),
    lives={FIRST: RESTARTED, SECOND: ((SATURDAY + 24, 999),)},
    outages=(OUTAGE,),
)

BAD_LIST = dataclasses.replace(
    TWO_REGIONS,
    begins=TUESDAY,
    ends=SATURDAY + 12,
    lives={FIRST: ((TUESDAY, RESTARTED[0][1]), RESTARTED[1])},
)
"""The days of the bad list alone: half of the time, and a third of the work."""

SHOWN = TWO_REGIONS if SOAK else BAD_LIST

LATE_ECHO = Plan(
    begins=FRIDAY + 8,
    ends=SATURDAY + 36,
    senders=(Sender(GOOD, mails_per_minute=1500, lag_minutes=8 * 60),),
    lives={FIRST: ((FRIDAY + 8, 999),)},
    quota=500_000,
)

IN_THE_OUTAGE = tuple(
    Opening(
        "AWSSESTargetFailing",
        "warning",
        WEDNESDAY + 2.6,
        WEDNESDAY + 3.3,
        {"region": region, "source": "cloudwatch"},
    )
    for region in (BAD, GOOD)
)


def always(plan: Plan) -> Opening:
    return Opening("AWSSESWatchdog", "info", plan.begins, None)


def in_bad(alert: str, severity: str, opens: float, closes: float | None) -> Opening:
    return Opening(alert, severity, opens, closes, {"region": BAD})


def assert_every_mail_was_counted_once(weeks: Weeks) -> None:
    for region, mailbox in weeks.mailboxes.items():
        for metric in COUNTED:
            name = f'{total_family(metric).name}{{account_id="{ACCOUNT}",region="{region}"}}'
            for instance in weeks.plan.lives:
                assert weeks.scrapes.last(instance, name) == mailbox.total(metric), (instance, name)


def assert_openings(weeks: Weeks, openings: Sequence[Opening], place: Path) -> None:
    found = judge(weeks, openings, place)
    assert not found, found


def of_two_regions(plan: Plan) -> Iterator[Opening]:
    """Yield what the two regions open in the whole of their time, as far as it lies in that of *plan*."""
    every = (
        *IN_THE_OUTAGE,
        in_bad("AWSSESReputationBounceRateRising", "warning", THURSDAY + 11.5, THURSDAY + 12.4),
        in_bad("AWSSESReputationBounceRate", "warning", THURSDAY + 11.8, NEXT_MONDAY + 11.75),
        in_bad("AWSSESReputationBounceRate", "critical", FRIDAY + 14.8, NEXT_MONDAY + 10.4),
        in_bad("AWSSESAccountUnderReview", "critical", SATURDAY + 10.1, NEXT_MONDAY + 13.1),
        in_bad("AWSSESBounceShare", "warning", THURSDAY + 16, SATURDAY + 18.2),
        in_bad("AWSSESBounceShare", "critical", FRIDAY + 14.1, SATURDAY + 16.87),
        Opening("AWSSESSendSpike", "warning", STOLEN + 0.3, STOLEN + 2.4, {"region": GOOD}),
        Opening("AWSSESQuotaUsage", "warning", STOLEN + 0.7, None, {"region": GOOD}),
        Opening("AWSSESQuotaUsage", "critical", STOLEN + 0.8, None, {"region": GOOD}),
        Opening("AWSSESQuotaExhaustion", "warning", STOLEN + 0.75, None, {"region": GOOD}),
        in_bad("AWSSESDeliveryShare", "warning", FRIDAY + 16.2, SATURDAY + 0.8),
    )
    yield always(plan)
    for each in every:
        if each.opens < plan.ends:
            outlasts = each.closes is None or each.closes > plan.ends
            yield dataclasses.replace(each, closes=None if outlasts else each.closes)


def test_a_bad_list_here_and_stolen_credentials_there_open_each_of_their_alerts_once(tmp_path: Path) -> None:
    weeks = simulate(SHOWN, NAMES, tmp_path)
    assert_every_mail_was_counted_once(weeks)
    assert_openings(weeks, tuple(of_two_regions(SHOWN)), tmp_path)


def test_bounces_and_complaints_that_follow_friday_s_mail_on_saturday_open_nothing(tmp_path: Path) -> None:
    weeks = simulate(LATE_ECHO, NAMES, tmp_path)
    assert_every_mail_was_counted_once(weeks)
    assert_openings(weeks, (always(LATE_ECHO),), tmp_path)
