"""Gauges under the names that cloudwatch_exporter and YACE give, for those who know them; nothing else uses them.

Where a file of theirs is in force these names are theirs: their series may have neither account nor region, or each of
several dimensions. There the panels show what the native names say, which nobody can take.
"""

from __future__ import annotations

from collections.abc import Sequence

from dashboards.board import Row
from dashboards.panels import About, Panel, Query, lines
from dashboards.queries import BY, Each, fact, growth
from dashboards.safety import NO_REPUTATION
from dashboards.scales import BOUNCE, COMPLAINT, Scale

_NATIVE = Each(BY, 'name="", exported_job=""')
"""Without the series of a YACE file, and those of a cloudwatch_exporter file whose labels Prometheus renamed."""
_MAIL = (("send", "sent"), ("delivery", "delivered"), ("bounce", "bounced"), ("complaint", "complained"))
_TROUBLE = (("reject", "rejected"), ("rendering_failure", "not rendered"), ("delivery_delay", "delayed"))
_PEOPLE = (("open", "opened"), ("click", "clicked"), ("subscription", "changed"))


def row() -> Row:
    """Return the collapsed row."""
    panels = (
        _counts("Mail of the newest period", _MAIL),
        _counts("Trouble of the newest period", _TROUBLE),
        _counts("People of the newest period", _PEOPLE),
        _rates("bounce", BOUNCE, 2),
        _rates("complaint", COMPLAINT, 3),
    )
    return Row("As cloudwatch_exporter and YACE name them", panels, collapsed=True)


def _counts(title: str, metrics: Sequence[tuple[str, str]]) -> Panel:
    about = About(
        title,
        "Gauges: the Sum of the newest complete period, all chosen accounts and regions added up. "
        "A sample, not an account: to count, use the bars above. Where the exporter runs on another one's file, "
        "which has these names, it is what was counted in one step.",
        "short",
        "No data: is the exporter up?",
    )
    queries = [Query(f"sum({_newest(f'aws_ses_{name}')})", legend) for name, legend in metrics]
    return lines(about, queries, span=8)


def _newest(name: str) -> str:
    return f"{fact(f'{name}_sum', _NATIVE)} or {growth(f'{name}_total', '$__interval')}"


def _rates(name: str, scale: Scale, decimals: int) -> Panel:
    about = About(
        f"{name.capitalize()} rate by statistic",
        "The worst account and region. The Average is the rate; the Sum is here for queries that were built on it. "
        "Where the exporter runs on another one's file, which has these names, both are the rate.",
        "percentunit",
        NO_REPUTATION,
    )
    rate = f"aws_ses_reputation_{name}_rate"
    queries = [
        Query(f"max({fact(f'{rate}_{statistic}', _NATIVE)} or {fact(rate)})", statistic.capitalize())
        for statistic in ("average", "sum")
    ]
    return lines(about, queries, scale, decimals=decimals)
