"""Every query of every board, asked of a real Prometheus that scrapes the running exporter: data of the right shape."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping

import pytest

from tests.alerts.rulechecks import served_metrics
from tests.dashboards import boards
from tests.dashboards.boards import Asked
from tests.dashboards.live import (
    ACCOUNT,
    MAIL,
    OTHER,
    OTHER_JOB,
    PLACES,
    REGIONS,
    SWAPPED,
    SWAPPED_JOB,
    Live,
    Series,
    live,
)

ONE_PLACE_ONLY = {
    ("What SES says of each account", "Quota of 24 h"): "a quota of +Inf is in the column beside it",
}
"""(panel, column or legend) of queries that need not know of both regions, and why."""
LABELS = re.compile(r"{{(\w+)}}")


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with live(tmp_path_factory.mktemp("boards")) as running:
        yield running


def wrong_number(series: list[Series], _: str) -> Iterator[str]:
    if len(series) != 1 or not math.isfinite(series[0]["values"][0]):
        yield "is not one number"


def wrong_column(series: list[Series], _: str) -> Iterator[str]:
    if any(not each["metric"] for each in series):
        yield "has a row without labels"


def wrong_lines(series: list[Series], legend: str) -> Iterator[str]:
    """With __auto Grafana names a line by the labels in which it differs from the others."""
    if legend == "__auto":
        return
    if any(label not in each["metric"] for each in series for label in LABELS.findall(legend)):
        yield "has a legend with labels that its series do not have"
    elif len({tuple(each["metric"][label] for label in LABELS.findall(legend)) for each in series}) != len(series):
        yield "has two lines of one name"


SHAPES: dict[str, Callable[[list[Series], str], Iterator[str]]] = {
    "stat": wrong_number,
    "table": wrong_column,
    "timeseries": wrong_lines,
}


def wrong(
    panel: boards.Panel, target: Mapping[str, str], series: list[Series], expected: tuple[str, ...] = REGIONS
) -> Iterator[str]:
    """Return what is wrong with what a target of a panel gave, which should know of the *expected* regions."""
    legend = target["legendFormat"]
    if not any(math.isfinite(value) for each in series for value in each["values"]):
        yield "has no data"
        return
    yield from SHAPES[panel["type"]](series, legend)
    regions = {each["metric"].get("region", "") for each in series}
    if "" not in regions and panel["type"] != "stat" and (panel["title"], legend) not in ONE_PLACE_ONLY:
        yield from (f"knows nothing of {region}" for region in expected if region not in regions)


@pytest.mark.parametrize("name", boards.NAMES)
def test_every_query_of_a_board_has_data_of_the_right_shape(found: Live, name: str) -> None:
    problems = []
    for panel in boards.panels(boards.load(name)):
        for target in panel["targets"]:
            ask = found.now if target["instant"] else found.over_time
            about = Asked(name, panel["title"], panel["type"], target["refId"], target["expr"])
            problems += [f"{about}: {each}" for each in wrong(panel, target, ask(target["expr"]))]
    assert problems == []


@pytest.mark.parametrize(
    ("kind", "legend", "expression", "problem"),
    [
        ("stat", "", "nothing_of_that_name", "has no data"),
        ("stat", "", "0 / 0 * count(up)", "has no data"),
        ("stat", "", "aws_ses_up", "is not one number"),
        ("table", "Up", "sum(aws_ses_up)", "has a row without labels"),
        ("table", "Up", "max by (region) (aws_ses_up{region='us-east-1'})", "knows nothing of eu-west-1"),
        ("timeseries", "{{account}}", "aws_ses_up", "has a legend with labels that its series do not have"),
        ("timeseries", "{{region}}", "aws_ses_up", "has two lines of one name"),
        ("timeseries", "{{region}}", "max by (region) (aws_ses_up{region='eu-west-1'})", "knows nothing of us-east-1"),
    ],
)
def test_a_query_that_gives_something_else_is_found(
    found: Live, kind: str, legend: str, expression: str, problem: str
) -> None:
    panel = {"type": kind, "title": "A panel"}
    assert problem in list(wrong(panel, {"legendFormat": legend}, found.now(expression)))


def test_every_metric_of_the_live_page_that_is_about_mail_is_on_a_board(found: Live) -> None:
    everything = found.now('group by (__name__) ({__name__=~"aws_ses_.+", job="aws-ses"})')
    live_names = {each["metric"]["__name__"] for each in everything}
    on_boards = {
        metric for name in boards.NAMES for each in boards.asked(name) for metric in boards.metrics(each.expression)
    }
    assert live_names - on_boards == set()
    assert {name for name in served_metrics() if name.startswith("aws_ses_")} - live_names == set()


def expression(name: str, title: str, legend: str) -> str:
    """Return the query of the panel *title* whose series or column is called *legend*."""
    panel = next(panel for panel in boards.panels(boards.load(name)) if panel["title"] == title)
    found: str = next(target["expr"] for target in panel["targets"] if legend in ("", target["legendFormat"]))
    return found


def test_the_first_rows_say_what_is_so_and_two_replicas_change_nothing(found: Live) -> None:
    expected = {
        ("aws-ses-overview", "Can we send?"): 0,
        ("aws-ses-overview", "Is AWS reviewing us?"): 1,
        ("aws-ses-overview", "Worst bounce rate"): 0.12,
        ("aws-ses-overview", "Worst complaint rate"): 0.004,
        ("aws-ses-overview", "Most quota used"): 1234 / 50000,
        ("aws-ses-overview", "Not answering"): 2,
        ("aws-ses-overview", "Accounts and regions"): len(PLACES),
        ("aws-ses-exporter", "Exporters down"): 0,
        ("aws-ses-exporter", "Failing sources"): 4,
        ("aws-ses-exporter", "Never answered"): 3,
        ("aws-ses-exporter", "Last reload"): 1,
        ("aws-ses-exporter", "Configurations"): 2,
        ("aws-ses-exporter", "Restarts in 6 hours"): 0,
        ("aws-ses-exporter", "Web configuration"): 1,
        ("aws-ses-exporter", "Changes refused in a day"): 0,
    }
    numbers = {key: found.now(expression(*key, ""))[0]["values"][0] for key in expected}
    assert numbers == pytest.approx(expected)
    assert 300 < found.now(expression("aws-ses-overview", "Oldest data", ""))[0]["values"][0] < 900
    assert 0 < found.now(expression("aws-ses-exporter", "Oldest good poll", ""))[0]["values"][0] < 60
    assert found.now(expression("aws-ses-exporter", "Cost a month", ""))[0]["values"][0] > 0
    assert found.now(expression("aws-ses-exporter", "Certificate valid for", ""))[0]["values"][0] > 365 * 86_400


def here(series: list[Series]) -> set[tuple[tuple[str, str], ...]]:
    return {tuple(sorted(each["metric"].items())) for each in series}


def test_the_overview_shows_an_exporter_that_took_cloudwatch_exporters_place_whole_and_once(found: Live) -> None:
    problems = []
    for panel in boards.panels(boards.load("aws-ses-overview")):
        for target in panel["targets"]:
            ask = found.now if target["instant"] else found.over_time
            series = ask(target["expr"], {"account": SWAPPED, "job": SWAPPED_JOB})
            about = f"{panel['title']}: {target['refId']}"
            problems += [f"{about}: {each}" for each in wrong(panel, target, series, ("us-east-1",))]
            if here(series) != here(ask(target["expr"], {"account": SWAPPED})) and panel["title"] != "Not answering":
                problems.append(f"{about}: is another one with all jobs")
            problems += [
                f"{about}: {each}" for each in here(series) if dict(each).get("account_id", SWAPPED) != SWAPPED
            ]
    assert problems == []
    assert len(found.now('{job="aws_ses", __name__="aws_ses_send_sum"}')) == 3, "beside these series of the dialect"


def test_the_numbers_of_an_exporter_that_took_cloudwatch_exporters_place_are_those_of_its_account(found: Live) -> None:
    expected = {
        "Can we send?": 1,
        "Is AWS reviewing us?": 0,
        "Worst bounce rate": 0.06,
        "Worst complaint rate": 0.002,
        "Most quota used": 1234 / 50000,
        "Accounts and regions": 1,
    }
    chosen = {"account": SWAPPED}
    numbers = {
        title: found.now(expression("aws-ses-overview", title, ""), chosen)[0]["values"][0] for title in expected
    }
    assert numbers == pytest.approx(expected)
    sent = expression("aws-ses-overview", "Sent and delivered", "sent").replace("$__interval", "2s")
    (grown,) = found.now(f"sum_over_time(({sent})[10m:2s])", chosen)
    assert grown["values"] == [MAIL["Send"]], "what came late, once"


def test_the_table_ranks_the_paused_account_first(found: Live) -> None:
    ranked = found.now(expression("aws-ses-overview", "Every account and region, worst first", "Danger"))
    danger = {(each["metric"]["account_id"], each["metric"]["region"]): each["values"][0] for each in ranked}
    assert set(danger) == set(PLACES)
    assert danger[ACCOUNT, "eu-west-1"] == 2
    assert danger[OTHER, "us-east-1"] == pytest.approx(0.6)


def test_an_unlimited_quota_breaks_nothing(found: Live) -> None:
    table = "What SES says of each account"
    quotas = found.now(expression("aws-ses-overview", table, "Quota of 24 h"))
    assert {each["metric"]["region"] for each in quotas} == {"us-east-1"}
    unlimited = found.now(expression("aws-ses-overview", table, "Quota unlimited"))
    assert {each["metric"]["region"]: each["values"][0] for each in unlimited} == {"us-east-1": 0, "eu-west-1": 1}
    for title in ("Quota used", "Quota used in six hours"):
        for each in found.over_time(expression("aws-ses-overview", title, "")):
            assert all(map(math.isfinite, each["values"]))
            assert each["metric"]["region"] != "eu-west-1" or set(each["values"]) == {0}


def test_bars_add_up_places_and_not_replicas(found: Live) -> None:
    """Replicas added up would be 7 series for 4 places. A scrape that a busy machine misses may count one place again.

    That bars are exact is proven in test_counting.py.
    """
    sent = expression("aws-ses-overview", "Sent and delivered", "sent").replace("$__interval", "2s")
    one = 'aws_ses_send_total{instance!="replica-b"}[10m]'
    grown = found.now(f"sum(max_over_time({one}) - min_over_time({one}))")[0]["values"][0]
    assert 0 < grown <= found.now(f"sum_over_time(({sent})[10m:2s])")[0]["values"][0] < 1.5 * grown


@pytest.mark.parametrize("name", boards.NAMES)
def test_every_variable_offers_what_there_is(found: Live, name: str) -> None:
    expected = {
        "job": {"aws-ses", SWAPPED_JOB},
        "instance": {"replica-a", "replica-b", found.swapped},
        "account": {ACCOUNT, OTHER, SWAPPED},
        "region": set(REGIONS),
        "target": {"main", "other", "late", "default"},
    }
    asked = [each for each in boards.variables(boards.load(name)) if each["type"] == "query"]
    offered = {each["name"]: found.choices(each["query"], each.get("regex", "")) for each in asked}
    assert offered == {name: choices for name, choices in expected.items() if name in offered}
    assert set(offered) >= {"job", "instance", "account", "region"}


@pytest.mark.parametrize(("account", "targets"), [(ACCOUNT, {"main", "late"}), (OTHER, {"other", "late"})])
def test_an_account_narrows_the_targets_and_hides_none_whose_account_is_not_known(
    found: Live, account: str, targets: set[str]
) -> None:
    variable = next(each for each in boards.variables(boards.load("aws-ses-exporter")) if each["name"] == "target")
    assert found.choices(variable["query"], variable["regex"], {"account": account}) == targets


def test_an_account_narrows_the_regions(found: Live) -> None:
    variable = next(each for each in boards.variables(boards.load("aws-ses-overview")) if each["name"] == "region")
    assert found.choices(variable["query"], chosen={"account": OTHER}) == {"us-east-1"}


def test_alerts_and_starts_are_marked(found: Live) -> None:
    marked = {}
    for name in boards.NAMES:
        for annotation in boards.load(name)["annotations"]["list"]:
            marked[name, annotation["name"]] = found.over_time(annotation["expr"])
    firing = {name: {each["metric"]["alertname"] for each in marked[name, "Alerts"]} for name in boards.NAMES}
    assert firing == {
        "aws-ses-overview": {"AWSSESSendingPaused", "AWSSESTargetFailing"},
        "aws-ses-exporter": {"AWSSESTargetFailing"},
    }
    for name in boards.NAMES:
        starts = marked[name, "Exporter started"]
        assert {each["metric"]["instance"] for each in starts} == {"replica-a", "replica-b", found.swapped}
        assert all(0 < found.since - value / 1000 < 900 for each in starts for value in each["values"])


def test_what_prometheus_says_of_itself_is_on_no_panel_and_no_annotation(found: Live) -> None:
    (itself,) = (each["metric"]["instance"] for each in found.now(f'up{{job="{OTHER_JOB}"}}'))
    shown: dict[str, set[str]] = {}
    for name in boards.NAMES:
        board = boards.load(name)
        queries = [target["expr"] for panel in boards.panels(board) for target in panel["targets"]]
        queries += [annotation["expr"] for annotation in board["annotations"]["list"]]
        shown |= {query: {each["metric"].get("instance", "") for each in found.over_time(query)} for query in queries}
    assert {"replica-a", "replica-b"} <= set().union(*shown.values())
    assert [query for query, instances in shown.items() if itself in instances] == []
