"""Tables of every account and region: worst first, and what SES says of each."""

from __future__ import annotations

from dashboards.board import OVERVIEW, Row
from dashboards.panels import About, Panel, Query, lines
from dashboards.queries import (
    BY,
    Each,
    danger,
    fact,
    greatest,
    limited,
    not_answering,
    not_healthy,
    of_day,
    quota_used,
    share,
)
from dashboards.safety import NO_REPUTATION
from dashboards.scales import ANSWERS, BOUNCE, COMPLAINT, DANGER, FAILING, QUOTA, REVIEW, SENDING, SOME, YES_NO
from dashboards.tables import Column, rows

_LABELS = {"account_id": "Account", "region": "Region", "name": "Name"}


def row() -> Row:
    """Return the table that has everything at a glance."""
    about = About(
        "Every account and region, worst first",
        "Danger: 100 % is AWS's line for a pause (10 % bounces, 0.5 % complaints), a full quota or a review; 200 % is "
        "a paused or shut down account. Click an account to see it alone. A dash: not known. "
        "The age of the reputation grows while nothing is sent, so it has no colour. "
        "A counter that is younger than 24 hours counts from when it was first seen.",
        "short",
        "No data: is the exporter up?",
    )
    columns = (
        Column("Name", fact("aws_ses_target_info", Each(f"{BY}, name")), hidden=True),
        Column("Danger", danger(), "percentunit", DANGER, 0),
        Column("Can send", fact("aws_ses_sending_enabled", worst="min"), "none", SENDING),
        Column("Under review", not_healthy(), "none", REVIEW),
        Column("Bounce rate", fact("aws_ses_reputation_bounce_rate"), "percentunit", BOUNCE, 2),
        Column("Complaint rate", fact("aws_ses_reputation_complaint_rate"), "percentunit", COMPLAINT, 3),
        Column("Quota used", quota_used(), "percentunit", QUOTA, 1),
        Column("Sent in 24 h", of_day("aws_ses_send_total"), "short", decimals=0),
        Column("Bounced in 24 h", share("aws_ses_bounce_total"), "percentunit", BOUNCE, 2),
        Column("Complained in 24 h", share("aws_ses_complaint_total"), "percentunit", COMPLAINT, 3),
        Column("Rejected in 24 h", of_day("aws_ses_reject_total"), "short", SOME, 0),
        Column("Not rendered in 24 h", of_day("aws_ses_rendering_failure_total"), "short", SOME, 0),
        Column(
            "Reputation age", f"time() - {fact('aws_ses_reputation_bounce_rate_timestamp_seconds')}", "s", decimals=1
        ),
        Column("Data", fact("aws_ses_up", worst="min"), "none", ANSWERS),
    )
    return Row("Every account and region", (rows(about, _LABELS, columns, worst="Danger", link=OVERVIEW, height=14),))


def facts() -> Row:
    """Return what SES says of each account, and how old it is what is shown."""
    about = About(
        "What SES says of each account",
        "From GetAccount. An unlimited quota is a dash with a yes beside it; any other dash is not known.",
        "short",
        "Unknown: no data",
        "AWSSESSandboxNearLimit",
    )
    quota = fact("aws_ses_send_quota_max")
    columns = (
        Column("Name", fact("aws_ses_target_info", Each(f"{BY}, name")), hidden=True),
        Column("State", _state("aws_ses_enforcement_status", "state"), hidden=True),
        Column("Request", _state("aws_ses_production_access_review_status", "request"), hidden=True),
        Column("Plans", fact("aws_ses_pricing_plan_info", Each(f"{BY}, current_plan, next_plan")), hidden=True),
        Column("Out of the sandbox", fact("aws_ses_production_access_enabled", worst="min"), "none", YES_NO),
        Column("Sent in 24 h", fact("aws_ses_send_quota_used"), "short", decimals=0),
        Column("Quota of 24 h", f"{quota} < Inf", "short", decimals=0),
        Column("Quota unlimited", f"{quota} == bool Inf", "none", YES_NO),
        Column("Mails a second", f"{fact('aws_ses_send_quota_rate_max')} < Inf", "short", decimals=0),
        Column("Warm-up of dedicated IPs", fact("aws_ses_dedicated_ip_auto_warmup_enabled"), "none", YES_NO),
        Column("Deliverability Manager", fact("aws_ses_vdm_enabled"), "none", YES_NO),
    )
    labels = {
        **_LABELS,
        "state": "State",
        "request": "Request for production access",
        "current_plan": "Plan",
        "next_plan": "Next plan",
    }
    table = rows(about, labels, columns, worst="Account", link=OVERVIEW, height=10, descending=False)
    return Row("Account facts and age of the data", (table, _age(), _failing()))


def _state(metric: str, label: str) -> str:
    """Return the present state as *label*: two state sets in one table need two names."""
    present = f"{fact(metric, Each(f'{BY}, status'))} == 1"
    return f'max by ({BY}, {label}) (label_replace({present}, "{label}", "$1", "status", "(.+)"))'


def _age() -> Panel:
    about = About(
        "Age of the reputation",
        "How old the newest datapoint of the bounce rate is. It grows while nothing is sent: that is normal. "
        "At most 20 are shown, the oldest.",
        "s",
        NO_REPUTATION,
        "AWSSESReputationStale",
    )
    moment = "aws_ses_reputation_bounce_rate_timestamp_seconds"
    return lines(about, [Query(limited(f"time() - {fact(moment)}", f"-{greatest(moment)}"))])


def _failing() -> Panel:
    about = About(
        "Not answering",
        "Targets (in a region) of which AWS did not answer the last poll in full, and exporters that Prometheus could "
        "not reach. The exporter's board says why.",
        "short",
        "No data: is the exporter up?",
        "AWSSESTargetFailing",
    )
    return lines(about, [Query(not_answering(), "not answering")], FAILING, decimals=0)
