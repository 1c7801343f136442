"""The mail that the demo's account sends: bursts of a few minutes, and what SES would publish of each minute.

A pure function of the region's *Sender* and the time, so that the past and the present come from one rule.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

DAY_SECONDS = 86_400
MINUTE_SECONDS = 60
SLOT_SECONDS = 20 * MINUTE_SECONDS
BURST_MINUTES = 3
QUOTA_MAILS_PER_DAY = 50_000
QUOTA_MAILS_PER_SECOND = 14
UNDER_REVIEW_BOUNCE_RATE = 0.05
_LATEST_START_MINUTES = 5


@dataclass(frozen=True, slots=True)
class Sender:
    """How one region sends: *bounce_rate* and *complaint_rate* are fractions, the last mail is before *until*."""

    region: str
    bounce_rate: float
    complaint_rate: float
    mails_per_minute: int
    until: float = math.inf


@dataclass(frozen=True, slots=True)
class Minute:
    """A minute with mail in it: *start* in unix seconds, *counts* and *rates* by CloudWatch's metric names."""

    start: int
    counts: dict[str, int]
    rates: dict[str, float]


def minutes(sender: Sender, start: float, end: float) -> Iterator[Minute]:
    """Yield each minute of [*start*, *end*) in which *sender* sends, in order; minutes without mail have nothing."""
    stop = min(end, sender.until)
    for slot in range(math.floor(start / SLOT_SECONDS), math.ceil(stop / SLOT_SECONDS)):
        for minute in _burst(sender, slot):
            if start <= minute.start < stop:
                yield minute


def account(sender: Sender, now: float) -> dict[str, Any]:
    """Return what GetAccount says of *sender*'s region at *now*: under review where too much bounces."""
    day = minutes(sender, now - DAY_SECONDS, now)
    return {
        "DedicatedIpAutoWarmupEnabled": True,
        "Details": {"MailType": "TRANSACTIONAL", "ReviewDetails": {"CaseId": "1", "Status": "GRANTED"}},
        "EnforcementStatus": "PROBATION" if sender.bounce_rate >= UNDER_REVIEW_BOUNCE_RATE else "HEALTHY",
        "PricingAttributes": {"CurrentPlan": "ESSENTIALS", "NextPlan": "ESSENTIALS"},
        "ProductionAccessEnabled": True,
        "SendQuota": {
            "Max24HourSend": float(QUOTA_MAILS_PER_DAY),
            "MaxSendRate": float(QUOTA_MAILS_PER_SECOND),
            "SentLast24Hours": float(sum(minute.counts["Send"] for minute in day)),
        },
        "SendingEnabled": True,
        "SuppressionAttributes": {"SuppressedReasons": ["BOUNCE", "COMPLAINT"]},
        "VdmAttributes": {"VdmEnabled": "DISABLED"},
    }


def _burst(sender: Sender, slot: int) -> Iterator[Minute]:
    random = Random(f"{sender.region}/{slot}")  # noqa: S311 - a seed, not a secret
    first = slot * SLOT_SECONDS + random.randint(0, _LATEST_START_MINUTES) * MINUTE_SECONDS
    for start in range(first, first + BURST_MINUTES * MINUTE_SECONDS, MINUTE_SECONDS):
        send = random.randint(sender.mails_per_minute * 3 // 4, sender.mails_per_minute * 5 // 4)
        bounce = _share(random, send, sender.bounce_rate)
        delivery = send - bounce
        opened = _share(random, delivery, 0.3)
        yield Minute(
            start,
            {
                "Send": send,
                "Delivery": delivery,
                "Bounce": bounce,
                "Complaint": _share(random, delivery, sender.complaint_rate),
                "Open": opened,
                "Click": _share(random, opened, 0.2),
            },
            {
                "Reputation.BounceRate": _wobble(sender.bounce_rate, start),
                "Reputation.ComplaintRate": _wobble(sender.complaint_rate, start),
            },
        )


def _share(random: Random, whole: int, fraction: float) -> int:
    """Return about *fraction* of *whole*, in the long run exactly that."""
    return min(whole, math.floor(whole * fraction * random.uniform(0.8, 1.2) + random.random()))


def _wobble(rate: float, start: int) -> float:
    """Return *rate* as SES shows it over a large volume: it moves by a few per cent over a day."""
    return round(rate * (1 + 0.03 * math.sin(2 * math.pi * start / DAY_SECONDS)), 6)
