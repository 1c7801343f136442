"""Mail as bars: how many in each step, from the counters, all chosen accounts and regions added up."""

from __future__ import annotations

from dashboards.board import Row
from dashboards.panels import About, Query, bars, colored
from dashboards.queries import PLACES, Each, growth, limited, most

_STEP = (
    " Each bar is what was counted in one step of at least five minutes; SES may have seen it a little before. "
    "The first bar after a gap has what came in it."
)
_NOTHING = "No data: is the exporter up?"


def row() -> Row:
    """Return what was sent and what became of it."""
    sent = About(
        "Sent and delivered",
        f"Mails that SES accepted, and mails that the other servers took.{_STEP}",
        "short",
        _NOTHING,
    )
    bad = About(
        "Bounced and complained", f"Mails that bounced for good or were marked as spam.{_STEP}", "short", _NOTHING
    )
    where = About(
        "Sent by account and region",
        f"A rise far over the same hours of last week may be stolen credentials. The 20 that sent most.{_STEP}",
        "short",
        _NOTHING,
        "AWSSESSendSpike",
    )
    return Row(
        "Mail",
        (
            colored(
                bars(sent, [_all("send", "sent"), _all("delivery", "delivered")]),
                {"sent": "blue", "delivered": "green"},
            ),
            colored(
                bars(bad, [_all("bounce", "bounced"), _all("complaint", "complained")]),
                {"bounced": "orange", "complained": "red"},
            ),
            bars(where, [grown("aws_ses_send_total", PLACES, "{{account_id}} {{region}}")], span=24, stacked=True),
        ),
    )


def rest() -> Row:
    """Return what else SES counts."""
    trouble = About(
        "Rejected, not rendered, delayed",
        f"Rejected: SES found a virus. Not rendered: the template and its data do not fit, and nobody gets the mail. "
        f"Delayed: a passing problem, such as a full mailbox.{_STEP}",
        "short",
        _NOTHING,
        "AWSSESRejects",
    )
    people = About(
        "Opened, clicked, unsubscribed",
        f"Openings and clicks with every repeat, and changes of subscription preferences. "
        f"SES counts them only where tracking is on.{_STEP}",
        "short",
        _NOTHING,
    )
    return Row(
        "What else SES counts",
        (
            colored(
                bars(
                    trouble,
                    [
                        _all("reject", "rejected"),
                        _all("rendering_failure", "not rendered"),
                        _all("delivery_delay", "delayed"),
                    ],
                ),
                {"rejected": "red", "not rendered": "orange", "delayed": "yellow"},
            ),
            bars(people, [_all("open", "opened"), _all("click", "clicked"), _all("subscription", "changed")]),
        ),
    )


def grown(metric: str, of: Each, legend: str) -> Query:
    """Return the bars of the counter *metric* of the 20 that grew most."""
    return Query(limited(growth(metric, "$__interval", of=of), most(metric, of=of), of), legend)


def _all(name: str, legend: str) -> Query:
    return Query(f"sum({growth(f'aws_ses_{name}_total', '$__interval')})", legend)
