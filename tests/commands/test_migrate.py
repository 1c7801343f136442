"""`migrate`: what it prints for a file, and what it says of that."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from exporter.catalogue import METRICS
from exporter.commands.moves import moves, native_moves
from exporter.config.load import load
from exporter.config.migration import migration
from exporter.errors import ConfigError
from tests.fakes.cloudwatch import FakeCloudWatch
from tests.golden_pages import rendered, served
from tests.migrations import Place, migrated

NOON = 1_781_697_600.0
ROLE = "arn:aws:iam::123456789012:role/ses-reader"
SEND = {"aws_namespace": "AWS/SES", "aws_metric_name": "Send", "aws_statistics": ["Sum"]}
RATE = {"aws_namespace": "AWS/SES", "aws_metric_name": "Reputation.BounceRate", "aws_statistics": ["Sum", "Average"]}
OTHER = {"aws_namespace": "AWS/SES", "aws_metric_name": "New.Thing", "aws_statistics": ["Average"]}
SETS = ["ses:configuration-set"]
OLD, NEW = (("job", "aws_ses"), ("instance", "")), (("account_id", None), ("region", None))
SET = (("ses_configuration_set", None),)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config.yml"


def written(file: Path, *metrics: dict[str, Any], **values: Any) -> Path:
    """Write a file in which everything is as in the native defaults but for what is given."""
    defaults = {"set_timestamp": False, "period_seconds": 300, "delay_seconds": 300, "range_seconds": 600}
    named = {"region": "us-east-1", **defaults, **values}
    kept = {name: value for name, value in named.items() if value is not None}
    file.write_text(json.dumps({**kept, "metrics": [*metrics]}, ensure_ascii=False, indent=1), encoding="utf-8")
    return file


def test_what_the_defaults_say_is_not_repeated(file: Path) -> None:
    counts = [{**SEND, "aws_metric_name": name} for name in ("Send", "Delivery", "Bounce")]
    found = migrated(written(file, *counts, RATE))
    assert found.values["targets"] == [{"regions": ["us-east-1"]}]
    assert set(found.values) == {"targets", "metrics"}
    assert {frozenset(metric) for metric in found.values["metrics"]} == {frozenset({"name"})}
    assert found.printed.marks == {}


def test_a_file_reads_as_a_person_would_write_it(file: Path) -> None:
    dimensions = {"aws_dimensions": SETS, "aws_dimension_select_regex": {SETS[0]: ["news-.*"]}}
    bounce = {**SEND, "aws_metric_name": "Bounce", "period_seconds": 3600, "aws_extended_statistics": ["p99.9"]}
    found = migrated(written(file, SEND, RATE, bounce, {**SEND, **dimensions}, role_arn=ROLE, period_seconds=60))
    assert found.printed.text.rpartition("#\n")[2].partition("\n\n")[2] == (
        "poll_interval_seconds: 60\n"
        "period_seconds: 60\n"
        "range_seconds: 7500\n"
        "targets:\n"
        "  - regions: [us-east-1]\n"
        f"    role_arn: {ROLE}\n"
        "    session_name: cloudwatch_exporter\n"
        "metrics:\n"
        "  - name: Send\n"
        "    dimensions:\n"
        "      - ses:configuration-set:\n"
        "          include: [news-.*]\n"
        "  - name: Reputation.BounceRate\n"
        "  - name: Bounce\n"
        "    statistics: [Sum, p99.9]\n"
        "    period_seconds: 3600\n"
        "  # not in the file, but read with it: alerts and dashboards use them\n"
        + "".join(
            f"  - name: {metric.name}\n"
            for metric in METRICS.values()
            if metric.account_level and metric.name not in {"Send", "Bounce", "Reputation.BounceRate"}
        )
        + "sources:\n"
        "  dimensions:\n"
        "    refresh_seconds: 60\n"
    )


def test_names_and_labels_are_told_as_they_are_and_as_they_become(file: Path) -> None:
    select = {"aws_dimensions": SETS, "aws_dimension_select": {SETS[0]: ["a"]}}
    found = migrated(written(file, SEND, {**RATE, **select}))
    assert found.printed.moves == [
        (Place("aws_ses_send_sum", OLD), Place("aws_ses_send_sum", NEW), None),
        *(
            (Place(f"aws_ses_{name}", (*OLD, *SET)), Place(f"aws_ses_dimension_{name}", (*NEW, *SET)), None)
            for name in ("reputation_bounce_rate_sum", "reputation_bounce_rate_average")
        ),
    ]
    others = "\n".join(found.printed.others)
    assert 'Selectors {job="aws_ses"} (or {exported_job="aws_ses"}, without honor_labels) find nothing' in others
    again = "Of the account as a whole now, by dimensions before: "
    rates = "aws_ses_reputation_bounce_rate_average, aws_ses_reputation_bounce_rate_sum"
    assert [line for line in found.printed.others if line.startswith(again)] == [again + rates]


def test_two_periods_of_one_metric_become_the_first_and_it_says_so(file: Path) -> None:
    select = {"aws_dimensions": SETS, "aws_dimension_select": {SETS[0]: ["a"]}}
    hour = {"period_seconds": 3600, "delay_seconds": 600}
    found = migrated(written(file, SEND, {**SEND, **select, **hour}, {**OTHER, "period_seconds": 600}))
    text = (
        "the newest complete 300 s that ended 300 s ago, 0 without mail; "
        "before: the newest complete 3600 s that ended 600 s ago, 0 without mail"
    )
    assert found.printed.marks == {"1": text}
    assert not any(line.startswith("Of the account") for line in found.printed.others), "it was of it before"
    assert [(old.name, len(old.labels), mark) for old, _, mark in found.printed.moves] == [
        ("aws_ses_send_sum", 2, None),
        ("aws_ses_send_sum", 3, "1"),
        ("aws_ses_new_thing_average", 2, None),
    ]


def test_a_window_that_most_counts_have_stands_once(file: Path) -> None:
    counts = [{**SEND, "aws_metric_name": name, "period_seconds": 120} for name in ("Delivery", "Bounce")]
    found = migrated(written(file, {**SEND, "delay_seconds": 100_000}, *counts))
    assert (found.values["period_seconds"], found.values["range_seconds"]) == (120, 86_400)
    assert [metric for metric in found.values["metrics"] if len(metric) > 1] == [
        {"name": "Send", "period_seconds": 300, "delay_seconds": 85_800}
    ]
    text = "that ended 85800 s ago, 0 without mail; before: the newest complete 300 s that ended 100000 s ago"
    assert text in found.printed.marks["1"]


@pytest.mark.parametrize(
    ("metric", "series", "reason"),
    [
        ({"aws_metric_name": "Received"}, "received_sum", "SES has no Received of the account as a whole, only with"),
        ({"aws_metric_name": "Up"}, "up_sum", "its name would be served as aws_ses_up, which is taken by the exporter"),
        ({"aws_metric_name": "exporter_x"}, "exporter_x_sum", "its name would be taken for the exporter's own"),
        (
            {"aws_metric_name": "send"},
            "send_sum",
            "its name would be served as aws_ses_send_sum, which is taken by Send",
        ),
    ],
)
def test_what_has_no_native_form_is_left_out_with_the_reason(
    file: Path, metric: dict[str, str], series: str, reason: str
) -> None:
    found = migrated(written(file, {**SEND, **metric}, RATE))
    assert list(found.printed.left_out) == [Place(f"aws_ses_{series}", OLD)]
    assert next(iter(found.printed.left_out.values())).startswith(reason)
    names = [each["name"] for each in found.values["metrics"]]
    assert metric["aws_metric_name"] not in names
    assert {"Send", "Reputation.BounceRate"} <= set(names)


def test_labels_that_would_be_one_are_left_out_as_before(file: Path) -> None:
    clashing = {"aws_dimensions": ["job"], "aws_dimension_select": {"job": ["x"]}}
    found = migrated(written(file, SEND, {**SEND, **clashing}, {**OTHER, **clashing}))
    assert [metric for metric in found.values["metrics"] if set(metric) != {"name"}] == []
    assert "New.Thing" not in {metric["name"] for metric in found.values["metrics"]}
    assert [place.name for place in found.printed.left_out] == ["aws_ses_send_sum", "aws_ses_new_thing_average"]
    assert {reason.partition(":")[0] for reason in found.printed.left_out.values()} == {"never served"}
    assert found.native.warnings == ()
    both = migrated(written(file, OTHER, {**OTHER, **clashing}))
    assert both.values["metrics"][0] == {"name": "New.Thing", "kind": "level"}
    assert [len(place.labels) for place in both.printed.left_out] == [3]


def test_a_level_is_read_at_its_own_period_and_the_range_has_room_for_it(file: Path) -> None:
    select = {"aws_dimensions": ["ip"], "aws_dimension_select": {"ip": ["1"]}}
    daily = {**RATE, "aws_metric_name": "SNDS.SpamRate", "aws_statistics": ["Average", "Maximum"], **select}
    count = {**SEND, "period_seconds": 60, "delay_seconds": 600}
    level = {**OTHER, "period_seconds": 1800, "range_seconds": 3600, "delay_seconds": 0}
    found = migrated(written(file, count, level, {**daily, "period_seconds": 86_400}))
    assert found.values["range_seconds"] == 86_400, "the longest there is"
    assert found.values["metrics"][1:3] == [
        {"name": "New.Thing", "kind": "level", "period_seconds": 1800},
        {"name": "SNDS.SpamRate", "dimensions": [{"ip": ["1"]}]},
    ]
    assert migrated(written(file, count, level)).values["range_seconds"] == 600 + 2 * 1800
    faster = migrated(written(file, SEND, {**daily, "period_seconds": 3600}))
    moved = Place("aws_ses_dimension_snds_spam_rate_timestamp_seconds", (*NEW, ("ip", None)))
    text = faster.printed.marks[faster.printed.beside[moved]]
    assert text.startswith("the newest 3600 s with data, held for 1209600 s; before: the newest 86400 s with data")


def test_a_value_that_is_held_for_another_time_keeps_it(file: Path) -> None:
    theirs = load(written(file, RATE), environ={}, flags={}, default_region=lambda: None).settings
    rules = tuple(replace(rule, max_age_seconds=7_200) for rule in theirs.dialect.rules)
    found = migration(theirs.with_dialect(replace(theirs.dialect, rules=rules)))
    assert found.values["metrics"][0] == {"name": "Reputation.BounceRate", "max_age_seconds": 7_200}
    assert [move.values for move in moves(found)] == [None, None]
    assert [move.new for move in native_moves(theirs, found)] == [
        f"aws_ses_reputation_bounce_rate{each}{{account_id,region}}" for each in ("", "_timestamp_seconds")
    ]


def test_an_unknown_metric_is_a_level_and_has_dimensions_or_none(file: Path) -> None:
    select = {"aws_dimensions": ["a"], "aws_dimension_select": {"a": ["x"]}}
    found = migrated(written(file, OTHER))
    assert found.values["metrics"][0] == {"name": "New.Thing", "kind": "level"}
    both = migrated(written(file, OTHER, {**OTHER, **select}))
    assert both.values["metrics"][0] == {"name": "New.Thing", "kind": "level", "dimensions": [{"a": ["x"]}]}
    assert list(both.printed.left_out) == [Place("aws_ses_new_thing_average", OLD)]


def test_what_has_no_native_form_apart_from_metrics_is_refused(file: Path) -> None:
    theirs = load(written(file, SEND), environ={}, flags={}, default_region=lambda: None).settings
    settings = theirs.model_copy(update={"poll_timeout_seconds": 1}).with_dialect(theirs.dialect)
    with pytest.raises(ConfigError, match="must fit poll_timeout_seconds 1"):
        migration(settings)


def test_a_statistic_that_the_native_file_has_not_is_left_out_alone(file: Path) -> None:
    found = migrated(written(file, {**SEND, "aws_extended_statistics": ["TM(10%:90%)", "p50", "IQM"]}))
    assert found.values["metrics"][0]["statistics"] == ["Sum", "p50"]
    assert [old.name for old, _, _ in found.printed.moves] == ["aws_ses_send_sum", "aws_ses_send_p50"]
    reasons = set(found.printed.left_out.values())
    assert reasons == {"the native configuration has no statistic TM(10%:90%), IQM"}
    assert len(found.printed.left_out) == 2


def test_a_period_that_the_native_file_has_not_becomes_the_next_shorter(file: Path) -> None:
    sets = {"aws_dimensions": SETS, "aws_dimension_select": {SETS[0]: ["a"]}}
    week = {**OTHER, **sets, "period_seconds": 604_800, "delay_seconds": 0, "set_timestamp": True}
    found = migrated(written(file, {**SEND, "period_seconds": 420}, week, delay_seconds=60))
    assert found.values["period_seconds"] == 360
    assert found.values["metrics"][1]["period_seconds"] == 86_400
    text = "the newest complete 360 s that ended 60 s ago, 0 without mail; before: the newest complete 420 s"
    assert found.printed.marks["1"].startswith(text)
    assert "before: the newest 604800 s with data" in found.printed.marks["2"]


def test_one_percentile_in_two_forms_becomes_one_series(file: Path) -> None:
    found = migrated(written(file, {**SEND, "aws_statistics": [], "aws_extended_statistics": ["p99.0", "p99"]}))
    assert found.values["metrics"][0]["statistics"] == ["p99.0"]
    assert {new.name for _, new, _ in found.printed.moves} == {"aws_ses_send_p99_0"}


async def test_the_self_metrics_that_go_and_those_that_come_are_there(file: Path) -> None:
    found = migrated(written(file, SEND))
    replaced = [re.fullmatch(r"(cloudwatch_\w+) goes: use (\w+).*\.", line) for line in found.printed.others]
    pairs = {match[1]: match[2] for match in replaced if match}
    pages = [served((await rendered(each, FakeCloudWatch(), NOON)).decode()) for each in (found.theirs, found.native)]
    theirs = {name for name in pages[0].families if name.startswith("cloudwatch_")}
    assert pairs.keys() == theirs
    ours = {name.removesuffix("_count") for name in (*pages[1].families, "aws_ses_up")}
    assert set(pairs.values()) <= ours
