"""Panels: a number, lines, bars and a table, each with everything that a panel must have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from grafana_foundation_sdk.builders import common as build_common
from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.builders import prometheus, stat, timeseries
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models import common, dashboard
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from dashboards.scales import PLAIN, Scale

DATASOURCE = common.DataSourceRef(type_val="prometheus", uid="${datasource}")
RUNBOOK = "https://example.com/aws-ses-exporter/docs/runbook.md"
POLL = "5m"
"""The default poll interval: the shortest step in which a counter can be shown."""

Panel: TypeAlias = Builder[dashboard.Panel]
_Drawn = TypeVar("_Drawn", stat.Panel, timeseries.Panel)


@dataclass(frozen=True, slots=True)
class About:
    """What a panel says of itself. *no_value* stands where there is no data; *runbook* is the alert to read about."""

    title: str
    description: str
    unit: str
    no_value: str
    runbook: str = ""

    def links(self) -> list[Builder[dashboard.DashboardLink]]:
        """Return the link to the runbook, if there is one."""
        if not self.runbook:
            return []
        link = build.DashboardLink(f"Runbook: {self.runbook}").type(dashboard.DashboardLinkType.LINK)
        return [link.url(f"{RUNBOOK}#{self.runbook.lower()}").target_blank(True)]


@dataclass(frozen=True, slots=True)
class Query:
    """A query and the name of its series."""

    expression: str
    legend: str = "{{account_id}} {{region}}"


def target(query: Query, index: int, *, instant: bool = False, table: bool = False) -> prometheus.Dataquery:
    """Return *query* as Grafana asks it, with at least five minutes between its points if it reads counters."""
    form = PromQueryFormat.TABLE if table else PromQueryFormat.TIME_SERIES
    asked = prometheus.Dataquery().ref_id(chr(ord("A") + index)).expr(query.expression).format(form)
    asked = asked.datasource(DATASOURCE).legend_format(query.legend)
    asked = asked.instant() if instant else asked.range()
    return asked.interval(POLL) if reads_counters([query]) else asked


def reads_counters(queries: Sequence[Query]) -> bool:
    """Tell whether a query reads a counter, or another thing that steps with the poll, over a step of the panel."""
    marks = ("_total{", "$__interval", "$__rate_interval")
    return any(mark in query.expression for query in queries for mark in marks)


def number(
    about: About, query: Query, scale: Scale, *, named: bool = False, decimals: int | None = None, height: int = 5
) -> Panel:
    """Return one number; *named* says of which account and region it is. Without data it has a colour of its own."""
    mode = common.BigValueTextMode.VALUE_AND_NAME if named else common.BigValueTextMode.VALUE
    panel = _dressed(stat.Panel(), about, [query], scale, instant=True).height(height).span(3)
    panel = (
        panel.text_mode(mode).color_mode(common.BigValueColorMode.BACKGROUND).graph_mode(common.BigValueGraphMode.NONE)
    )
    panel = panel.reduce_options(build_common.ReduceDataOptions().calcs(["lastNotNull"]).values(False))
    return panel if decimals is None else panel.decimals(decimals)


def lines(
    about: About,
    queries: Sequence[Query],
    scale: Scale = PLAIN,
    *,
    span: int = 12,
    decimals: int | None = None,
    soft_max: float | None = None,
    zero: bool = True,
) -> timeseries.Panel:
    """Return lines over time; the limits of *scale* are drawn, and *soft_max* keeps them in sight."""
    panel = _over_time(about, queries, scale, span)
    panel = panel.draw_style(common.GraphDrawStyle.LINE).line_width(1).fill_opacity(0)
    panel = panel.show_points(common.VisibilityMode.NEVER)
    if len(scale.steps) > 1:
        style = build_common.GraphThresholdsStyleConfig().mode(common.GraphThresholdsStyleMode.DASHED)
        panel = panel.thresholds_style(style)
    if zero:
        panel = panel.min(0)
    if soft_max is not None:
        panel = panel.axis_soft_max(soft_max)
    return panel if decimals is None else panel.decimals(decimals)


def bars(about: About, queries: Sequence[Query], *, span: int = 12, stacked: bool = False) -> timeseries.Panel:
    """Return bars over time: how many in each step."""
    panel = _over_time(about, queries, PLAIN, span).draw_style(common.GraphDrawStyle.BARS)
    mode = common.StackingMode.NORMAL if stacked else common.StackingMode.NONE
    panel = panel.fill_opacity(60).line_width(0).bar_alignment(common.BarAlignment.BEFORE).min(0)
    return panel.stacking(build_common.StackingConfig().mode(mode).group("A"))


def as_points(panel: timeseries.Panel, ref_id: str, color: str) -> timeseries.Panel:
    """Draw the query *ref_id* of *panel* as points that are not in the legend."""
    fixed = {"mode": "fixed", "fixedColor": color}
    hidden = {"legend": True, "tooltip": False, "viz": False}
    properties: dict[str, object] = {
        "custom.drawStyle": "points",
        "custom.showPoints": "always",
        "custom.pointSize": 6,
        "custom.hideFrom": hidden,
        "color": fixed,
    }
    values = [dashboard.DynamicConfigValue(id_val=name, value=value) for name, value in properties.items()]
    return panel.override_by_query(ref_id, values)


def colored(panel: timeseries.Panel, colors: dict[str, str]) -> timeseries.Panel:
    """Give series of *panel* the same colour on every board."""
    for name, color in colors.items():
        fixed = dashboard.DynamicConfigValue(id_val="color", value={"mode": "fixed", "fixedColor": color})
        panel = panel.override_by_name(name, [fixed])
    return panel


def _over_time(about: About, queries: Sequence[Query], scale: Scale, span: int) -> timeseries.Panel:
    legend = build_common.VizLegendOptions().display_mode(common.LegendDisplayMode.TABLE).show_legend(True)
    legend = (
        legend.placement(common.LegendPlacement.BOTTOM).calcs(["lastNotNull", "max"]).sort_by("Max").sort_desc(True)
    )
    tooltip = build_common.VizTooltipOptions().mode(common.TooltipDisplayMode.MULTI)
    panel = _dressed(timeseries.Panel(), about, queries, scale, instant=False).height(9).span(span)
    by_name = build.FieldColor().mode(dashboard.FieldColorModeId.PALETTE_CLASSIC_BY_NAME)
    return panel.color_scheme(by_name).legend(legend).tooltip(tooltip.sort(common.SortOrder.DESCENDING))


def _dressed(panel: _Drawn, about: About, queries: Sequence[Query], scale: Scale, *, instant: bool) -> _Drawn:
    words = scale.mappings(about.no_value if instant else "")
    panel = panel.title(about.title).description(about.description).unit(about.unit).no_value(about.no_value)
    panel = panel.datasource(DATASOURCE).thresholds(scale.builder()).mappings(words).links(about.links())
    for index, query in enumerate(queries):
        panel = panel.with_target(target(query, index, instant=instant))
    return panel.interval(POLL) if reads_counters(queries) else panel
