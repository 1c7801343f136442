"""Configuration sets: which mail it is that harms the account, for those who read them; collapsed."""

from __future__ import annotations

from dashboards.board import OVERVIEW, Row
from dashboards.mail import grown
from dashboards.panels import About, Panel, Query, bars, lines
from dashboards.queries import OTHERS, SETS, danger_of_sets, fact, growth, limited, of_day, share
from dashboards.reputation import BOUNCES, COMPLAINTS, Judged, held
from dashboards.scales import BOUNCE, COMPLAINT, DANGER, PLAIN, Scale
from dashboards.tables import Column, rows

TITLE = "Configuration sets and other dimensions"
_ROWS = 50
_PREFIX = "aws_ses_dimension_"
_SET = "{{account_id}} {{region}} {{ses_configuration_set}}"
_NOTHING = "No data: is sources.configuration_sets enabled, and does SES publish by configuration set?"
_LIMITED = " At most 20 are shown, the worst of the time chosen."
_MOST = " The 20 that have most, in steps of at least five minutes."
_MAIL = (
    ("send", "sent"),
    ("delivery", "delivered"),
    ("bounce", "bounced"),
    ("complaint", "complained"),
    ("reject", "rejected"),
    ("rendering_failure", "not rendered"),
    ("delivery_delay", "delayed"),
    ("open", "opened"),
    ("click", "clicked"),
    ("subscription", "changed"),
)


def row() -> Row:
    """Return the collapsed row."""
    panels = (
        _rate(BOUNCES, "AWSSESConfigurationSetBounceRate"),
        _rate(COMPLAINTS, "AWSSESConfigurationSetComplaintRate"),
        _bars("Sent by configuration set", "Mails that SES accepted.", "send"),
        _bars("Bounced by configuration set", "Mails that bounced for good.", "bounce"),
        _bars("Complained by configuration set", "Mails that were marked as spam.", "complaint"),
        _table(),
        _rest(),
        _newest(),
        _statistics(),
        _others(),
    )
    return Row(TITLE, panels, collapsed=True)


def _rate(judged: Judged, alert: str) -> Panel:
    about = About(
        f"{judged.name.capitalize()} rate by configuration set",
        f"SES publishes it where reputation metrics are on for the set. The lines are the account's: AWS reviews at "
        f"{judged.review} and may pause at {judged.pause}, and a set's mail counts in the account's rate. "
        f"A point is the moment at which SES published a new one.{_LIMITED}",
        "percentunit",
        _NOTHING,
        alert,
    )
    return held(about, f"{_PREFIX}reputation_{judged.name}_rate", judged, SETS, _SET)


def _table() -> Panel:
    about = About(
        "Configuration sets, worst first",
        f"The {_ROWS} worst. Danger: 100 % is AWS's line for a pause of the account (10 % bounces, 0.5 % complaints); "
        "0 % too where SES judges no sets. A dash: not known, or nothing sent.",
        "short",
        _NOTHING,
        "AWSSESConfigurationSetBounceRate",
    )
    age = f"time() - {fact(f'{_PREFIX}reputation_bounce_rate_timestamp_seconds', SETS)}"
    columns = (
        _column("Danger", danger_of_sets(), "percentunit", DANGER),
        _column("Bounce rate", fact(f"{_PREFIX}reputation_bounce_rate", SETS), "percentunit", BOUNCE, 2),
        _column("Complaint rate", fact(f"{_PREFIX}reputation_complaint_rate", SETS), "percentunit", COMPLAINT, 3),
        _column("Sent in 24 h", of_day(f"{_PREFIX}send_total", SETS)),
        _column("Delivered in 24 h", _share("delivery"), "percentunit", decimals=1),
        _column("Bounced in 24 h", _share("bounce"), "percentunit", BOUNCE, 2),
        _column("Complained in 24 h", _share("complaint"), "percentunit", COMPLAINT, 3),
        _column("Reputation age", age, "s", decimals=1),
    )
    labels = {"account_id": "Account", "region": "Region", "ses_configuration_set": "Configuration set"}
    return rows(about, labels, columns, worst="Danger", link=OVERVIEW)


def _column(title: str, query: str, unit: str = "short", scale: Scale = PLAIN, decimals: int = 0) -> Column:
    return Column(title, limited(query, danger_of_sets(), SETS, _ROWS), unit, scale, decimals)


def _share(name: str) -> str:
    return share(f"{_PREFIX}{name}_total", f"{_PREFIX}send_total", SETS)


def _rest() -> Panel:
    about = About(
        "What else SES counts by configuration set",
        "Of all sets of the chosen accounts and regions: what was counted in one step of at least five minutes.",
        "short",
        _NOTHING,
    )
    queries = [
        Query(f"sum({growth(f'{_PREFIX}{name}_total', '$__interval', of=SETS)})", legend) for name, legend in _MAIL[4:]
    ]
    return bars(about, queries)


def _newest() -> Panel:
    about = About(
        "Mail of the newest period, by all configuration sets",
        "Gauges: the Sum of the newest complete period, all sets of the chosen accounts and regions added up. "
        "A sample, not an account: to count, use the bars above.",
        "short",
        _NOTHING,
    )
    return lines(about, [Query(f"sum({fact(f'{_PREFIX}{name}_sum', SETS)})", legend) for name, legend in _MAIL])


def _statistics() -> Panel:
    about = About(
        "Rates by statistic, the worst configuration set",
        "The Average is the rate; the Sum is the same as long as SES publishes one datapoint a minute.",
        "percentunit",
        _NOTHING,
    )
    queries = [
        Query(f"max({fact(f'{_PREFIX}reputation_{name}_rate_{statistic}', SETS)})", f"{name} {statistic}")
        for name in ("bounce", "complaint")
        for statistic in ("average", "sum")
    ]
    return lines(about, queries, decimals=3)


def _others() -> Panel:
    about = About(
        "Sent by other dimensions",
        "Mails by what else CloudWatch has them by, such as a tenant or the names of an event destination. "
        f"The same mail may be here by several, so nothing is added up.{_MOST}",
        "short",
        "No data: nothing is read by other dimensions",
    )
    return bars(about, [grown(f"{_PREFIX}send_total", OTHERS, "__auto")])


def _bars(title: str, what: str, name: str) -> Panel:
    about = About(title, f"{what}{_MOST}", "short", _NOTHING)
    return bars(about, [grown(f"{_PREFIX}{name}_total", SETS, _SET)], span=8, stacked=True)
