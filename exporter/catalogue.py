"""Every fact about SES that we know how to read: name, kind, statistics, unit. The only place with names and HELP.

Metrics come from CloudWatch's `AWS/SES` namespace (SES Developer Guide, "Retrieving Amazon SES event data from
CloudWatch" and "Creating reputation monitoring alarms using CloudWatch"), facts from SESv2 GetAccount.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache

NAMESPACE = "AWS/SES"
PREFIX = "aws_ses_"
DIMENSION = "dimension_"
BY_DIMENSIONS = ", by the dimensions in its labels"


class Kind(StrEnum):
    """What a metric's datapoints are, which decides how they are read and served."""

    COUNT = "count"
    RATE = "rate"
    LEVEL = "level"


@dataclass(frozen=True, slots=True)
class Metric:
    """A CloudWatch metric: *name* as AWS writes it, *what* it counts or measures in a phrase for HELP, its *unit*.

    What is not *account_level* always has dimensions. *period_seconds* is how often it is published, where it is known.
    """

    name: str
    kind: Kind
    what: str
    statistics: tuple[str, ...]
    unit: str
    account_level: bool = True
    period_seconds: int | None = None


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact of GetAccount: *name* without the prefix, its *help*, and the names of its own labels."""

    name: str
    help: str
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Family:
    """A metric family as the page shows it; *type* is `counter` or `gauge`, *name* has a counter's `_total`."""

    name: str
    type: str
    help: str


DEFAULT_STATISTICS = {
    Kind.COUNT: ("Sum",),
    Kind.RATE: ("Average", "Sum"),
    Kind.LEVEL: ("Average",),
}


def _count(name: str, what: str, unit: str = "mails") -> Metric:
    return Metric(name, Kind.COUNT, what, DEFAULT_STATISTICS[Kind.COUNT], unit)


def _rate(name: str, what: str) -> Metric:
    return Metric(name, Kind.RATE, what, DEFAULT_STATISTICS[Kind.RATE], "fraction, 0 to 1")


def _receipt(name: str, what: str, unit: str = "mails") -> Metric:
    return Metric(name, Kind.COUNT, what, DEFAULT_STATISTICS[Kind.COUNT], unit, account_level=False)


def _daily(name: str, what: str, unit: str) -> Metric:
    return Metric(name, Kind.LEVEL, what, ("Average", "Maximum"), unit, account_level=False, period_seconds=86_400)


def _pool(name: str, what: str, unit: str) -> Metric:
    return Metric(name, Kind.LEVEL, what, DEFAULT_STATISTICS[Kind.LEVEL], unit, account_level=False)


METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        _count("Send", "Mails that SES accepted for sending, suppressed ones included"),
        _count("Delivery", "Mails delivered to the recipient's mail server"),
        _count("Bounce", "Mails that bounced for good, suppressed addresses included"),
        _count("Complaint", "Mails marked as spam by the recipient, suppressed addresses included"),
        _count("Reject", "Mails that SES accepted and then rejected because they held a virus"),
        _count("Open", "Openings of mails, every repeat counted", "openings"),
        _count("Click", "Clicks on links in mails, every repeat counted", "clicks"),
        _count("RenderingFailure", "Mails not sent because their template could not be rendered"),
        _count("DeliveryDelay", "Mails whose delivery was delayed by a temporary problem"),
        _count("Subscription", "Changes of subscription preferences by recipients", "changes"),
        _rate("Reputation.BounceRate", "Bounce rate as SES judges it (hard bounces over a representative volume)"),
        _rate("Reputation.ComplaintRate", "Complaint rate as SES judges it (over a representative volume)"),
        _receipt("Received", "Mails received by a rule or rule set"),
        _receipt("PublishSuccess", "Actions of a receipt rule that succeeded", "actions"),
        _receipt("PublishFailure", "Actions of a receipt rule that failed and are tried again", "actions"),
        _receipt("PublishExpired", "Actions of a receipt rule that are given up", "actions"),
        _daily("SNDS.RCPTCommands", "RCPT commands that Microsoft's SNDS saw from a dedicated IP address", "commands"),
        _daily("SNDS.DATACommands", "DATA commands that Microsoft's SNDS saw from a dedicated IP address", "commands"),
        _daily("SNDS.MessageRecipients", "Recipients that Microsoft's SNDS saw from a dedicated IP", "recipients"),
        _daily("SNDS.SpamRate", "Microsoft SNDS's verdict on a dedicated IP: 0 good, 0.5 mixed, 1 bad", "verdict"),
        _daily("SNDS.ComplaintRate", "Complaint rate of a dedicated IP, by Microsoft's SNDS", "fraction, 0 to 1"),
        _daily("SNDS.TrapHits", "Mails from a dedicated IP that hit spam traps of Microsoft's SNDS", "mails"),
        _pool("ApproximateDedicatedSendingPercentage", "Mail through a managed pool's own addresses", "percent"),
        _pool("SentLast24Hours", "Mails of the last 24 hours through a managed pool", "mails"),
        _pool("Available24HourSend", "Mails that a managed pool can send in 24 hours", "mails"),
    )
}

