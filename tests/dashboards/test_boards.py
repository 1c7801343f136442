"""What the boards promise beyond the linter's rules: lines, limits, words, links, and every metric somewhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import promql_parser
import pytest
from prometheus_client.parser import text_string_to_metric_families
from promql_parser import AggModifierType, AggregateExpr, BinaryExpr, VectorSelector

from tests.dashboards import boards
from tests.monitoring import rules

PAGE = Path(__file__).parent.parent / "golden" / "metrics.txt"
RUNBOOK = "https://example.com/aws-ses-exporter/docs/runbook.md"
COLLAPSED = "As cloudwatch_exporter and YACE name them"
PANELS = [(name, panel) for name in boards.NAMES for panel in boards.panels(boards.load(name))]
ASKED = [asked for name in boards.NAMES for asked in boards.asked(name)]


def named(panels: list[tuple[str, boards.Panel]]) -> dict[str, Any]:
    return {"argvalues": panels, "ids": [f"{name}: {panel['title']}" for name, panel in panels]}


def served() -> set[str]:
    families = text_string_to_metric_families(PAGE.read_text())
    return {sample.name for family in families for sample in family.samples}


def on_boards() -> set[str]:
    return {metric for asked in ASKED for metric in boards.metrics(asked.expression)}


def test_every_metric_of_an_account_or_its_mail_is_on_a_board() -> None:
    ours = {name for name in served() if name.startswith("aws_ses_") and not name.startswith("aws_ses_exporter_")}
    assert len(ours) == 100
    assert ours - on_boards() == set()


def test_every_metric_of_the_exporter_is_on_a_board() -> None:
    own = {name for name in served() if name.startswith(("aws_ses_exporter_", "process_"))}
    assert own - on_boards() == set()


def test_no_board_asks_for_what_is_not_served() -> None:
    of_prometheus = {"up", "scrape_samples_scraped", "scrape_duration_seconds"}
    assert on_boards() - served() == of_prometheus


def test_only_the_collapsed_row_uses_the_gauges_that_other_exporters_name() -> None:
    rows = [panel for panel in boards.load("aws-ses-overview")["panels"] if panel["title"] == COLLAPSED]
    assert rows[0]["collapsed"]
    hidden = {panel["title"] for panel in rows[0]["panels"]}
    gauges = {name for name in served() if name.startswith("aws_ses_") and name.endswith(("_sum", "_average"))}
    own = {name for name in gauges if name.startswith(("aws_ses_dimension_", "aws_ses_exporter_"))}
    users = {asked.panel for asked in ASKED if boards.metrics(asked.expression) & (gauges - own)}
    assert users == hidden


def accounts(expression: str) -> Iterator[tuple[VectorSelector, list[AggregateExpr]]]:
    """Return the selectors of account metrics, each with what aggregates it, the nearest last."""
    tree = boards.nodes(promql_parser.parse(boards.filled(expression, {})))
    for node, parents in tree:
        of_exporter = isinstance(node, VectorSelector) and (node.name or "").startswith("aws_ses_exporter_")
        if isinstance(node, VectorSelector) and (node.name or "").startswith("aws_ses_") and not of_exporter:
            yield node, [above for above in parents if isinstance(above, AggregateExpr)]


def kept(aggregate: AggregateExpr) -> set[str]:
    """Return the labels that *aggregate* keeps, of those that are known: replicas it may never tell apart."""
    if aggregate.modifier is None:
        return set()
    labels = set(aggregate.modifier.labels)
    if aggregate.modifier.type == AggModifierType.By:
        assert not labels & {"job", "instance"}
        return labels
    assert labels == {"job", "instance"}
    return {"account_id", "region"}


@pytest.mark.parametrize("asked", ASKED, ids=str)
def test_an_account_metric_is_chosen_by_account_and_region_and_never_summed_over_replicas(asked: boards.Asked) -> None:
    for selector, aggregates in accounts(asked.expression):
        found = boards.matchers(selector)
        assert found & {("account_id", "Re", "$account"), ("account_id", "NotRe", "$account")}
        assert ("region", "Re", "$region") in found
        nearest = aggregates[-1]
        assert str(nearest.op) in ("max", "min")
        assert {"account_id", "region"} <= kept(nearest)


@pytest.mark.parametrize("asked", [a for a in ASKED if "aws_ses_exporter_" in a.expression], ids=str)
def test_a_metric_of_a_target_is_chosen_by_target_and_region(asked: boards.Asked) -> None:
    """The overview has no variable for targets: there the accounts that are not chosen are taken away."""
    of_process = ("aws_ses_exporter_build_info", "aws_ses_exporter_config_", "aws_ses_exporter_web_")
    whole = {name for name in served() if name.startswith(of_process)}
    for selector in boards.selectors(asked.expression):
        if (selector.name or "").startswith("aws_ses_exporter_") and selector.name not in whole:
            found = boards.matchers(selector)
            assert ("region", "Re", "$region") in found
            assert ("target", "Re", "$target") in found or "unless on (target, region)" in asked.expression


OF_EVERYONE = ("up", "process_", "scrape_")


def matched(join: BinaryExpr) -> set[str]:
    """Return the labels on which *join* matches its sides."""
    matching = join.modifier.matching if join.modifier else None
    return set(matching.labels) if matching else set()


def of_others(expression: str) -> Iterator[str]:
    """Return the metrics of *expression* that every job of Prometheus may have and that are not joined with ours."""
    for node, parents in boards.nodes(promql_parser.parse(boards.filled(expression, {**boards.STEPS}))):
        if isinstance(node, VectorSelector) and (node.name or "").startswith(OF_EVERYONE):
            joins = [above for above in parents if isinstance(above, BinaryExpr) and str(above.op) == "and"]
            ours = [each for each in joins if "aws_ses_exporter_build_info" in each.rhs.prettify()]
            if not any(matched(each) == {"job", "instance"} for each in ours):
                yield node.name or ""


EVERYWHERE = [
    *(asked.expression for asked in ASKED),
    *(each["expr"] for name in boards.NAMES for each in boards.load(name)["annotations"]["list"]),
]


def test_what_every_job_has_is_asked_of_exporters_alone() -> None:
    assert len([expression for expression in EVERYWHERE if any(name in expression for name in OF_EVERYONE)]) > 12
    assert [(expression, name) for expression in EVERYWHERE for name in of_others(expression)] == []
    assert list(of_others("sum(up) and on (job) aws_ses_exporter_build_info")) == ["up"]


@pytest.mark.parametrize(("name", "panel"), **named(PANELS))
def test_a_panel_says_what_it_is_and_what_its_emptiness_means(name: str, panel: boards.Panel) -> None:
    defaults = panel["fieldConfig"]["defaults"]
    assert defaults["noValue"]
    assert defaults["unit"]
    assert defaults["thresholds"]["steps"][0]["value"] is None
    assert len(panel["description"]) > 20
    assert all(target["legendFormat"] for target in panel["targets"])


def counting(panel: boards.Panel) -> bool:
    ends = ("_total", "_bucket", "_duration_seconds_sum", "_duration_seconds_count")
    return any(metric.endswith(ends) for target in panel["targets"] for metric in boards.metrics(target["expr"]))


@pytest.mark.parametrize(("name", "panel"), **named([(name, panel) for name, panel in PANELS if counting(panel)]))
def test_a_panel_over_counters_has_steps_of_at_least_five_minutes(name: str, panel: boards.Panel) -> None:
    """Grafana makes $__rate_interval four times the interval of the query, and $__interval at least the panel's."""
    assert panel["interval"] == "5m"
    for target in panel["targets"]:
        if "$__" in target["expr"] or any(metric.endswith("_total") for metric in boards.metrics(target["expr"])):
            assert target["interval"] == "5m"


