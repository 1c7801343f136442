"""Reputation over time with AWS's lines, and the moments at which SES really said something."""

from __future__ import annotations

from dataclasses import dataclass

from dashboards.board import Row
from dashboards.panels import About, Panel, Query, as_points, lines
from dashboards.queries import PLACES, Each, fact, greatest, greatest_share, limited, share
from dashboards.safety import NO_REPUTATION
from dashboards.scales import BOUNCE, COMPLAINT, PLAIN, Scale


@dataclass(frozen=True, slots=True)
class Judged:
    """A rate by which SES judges: the lines at which AWS reviews and pauses, and how it is drawn."""

    name: str
    review: str
    pause: str
    scale: Scale
    soft_max: float
    decimals: int


BOUNCES = Judged("bounce", "5 %", "10 %", BOUNCE, soft_max=0.11, decimals=2)
COMPLAINTS = Judged("complaint", "0.1 %", "0.5 %", COMPLAINT, soft_max=0.0055, decimals=3)
_LIMITED = " At most 20 are shown, the worst of the time chosen."


def row() -> Row:
    """Return reputation as SES judges it."""
    return Row(
        "Reputation, as SES judges it",
        (
            _rate(BOUNCES),
            _rate(COMPLAINTS),
        ),
    )


def shares() -> Row:
    """Return shares of the mails sent, from the exact counters."""
    note = (
        " Counted, not judged: suppressed addresses and soft bounces that are given up count too,"
        " so this is higher than the reputation, and moves sooner."
        " A counter that is younger counts from when it was first seen."
    )
    nothing = "Nothing sent in 24 hours, or no data"
    bounced = About(
        "Bounced in 24 hours",
        f"Bounces of the last 24 hours as a share of the mails sent.{note}{_LIMITED}",
        "percentunit",
        nothing,
        "AWSSESBounceShare",
    )
    complained = About(
        "Complained in 24 hours",
        f"Complaints of the last 24 hours as a share of the mails sent.{note}{_LIMITED}",
        "percentunit",
        nothing,
        "AWSSESComplaintShare",
    )
    delivered = About(
        "Delivered in 24 hours",
        "Deliveries of the last 24 hours as a share of the mails sent. At most 20 are shown, the lowest. "
        "A delivery is counted when the other server takes the mail, so it can pass 100 % for a while.",
        "percentunit",
        nothing,
        "AWSSESDeliveryShare",
    )
    return Row(
        "Shares of the last 24 hours",
        (
            _share(bounced, "aws_ses_bounce_total", BOUNCE, 0.11, 2),
            _share(complained, "aws_ses_complaint_total", COMPLAINT, 0.0055, 3),
            _share(delivered, "aws_ses_delivery_total", PLAIN, 1.0, 1, lowest=True),
        ),
    )


def _rate(judged: Judged) -> Panel:
    about = About(
        f"{judged.name.capitalize()} rate",
        f"AWS reviews the account from {judged.review} on (lower line) and may pause it from {judged.pause} on "
        f"(upper line). The line is the last known value; a point is the moment at which SES published a new one."
        f"{_LIMITED}",
        "percentunit",
        NO_REPUTATION,
        f"AWSSESReputation{judged.name.capitalize()}Rate",
    )
    return held(about, f"aws_ses_reputation_{judged.name}_rate", judged)


def held(
    about: About, metric: str, judged: Judged, of: Each = PLACES, legend: str = "{{account_id}} {{region}}"
) -> Panel:
    """Return *metric*, a held rate, over time: both lines of AWS, and the moments of its datapoints."""
    value = limited(fact(metric, of), greatest(metric, of), of)
    moment = fact(f"{metric}_timestamp_seconds", of)
    before = fact(f"{metric}_timestamp_seconds", of, at=" offset $__interval")
    points = Query(f"{value} and{of.matching} ({moment} > {before})", f"{legend} datapoint")
    panel = lines(
        about, [Query(value, legend), points], judged.scale, decimals=judged.decimals, soft_max=judged.soft_max
    )
    return as_points(panel, "B", "text")


def _share(about: About, metric: str, scale: Scale, soft_max: float, decimals: int, *, lowest: bool = False) -> Panel:
    ranking = f"-({greatest_share(metric)})" if lowest else greatest_share(metric)
    query = Query(limited(share(metric), ranking))
    return lines(about, [query], scale, span=8, decimals=decimals, soft_max=soft_max)