FACTS: dict[str, Fact] = {
    fact.name: fact
    for fact in (
        Fact(
            "sending_enabled", "1 when the account may send in this region, 0 when sending is paused by AWS or by hand."
        ),
        Fact(
            "enforcement_status",
            "Where the account stands with SES: 1 for its present state, 0 for the other ones; "
            "PROBATION is under review, SHUTDOWN is paused by AWS.",
            ("status",),
        ),
        Fact("production_access_enabled", "1 when the account has production access, 0 in the sandbox."),
        Fact(
            "production_access_review_status",
            "State of the last request for production access: 1 for the present state, 0 for the other ones.",
            ("status",),
        ),
        Fact("send_quota_max", "Mails that may be sent in 24 hours, +Inf when unlimited. Unit: mails."),
        Fact("send_quota_used", "Mails sent in the last 24 hours, as SES counts them against the quota. Unit: mails."),
        Fact("send_quota_rate_max", "Mails that may be sent in a second. Unit: mails per second."),
        Fact("dedicated_ip_auto_warmup_enabled", "1 when dedicated IP addresses are warmed up automatically, else 0."),
        Fact("vdm_enabled", "1 when the Virtual Deliverability Manager is enabled, else 0."),
        Fact(
            "pricing_plan_info",
            "The SES pricing plan in force and the one that follows; the value is always 1.",
            ("current_plan", "next_plan"),
        ),
    )
}

ENFORCEMENT_STATUSES = ("HEALTHY", "PROBATION", "SHUTDOWN")
REVIEW_STATUSES = ("PENDING", "FAILED", "GRANTED", "DENIED")

UP = Family(
    PREFIX + "up",
    "gauge",
    "1 when every enabled source of this account and region answered its last poll, else 0.",
)
TARGET_INFO = Family(
    PREFIX + "target_info", "gauge", "The configured name of this account and region; the value is always 1."
)

RESERVED_LABELS = frozenset({"account_id", "region", "job", "instance"})
"""Labels that every series has, or gets from Prometheus."""

NAMES_REMEMBERED = 256
"""Names of metrics, statistics and dimensions are few, and asked for again for each series at each poll."""

_BOUNDARY = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_OUTSIDE = re.compile(r"[^a-z0-9_]+")


@lru_cache(maxsize=NAMES_REMEMBERED)
def snake(name: str) -> str:
    """Return *name* in snake case, fit for a metric or label name: `Reputation.BounceRate`, `ses:configuration-set`."""
    return re.sub("_{2,}", "_", _OUTSIDE.sub("_", _BOUNDARY.sub("_", name).lower()))


def label_name(dimension: str) -> str:
    """Return the name of the label that *dimension* becomes: `ses_configuration_set`."""
    label = snake(dimension)
    return f"_{label}" if not label or label[0].isdigit() else label