@pytest.mark.parametrize(
    ("name", "panel"), **named([(name, panel) for name, panel in PANELS if panel["type"] == "timeseries"])
)
def test_lines_stay_few_with_sixty_regions(name: str, panel: boards.Panel) -> None:
    for target in panel["targets"]:
        if any(label in target["legendFormat"] for label in ("account_id", "target", "region", "__auto")):
            assert "topk(20, " in target["expr"]


@pytest.mark.parametrize(
    ("title", "lines"),
    [
        ("Bounce rate", [0.05, 0.1]),
        ("Complaint rate", [0.001, 0.005]),
        ("Bounced in 24 hours", [0.05, 0.1]),
        ("Complained in 24 hours", [0.001, 0.005]),
        ("Quota used", [0.6, 0.8]),
        ("Bounce rate by configuration set", [0.05, 0.1]),
        ("Complaint rate by configuration set", [0.001, 0.005]),
    ],
)
def test_both_lines_are_drawn_and_in_sight(title: str, lines: list[float]) -> None:
    panel = next(panel for name, panel in PANELS if name == "aws-ses-overview" and panel["title"] == title)
    defaults = panel["fieldConfig"]["defaults"]
    assert [step["value"] for step in defaults["thresholds"]["steps"][1:]] == lines
    assert defaults["custom"]["thresholdsStyle"]["mode"] == "dashed"
    assert defaults["custom"]["axisSoftMax"] > lines[-1]


