"""Our boards pass every rule of Grafana's dashboard-linter, and every rule fails on a board that breaks it."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from tests.dashboards import boards
from tests.dashboards.boards import Board
from tests.dashboards.lint import RULES

GROWTH = (
    "increase() of windows side by side loses each step that falls between two windows, and SES is polled at a fixed "
    "phase: the difference of the counter now and then is exact, and the counter goes on after a restart"
)
COUNTED = {
    "Sent and delivered": "AB",
    "Bounced and complained": "AB",
    "Sent by account and region": "A",
    "Bounced in 24 hours": "A",
    "Complained in 24 hours": "A",
    "Delivered in 24 hours": "A",
    "Sending rate": "A",
    "Every account and region, worst first": "HIJKL",
    "Rejected, not rendered, delayed": "ABC",
    "Opened, clicked, unsubscribed": "ABC",
    "Sent by configuration set": "A",
    "Bounced by configuration set": "A",
    "Complained by configuration set": "A",
    "What else SES counts by configuration set": "ABCDEF",
    "Sent by other dimensions": "A",
    "Received by rule set": "A",
    "Actions of receipt rules that failed": "AB",
    "Receipt rules and rule sets": "ACEG",
    "Mail of the newest period": "ABCD",
    "Trouble of the newest period": "ABC",
    "People of the newest period": "ABC",
}
RANKED = "the counter only says which configuration sets there are: none of its values is shown"
SETS = {"Configuration sets, worst first": "ABCDEFGH"}
EXCEPTIONS = {
    ("aws-ses-overview", "target-counter-agg-rule", f"{title}: {ref_id}"): why
    for titles, why in ((COUNTED, GROWTH), (SETS, RANKED))
    for title, ref_ids in titles.items()
    for ref_id in ref_ids
}
"""(board, rule, what it is about) and the reason why it may be."""

Breaking = Callable[[Board], None]


def panel(board: Board) -> Any:
    return boards.panels(board)[0]


def ask(expression: str) -> Breaking:
    def change(board: Board) -> None:
        panel(board)["targets"][0]["expr"] = expression

    return change


def vary(variable: str, **values: Any) -> Breaking:
    def change(board: Board) -> None:
        next(each for each in boards.variables(board) if each["name"] == variable).update(values)

    return change


def forget(name: str) -> Breaking:
    def change(board: Board) -> None:
        found = boards.variables(board)
        found[:] = [each for each in found if each["name"] != name]

    return change


def of_panel(**values: Any) -> Breaking:
    return lambda board: panel(board).update(values)


def unit(value: str) -> Breaking:
    return lambda board: panel(board)["fieldConfig"]["defaults"].update(unit=value)


def override(board: Board) -> None:
    panel(board)["fieldConfig"]["overrides"] = [{"properties": [{"id": "unit", "value": "lightyears"}]}]


CHOSEN = 'job=~"$job", instance=~"$instance"'
BROKEN: list[tuple[str, Breaking]] = [
    ("template-datasource-rule", forget("datasource")),
    ("template-datasource-rule", vary("datasource", name="prometheus")),
    ("template-datasource-rule", vary("datasource", label="Source")),
    ("template-job-rule", forget("job")),
    ("template-job-rule", vary("job", datasource={"uid": "abc"})),
    ("template-job-rule", vary("job", type="custom")),
    ("template-job-rule", vary("job", label="job")),
    ("template-job-rule", vary("job", multi=False)),
    ("template-job-rule", vary("job", allValue=".*")),
    ("template-instance-rule", forget("instance")),
    ("template-instance-rule", vary("instance", allValue="")),
    ("template-label-promql-rule", vary("region", query="up")),
    ("template-label-promql-rule", vary("region", query="labels(up, region)")),
    ("template-label-promql-rule", vary("region", query="label_values(up{, region)")),
    ("template-on-time-change-reload-rule", vary("region", refresh=1)),
    ("panel-datasource-rule", of_panel(datasource={"uid": "abc"})),
    ("panel-datasource-rule", lambda board: panel(board)["targets"][0].pop("datasource")),
    ("panel-title-description-rule", of_panel(description="")),
    ("panel-title-description-rule", of_panel(title="")),
    ("panel-units-rule", unit("")),
    ("panel-units-rule", unit("lightyears")),
    ("panel-units-rule", override),
    ("panel-no-targets-rule", of_panel(targets=[])),
    ("target-promql-rule", ask("sum(")),
    ("target-promql-rule", ask("up[$__unknown]")),
    ("target-promql-rule", ask("")),
    ("target-rate-interval-rule", ask(f"rate(a_total{{{CHOSEN}}}[5m])")),
    ("target-rate-interval-rule", ask(f"sum(irate(a_total{{{CHOSEN}}}[$__interval]))")),
    ("target-job-rule", ask('up{instance=~"$instance"}')),
    ("target-job-rule", ask('up{job="$job", instance=~"$instance"}')),
    ("target-job-rule", ask(f"up{{{CHOSEN}}} / up")),
    ("target-instance-rule", ask('up{job=~"$job"}')),
    ("target-counter-agg-rule", ask(f"a_total{{{CHOSEN}}}")),
    ("target-counter-agg-rule", ask(f"max_over_time(a_total{{{CHOSEN}}}[5m])")),
    ("target-counter-agg-rule", ask(f"increase(a_total{{{CHOSEN}}}[5m]) / a_total{{{CHOSEN}}}")),
    ("target-histogram-rule", ask(f"sum by (le) (rate(a_bucket{{{CHOSEN}}}[$__rate_interval]))")),
    ("uneditable-dashboard-rule", lambda board: board.update(editable=True)),
]


@pytest.mark.parametrize("name", boards.NAMES)
@pytest.mark.parametrize("rule", RULES)
def test_a_board_passes_every_rule(name: str, rule: str) -> None:
    found = {(name, rule, about): wrong for about, wrong in RULES[rule](boards.load(name))}
    assert {key: wrong for key, wrong in found.items() if key not in EXCEPTIONS} == {}
    assert {key for key in EXCEPTIONS if key[:2] == (name, rule)} <= set(found), "an exception that nothing needs"


@pytest.mark.parametrize(("rule", "breaking"), BROKEN)
def test_a_rule_fails_on_a_board_that_breaks_it(rule: str, breaking: Breaking) -> None:
    board = copy.deepcopy(boards.load("aws-ses-overview"))
    before = list(RULES[rule](board))
    breaking(board)
    assert len(list(RULES[rule](board))) > len(before)


def test_every_rule_is_seen_failing() -> None:
    assert {rule for rule, _ in BROKEN} == set(RULES)
