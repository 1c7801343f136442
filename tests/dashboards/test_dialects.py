"""Every shipped rule and panel stands on native names, which are on the page whatever exporter's file is in force.

A dialect's series stand beside them under the names of that exporter, with other labels: none of them is counted too.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import promql_parser as promql
import pytest
from prometheus_client.parser import text_string_to_metric_families

from exporter.catalogue import FACTS, PREFIX, Kind
from exporter.config.load import Loaded, load
from tests.alerts.rulechecks import served_metrics
from tests.alerts.rulefiles import OWN, asked, children, read
from tests.dashboards import boards
from tests.dashboards.dialects import DIALECTS, series
from tests.fakes.cloudwatch import FakeCloudWatch
from tests.golden_pages import rendered
from tests.monitoring import kept

NOW = 1_795_324_747
OF_PROMETHEUS = ("up", "ALERTS", "scrape_")
TARGET = {"job": "aws-ses", "instance": "10.0.0.1:9199"}

QUERIES = [
    *((f"{rule}", rule.expr) for file in OWN for rule in read(file)),
    *((str(each), boards.filled(each.expression)) for name in boards.NAMES for each in boards.asked(name)),
    *(
        (f"{name}: {each['name']}", boards.filled(each["expr"]))
        for name in boards.NAMES
        for each in boards.load(name)["annotations"]["list"]
    ),
]


class Served(NamedTuple):
    """A page of an exporter that runs on another one's file: labels of each name's series, and the names it took."""

    series: Mapping[str, list[Mapping[str, str]]]
    taken: frozenset[str]

    @property
    def native(self) -> set[str]:
        """The names under which a panel or a rule finds accounts and regions, and the exporter's own."""
        own = {name for name in served_metrics() if name.startswith((f"{PREFIX}exporter_", "process_"))}
        facts = {PREFIX + name for name in FACTS}  # of GetAccount, which no other exporter asks
        whole = {name for name, found in self.series.items() if all({"account_id", "region"} <= set(s) for s in found)}
        return (whole | own | facts) - self.taken


def page(dialect: str, folder: Path) -> Served:
    """Return the page of an account that has everything, by the file of *dialect* that asks for all of it."""
    loaded = _loaded(dialect, folder)
    contents = FakeCloudWatch()
    for metric, dimensions in series():
        moment = NOW // 86_400 * 86_400 if metric.period_seconds else NOW // 60 * 60 - 600
        contents.put(metric.name, moment, 0.5 if metric.kind is Kind.RATE else 2.0, dimensions=dimensions)
    text = asyncio.run(rendered(loaded, contents, NOW)).decode()
    found: dict[str, list[Mapping[str, str]]] = {}
    for family in text_string_to_metric_families(text.replace(",}", "}")):
        for sample in family.samples:
            found.setdefault(sample.name, []).append(sample.labels)
    return Served(found, loaded.settings.dialect.family_names)


def _loaded(dialect: str, folder: Path) -> Loaded:
    file = folder / f"{dialect}.yml"
    file.write_text(DIALECTS[dialect]())
    return load(file, environ={}, flags={}, default_region=lambda: "us-east-1")


@pytest.fixture(scope="module", params=DIALECTS)
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Served:
    return page(request.param, tmp_path_factory.mktemp("dialect"))


def answers(expression: promql.Expr, names: set[str]) -> bool:
    """Tell whether *expression* has data where only series with *names*, and recorded ones, do."""
    match expression:
        case promql.VectorSelector():
            name = expression.name or ""
            return name in names or ":" in name or name.startswith(OF_PROMETHEUS)
        case promql.BinaryExpr() if str(expression.op) == "or":
            return answers(expression.lhs, names) or answers(expression.rhs, names)
        case promql.BinaryExpr() if str(expression.op) == "unless":
            return answers(expression.lhs, names)
    return all(answers(child, names) for child in children(expression))


def chosen(selector: promql.VectorSelector, labels: Mapping[str, str]) -> bool:
    """Tell whether a series with *labels* is one of *selector*'s."""

    def fits(matcher: promql.Matcher) -> bool:
        value = labels.get(matcher.name, "")
        operator = str(matcher.op).rpartition(".")[2]
        same = value == matcher.value if operator in ("Equal", "NotEqual") else re.fullmatch(matcher.value, value)
        return bool(same) != operator.startswith("Not")

    return all(map(fits, selector.matchers.matchers))


def test_the_file_takes_every_name_that_it_can(served: Served) -> None:
    gauges = {
        name for name in served_metrics() if re.fullmatch(r"aws_ses_(?!dimension_|exporter_)\w+_(sum|average)", name)
    }
    assert len(gauges) == 14
    assert gauges <= served.taken & set(served.series)


def test_every_rule_and_panel_has_data_beside_a_dialect(served: Served) -> None:
    assert len(QUERIES) > 200
    assert [about for about, query in QUERIES if not answers(promql.parse(query), served.native)] == []


@pytest.mark.parametrize(
    "query",
    [
        "sum(max by (account_id, region) (aws_ses_send_sum))",
        "aws_ses_up or aws_ses_send_sum and aws_ses_send_sum",
        "aws_ses_send_sum unless aws_ses_up",
        "aws_ses_send_total / aws_ses_unheard_of",
    ],
)
def test_a_query_that_stands_on_a_name_of_others_is_found(served: Served, query: str) -> None:
    names = served.native - {"aws_ses_up"} if " or " in query else served.native
    assert not answers(promql.parse(query), names)


@pytest.mark.parametrize("honored", [True, False])
def test_no_rule_and_no_panel_takes_a_series_of_the_dialect_for_its_own(served: Served, honored: bool) -> None:
    theirs = [
        (name, kept({**labels, **more}, TARGET, honored=honored))
        for name in served.taken
        for labels in served.series.get(name, [])
        for more in ({}, {"account_id": "123456789012", "region": "us-east-1"})  # labels of the target, where it has
    ]
    assert len(theirs) > 2 * 14
    doubled = [
        (about, name)
        for about, query in QUERIES
        for each in asked(promql.parse(query))
        for name, labels in theirs
        if each.name == name and chosen(each.selector, labels)
    ]
    assert doubled == []


def test_a_series_that_would_be_taken_is_found(served: Served) -> None:
    of_everyone = next(asked(promql.parse('aws_ses_send_sum{job=~".+"}'))).selector
    assert any(chosen(of_everyone, kept(labels, TARGET, honored=False)) for labels in served.series["aws_ses_send_sum"])