def label_names(dimensions: Iterable[str]) -> tuple[str, ...] | None:
    """Return the label of each of *dimensions*, or None when one falls on another's or on a label of ours."""
    labels = tuple(map(label_name, dimensions))
    return None if len({*labels, *RESERVED_LABELS}) < len(labels) + len(RESERVED_LABELS) else labels


def total_family(metric: str, *, dimensioned: bool = False) -> Family:
    """Return the exact counter of *metric*, a count."""
    known = _known(metric, dimensioned=dimensioned)
    text = f"{known.what}: total since the UTC year began, every datapoint counted once. {_origin(known, 'Sum')}"
    return Family(f"{_base(metric, dimensioned=dimensioned)}_total", "counter", text)


def held_family(metric: str, *, dimensioned: bool = False) -> Family:
    """Return the family of *metric*'s held Average, which has no suffix and is the same under every naming scheme."""
    known = _known(metric, dimensioned=dimensioned)
    text = f"{known.what}: the last known value, held while SES publishes none. {_origin(known, 'Average')}"
    return Family(_base(metric, dimensioned=dimensioned), "gauge", text)


def time_family(metric: str, *, dimensioned: bool = False) -> Family:
    """Return the family of the time of *metric*'s newest datapoint."""
    whose = metric + BY_DIMENSIONS if dimensioned else metric
    text = (
        f"Start of the period of the newest known datapoint of {whose}; time() minus this is the age of what is held. "
        f"Unit: unix seconds. Source: CloudWatch {NAMESPACE} {metric}."
    )
    return Family(f"{_base(metric, dimensioned=dimensioned)}_timestamp_seconds", "gauge", text)


def statistic_family(metric: str, statistic: str, *, dimensioned: bool = False) -> Family:
    """Return the gauge of one CloudWatch *statistic* (`Sum`, `p99`) of *metric*."""
    known, base = _known(metric, dimensioned=dimensioned), _base(metric, dimensioned=dimensioned)
    window = "the newest complete period"
    if metric not in METRICS:
        text = (
            f"{known.what}: {statistic} of {window} when configured as a count, "
            "else the last known value, held while SES publishes none."
        )
    elif known.kind is not Kind.COUNT:
        text = f"{known.what}: {statistic} of the newest known period, held while SES publishes none."
    elif statistic == "Sum":
        text = f"{known.what}, in {window}, 0 when there were none. A sample: to add up, use the counter."
    else:
        text = f"{known.what}: {statistic} of the datapoints in {window}."
    if known.kind is Kind.RATE and statistic == "Sum":
        text += f" A rate cannot be added up: {base} is the rate itself."
    return Family(f"{base}_{snake(statistic)}", "gauge", f"{text} {_origin(known, statistic)}")


def fact_family(name: str) -> Family:
    """Return the family of the account fact *name*, one of FACTS."""
    return Family(PREFIX + name, "gauge", f"{FACTS[name].help} Source: SES GetAccount.")


def _base(metric: str, *, dimensioned: bool) -> str:
    """Return the start of *metric*'s names: with dimensions another one, so that a sum counts no mail twice."""
    return f"{PREFIX}{DIMENSION if dimensioned else ''}{snake(metric)}"


def _known(metric: str, *, dimensioned: bool) -> Metric:
    """Return what is known of *metric*; of one that only the configuration knows, no more than that."""
    what = f"CloudWatch metric {metric}, not in the catalogue"
    known = METRICS.get(metric, Metric(metric, Kind.LEVEL, what, (), "as CloudWatch gives it"))
    return replace(known, what=known.what + BY_DIMENSIONS) if dimensioned else known


def _origin(metric: Metric, statistic: str) -> str:
    unit = "datapoints" if statistic == "SampleCount" else metric.unit
    return f"Unit: {unit}. Source: CloudWatch {NAMESPACE} {metric.name}, {statistic}."
