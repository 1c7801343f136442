"""What else SES says by dimensions: mail that is received, dedicated IP addresses, managed pools; collapsed."""

from __future__ import annotations

from dashboards.board import Row
from dashboards.mail import grown
from dashboards.panels import About, Panel, bars
from dashboards.queries import ANY, RECEIPTS, RULE_SETS, RULES, fact, limited, of_day, some
from dashboards.scales import COMPLAINT, PLAIN, SOME, VERDICT, Scale
from dashboards.tables import Column, rows

_PREFIX = "aws_ses_dimension_"
_ROWS = 50
_STEP = " The 20 that have most, in steps of at least five minutes."
_PLACE = {"account_id": "Account", "region": "Region"}
_NO_RECEIPT = "No data: is Received among the metrics of the configuration, and does SES receive mail?"
_NO_ADDRESS = "No data: is SNDS.SpamRate among the metrics of the configuration, and is there a dedicated IP?"
_NO_POOL = "No data: is SentLast24Hours among the metrics of the configuration, and is there a managed pool?"


def receiving() -> Row:
    """Return the mail that SES received, and what its receipt rules made of it."""
    received = About(
        "Received by rule set",
        f"Mails that receipt rule sets took; [Active] is the one in force.{_STEP}",
        "short",
        _NO_RECEIPT,
    )
    failed = About(
        "Actions of receipt rules that failed",
        f"Actions such as a copy to S3. What failed is tried again for hours, and then given up.{_STEP}",
        "short",
        _NO_RECEIPT,
    )
    rule_set, rule = (f"{{{{account_id}}}} {{{{region}}}} {{{{{label}}}}}" for label in ("rule_set_name", "rule_name"))
    failures = [
        grown(f"{_PREFIX}publish_{name}_total", RULES, f"{rule} {words}")
        for name, words in (("failure", "failed"), ("expired", "given up"))
    ]
    panels = (
        bars(received, [grown(f"{_PREFIX}received_total", RULE_SETS, rule_set)], stacked=True),
        bars(failed, failures),
        _rules(),
    )
    return Row("Receiving", panels, collapsed=True)


def _rules() -> Panel:
    about = About(
        "Receipt rules and rule sets",
        f"The {_ROWS} that received most. Newest: of the newest complete period, a sample.",
        "short",
        _NO_RECEIPT,
    )
    counts = (
        ("received", "Received", PLAIN),
        ("publish_success", "Actions done", PLAIN),
        ("publish_failure", "Actions failed", SOME),
        ("publish_expired", "Actions given up", SOME),
    )
    columns = [
        Column(title, _of_rules(query), "short", scale, 0)
        for name, what, scale in counts
        for title, query in (
            (f"{what} in 24 h", of_day(f"{_PREFIX}{name}_total", RECEIPTS)),
            (f"{what}, newest", fact(f"{_PREFIX}{name}_sum", RECEIPTS)),
        )
    ]
    labels = {**_PLACE, "rule_set_name": "Rule set", "rule_name": "Rule"}
    return rows(about, labels, columns, worst="Received in 24 h", height=8)


def _of_rules(query: str) -> str:
    moved = (some(f"{_PREFIX}{name}_total", "24h", of=RECEIPTS) for name in ("received", "publish_success"))
    return limited(query, " or ".join(moved), RECEIPTS, _ROWS)


def sending() -> Row:
    """Return what Microsoft says of dedicated addresses, and how full managed pools are."""
    return Row("Dedicated IP addresses and managed pools", (_addresses(), _pools()), collapsed=True)


def _addresses() -> Panel:
    about = About(
        "Dedicated IP addresses as Microsoft's SNDS sees them, worst first",
        f"The {_ROWS} worst. Published once a day, and not of every day: what is two days old is new. "
        "Verdict: how much of the mail Microsoft's filters took for spam. "
        "Trapped: mails to addresses that belong to nobody, a sign of bought or old lists.",
        "short",
        _NO_ADDRESS,
    )
    daily = ("spam_rate", "complaint_rate", "trap_hits", "message_recipients", "rcptcommands", "datacommands")
    columns = (
        _of_address("Verdict", _daily("spam_rate"), "none", VERDICT),
        _of_address("Complaint rate", _daily("complaint_rate"), "percentunit", COMPLAINT, 2),
        _of_address("Trapped", _daily("trap_hits"), "short", SOME, 0),
        _of_address("Recipients", _daily("message_recipients"), "short", PLAIN, 0),
        _of_address("RCPT commands", _daily("rcptcommands"), "short", PLAIN, 0),
        _of_address("DATA commands", _daily("datacommands"), "short", PLAIN, 0),
        _of_address("Age", _age(*(f"snds_{name}" for name in daily)), "s", PLAIN, 1),
    )
    return rows(about, _PLACE, columns, worst="Verdict", height=8)


def _daily(name: str) -> str:
    """Return the Maximum, or else the Average: one is the other, since there is one datapoint a day."""
    return " or ".join(fact(f"{_PREFIX}snds_{name}_{statistic}", ANY) for statistic in ("maximum", "average"))


def _of_address(title: str, query: str, unit: str, scale: Scale, decimals: int | None = None) -> Column:
    ranking = f"{_daily('spam_rate')} or 0 * ({_daily('rcptcommands')})"
    return Column(title, limited(f"({query})", ranking, ANY, _ROWS), unit, scale, decimals)


def _pools() -> Panel:
    about = About(
        "Managed pools of dedicated IP addresses, fullest first",
        f"The {_ROWS} fullest. What a pool cannot send by addresses of its own goes by shared ones.",
        "short",
        _NO_POOL,
    )
    sent, limit = _level("sent_last24_hours"), _level("available24_hour_send")
    own = "approximate_dedicated_sending_percentage"
    columns = (
        _of_pool("Used", f"{sent} / ({limit} > 0)", "percentunit", 1),
        _of_pool("Sent in 24 h", sent, "short"),
        _of_pool("Can send in 24 h", limit, "short"),
        _of_pool("By its own addresses", _level(own), "percent"),
        _of_pool("Age", _age("sent_last24_hours", "available24_hour_send", own), "s", 1),
    )
    return rows(about, _PLACE, columns, worst="Used", height=8)


def _level(name: str) -> str:
    return fact(f"{_PREFIX}{name}_average", ANY)


def _of_pool(title: str, query: str, unit: str, decimals: int = 0) -> Column:
    sent, limit = _level("sent_last24_hours"), _level("available24_hour_send")
    ranking = f"{sent} / ({limit} > 0) or 0 * {sent}"
    return Column(title, limited(query, ranking, ANY, _ROWS), unit, PLAIN, decimals)


def _age(*names: str) -> str:
    """Return how old the datapoint of the first of *names* is that there is."""
    return f"(time() - ({' or '.join(fact(f'{_PREFIX}{name}_timestamp_seconds', ANY) for name in names)}))"