@pytest.mark.parametrize(
    ("title", "metric"),
    [
        ("Bounce rate", "aws_ses_reputation_bounce_rate"),
        ("Complaint rate", "aws_ses_reputation_complaint_rate"),
        ("Bounce rate by configuration set", "aws_ses_dimension_reputation_bounce_rate"),
        ("Complaint rate by configuration set", "aws_ses_dimension_reputation_complaint_rate"),
    ],
)
def test_the_moments_of_real_datapoints_are_points(title: str, metric: str) -> None:
    panel = next(panel for name, panel in PANELS if name == "aws-ses-overview" and panel["title"] == title)
    assert f"{metric}_timestamp_seconds" in panel["targets"][1]["expr"]
    override = panel["fieldConfig"]["overrides"][0]
    assert override["matcher"] == {"id": "byFrameRefID", "options": panel["targets"][1]["refId"]}
    properties = {each["id"]: each["value"] for each in override["properties"]}
    assert properties["custom.drawStyle"] == "points"


def test_the_first_row_answers_in_one_look() -> None:
    row, *panels = boards.load("aws-ses-overview")["panels"][:9]
    assert row["title"] == "Are we safe?"
    assert [panel["title"] for panel in panels] == [
        "Can we send?",
        "Is AWS reviewing us?",
        "Worst bounce rate",
        "Worst complaint rate",
        "Most quota used",
        "Oldest data",
        "Not answering",
        "Accounts and regions",
    ]
    assert {(panel["type"], panel["gridPos"]["y"], panel["gridPos"]["w"]) for panel in panels} == {("stat", 1, 3)}


def links(found: Any) -> Iterator[str]:
    if isinstance(found, dict):
        yield from (found["url"] for _ in range(1) if isinstance(found.get("url"), str))
        yield from (link for value in found.values() for link in links(value))
    if isinstance(found, list):
        yield from (link for value in found for link in links(value))


@pytest.mark.parametrize(("name", "other"), [boards.NAMES, boards.NAMES[::-1]])
def test_boards_lead_to_each_other_and_to_the_runbook(name: str, other: str) -> None:
    top = boards.load(name)["links"]
    assert [(link["url"], link["includeVars"], link["keepTime"]) for link in top] == [
        (f"/d/{other}", True, True),
        (RUNBOOK, False, False),
    ]
    assert not any("placement" in link for link in top)


def test_links_to_the_runbook_are_of_alerts_that_there_are() -> None:
    alerts = {f"{RUNBOOK}#{rule['alert'].lower()}" for rule in rules()}
    found = {link for name in boards.NAMES for link in links(boards.load(name)) if link.startswith(f"{RUNBOOK}#")}
    assert len(found) > 15
    assert found - alerts == set()


def test_a_row_of_the_table_chooses_its_account_and_region() -> None:
    table = next(panel for _, panel in PANELS if panel["title"] == "Every account and region, worst first")
    assert table["options"]["sortBy"] == [{"desc": True, "displayName": "Danger"}]
    for label in ("account_id", "region", "name"):
        override = next(o for o in table["fieldConfig"]["overrides"] if o["matcher"]["options"] == label)
        (link,) = next(each["value"] for each in override["properties"] if each["id"] == "links")
        assert link["url"].startswith("/d/aws-ses-overview?")
        for part in (
            "&var-account=${__data.fields.account_id}",
            "&var-region=${__data.fields.region}",
            "${datasource:queryparam}",
            "${job:queryparam}",
            "${instance:queryparam}",
            "&${__url_time_range}",
        ):
            assert part in link["url"]


@pytest.mark.parametrize(("name", "panel"), **named([(n, p) for n, p in PANELS if p["type"] == "table"]))
def test_a_table_shows_a_column_for_each_query_or_its_labels(name: str, panel: boards.Panel) -> None:
    merge, organize = panel["transformations"]
    assert merge["id"] == "merge"
    placed = set(organize["options"]["indexByName"]) | set(organize["options"]["excludeByName"])
    values = {f"Value #{target['refId']}" for target in panel["targets"]}
    labels = {
        label
        for target in panel["targets"]
        for node, _ in boards.parsed(target["expr"])[:1]
        for label in promql_labels(node)
    }
    assert placed == values | labels | {"Time"}


def promql_labels(node: promql_parser.Expr) -> set[str]:
    """Return the labels by which the outermost aggregation groups, through arithmetic."""
    for inner, _ in boards.nodes(node):
        if isinstance(inner, AggregateExpr) and inner.modifier is not None:
            known = kept(inner) if inner.modifier.type == AggModifierType.Without else inner.modifier.labels
            return set(known)
    return set()
