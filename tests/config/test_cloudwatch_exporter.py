"""cloudwatch_exporter's file: what each key comes to, what is left out, what is refused and in which words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from exporter.catalogue import METRICS, Kind
from exporter.config.dialect import DialectName, Rule
from exporter.config.load import Loaded, load
from exporter.config.plan import dimension_plan, metric_plans
from exporter.config.selections import Chosen, Found, Selection
from exporter.config.settings import Settings
from exporter.config.show import digest
from exporter.errors import ConfigError

SEND = {"aws_namespace": "AWS/SES", "aws_metric_name": "Send"}
RATE = {"aws_namespace": "AWS/SES", "aws_metric_name": "Reputation.BounceRate"}
SETS = ["ses:configuration-set"]
ROLE = "arn:aws:iam::123456789012:role/ses-reader"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config.yml"


def read(file: Path, *, dialect: DialectName | None = None, fallback: str | None = None, **values: Any) -> Loaded:
    """Load a file with *values*; without metrics it has one, Send."""
    file.write_text(yaml.safe_dump({"region": "us-east-1", "metrics": [SEND], **values}, sort_keys=False))
    return load(file, environ={}, flags={}, default_region=lambda: fallback, dialect=dialect)


def lines(file: Path, **values: Any) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        read(file, **values)
    return [str(problem).removeprefix(f"{file}:") for problem in caught.value.problems]


def rule(file: Path, /, **values: Any) -> Rule:
    """Return the rule of one metric, Send with *values*."""
    return read(file, metrics=[{**SEND, **values}]).settings.dialect.rules[0]


def test_the_top_tells_whose_file_it_is_where_its_metrics_do_not(file: Path) -> None:
    for metrics, said in (("", "is missing: must be a list of metrics"), ("{a: b}", "must be a list")):
        file.write_text(f"region: us-east-1\nmetrics: {metrics}\n")
        with pytest.raises(ConfigError) as caught:
            load(file, environ={}, flags={}, default_region=lambda: None)
        assert [(problem.key, problem.message) for problem in caught.value.problems] == [("metrics", said)]


def test_a_dialect_for_no_file_and_for_an_empty_one_is_told_in_its_words(file: Path) -> None:
    theirs = DialectName.CLOUDWATCH_EXPORTER
    loaded = load(None, environ={}, flags={}, default_region=lambda: "us-east-1", dialect=theirs)
    assert loaded.warnings == ("flag: --config.dialect: does nothing: there is no file, --config.file names one",)
    file.write_text("\n")
    for dialect, least in ((theirs, "the metrics"), (DialectName.YACE, "a job for AWS/SES"), (None, "the targets")):
        with pytest.raises(ConfigError, match=f"is empty: name at least {least}, or give no file at all"):
            load(file, environ={}, flags={}, default_region=lambda: "us-east-1", dialect=dialect)


def test_the_content_tells_whose_file_it_is(file: Path) -> None:
    assert read(file).settings.dialect.name == DialectName.CLOUDWATCH_EXPORTER
    file.write_text("targets: [{regions: [us-east-1]}]\nmetrics: [{name: Send}]\n")
    native = load(file, environ={}, flags={}, default_region=lambda: None)
    assert (native.settings.dialect.name, native.settings.dialect.rules) == (DialectName.NATIVE, ())


def test_a_file_without_metrics_is_theirs_when_its_keys_are(file: Path) -> None:
    loaded = read(file, metrics=[])
    assert (loaded.settings.dialect.name, loaded.settings.dialect.rules) == (DialectName.CLOUDWATCH_EXPORTER, ())


def test_the_flag_goes_before_the_content(file: Path) -> None:
    found = lines(file, dialect=DialectName.NATIVE)
    assert any(line.startswith("1: region: unknown key") for line in found)
    file.write_text("region: us-east-1\n")
    with pytest.raises(ConfigError, match="metrics: is missing: must be a list of metrics"):
        load(file, environ={}, flags={}, default_region=lambda: None, dialect=DialectName.CLOUDWATCH_EXPORTER)


def test_defaults_are_theirs(file: Path) -> None:
    found = rule(file)
    assert (found.period_seconds, found.range_seconds, found.delay_seconds) == (60, 600, 600)
    assert found.timestamps
    assert found.statistics == ("Sum", "SampleCount", "Minimum", "Maximum", "Average")
    assert found.labels == (("job", "aws_ses"), ("instance", ""))
    assert found.selection is None


def test_what_a_metric_says_goes_before_what_the_file_says(file: Path) -> None:
    settings = read(
        file,
        period_seconds=300,
        range_seconds=1200,
        delay_seconds=120,
        set_timestamp=False,
        metrics=[SEND, {**RATE, "period_seconds": 60, "range_seconds": 300, "delay_seconds": 0, "set_timestamp": True}],
    ).settings
    first, second = settings.dialect.rules
    assert (first.period_seconds, first.range_seconds, first.delay_seconds, first.timestamps) == (300, 1200, 120, False)
    assert (second.period_seconds, second.range_seconds, second.delay_seconds, second.timestamps) == (60, 300, 0, True)


@pytest.mark.parametrize(
    ("periods", "poll"), [((), 300), ((10,), 60), ((60, 300), 60), ((120, 3600), 120), ((300,), 300), ((86400,), 300)]
)
def test_the_poll_interval_is_the_smallest_period_within_limits(
    file: Path, periods: tuple[int, ...], poll: int
) -> None:
    settings = read(file, metrics=[{**SEND, "period_seconds": period} for period in periods]).settings
    assert settings.poll_interval_seconds == poll


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ({"range_seconds": 1, "delay_seconds": 0}, (120, 900)),
        ({"range_seconds": 600, "delay_seconds": 600}, (600, 1200)),
        ({"range_seconds": 0, "delay_seconds": 0, "period_seconds": 3600}, (7200, 7200)),
        ({"range_seconds": 90_000, "delay_seconds": 0}, (90_000, 86_400)),
    ],
)
def test_a_range_counts_back_from_the_delay_and_is_raised_to_the_minimum(
    file: Path, theirs: dict[str, int], ours: tuple[int, int]
) -> None:
    settings = read(file, metrics=[{**SEND, **theirs}]).settings
    assert (settings.dialect.rules[0].range_seconds, settings.range_seconds) == ours


def test_a_range_longer_than_cloudwatch_keeps_minutes_is_cut_with_a_line(file: Path) -> None:
    loaded = read(file, metrics=[{**SEND, "range_seconds": 2_000_000, "delay_seconds": 0}])
    assert loaded.settings.dialect.rules[0].range_seconds == 1_209_600
    assert [line.partition(": ")[2] for line in loaded.warnings] == [
        (
            "metrics[0].range_seconds = 2000000: reaches back 2000000 s with its delay, cut to 1209600 s: "
            "CloudWatch keeps minutes for two weeks"
        ),
        "metrics[0].range_seconds = 2000000: has each poll read 20160 datapoints of every statistic of Send",
    ]


def test_a_range_that_each_poll_reads_as_a_whole_is_named_from_a_day_of_minutes_on(file: Path) -> None:
    def named(**values: Any) -> list[str]:
        return [line for line in read(file, metrics=[{**SEND, **values}]).warnings if "each poll" in line]

    assert len(named(range_seconds=86_460)) == 1
    assert named(range_seconds=86_400) == []
    assert named(range_seconds=604_800, period_seconds=3600) == []
    assert named(range_seconds=604_800, set_timestamp=False) == []  # a count without a datapoint is 0: one is enough


@pytest.mark.parametrize("seconds", [60, 420, 25_200, 172_800, 604_800])
def test_every_whole_number_of_minutes_up_to_a_week_is_a_period(file: Path, seconds: int) -> None:
    for values in ({}, {"set_timestamp": False}, {"aws_metric_name": "New.Thing", "set_timestamp": False}):
        found = rule(file, period_seconds=seconds, **values)
        assert (found.period_seconds, found.range_seconds) == (
            seconds,
            max(600, 2 * seconds) - (600 if seconds == 604_800 else 0),
        )


def test_the_role_is_assumed_under_their_session_name(file: Path) -> None:
    target = read(file, role_arn=ROLE).settings.targets[0]
    assert (target.regions, target.role_arn, target.session_name) == (("us-east-1",), ROLE, "cloudwatch_exporter")


def test_without_a_region_the_role_is_assumed_in_the_default_one(file: Path) -> None:
    target = read(file, role_arn=ROLE, region=None, fallback="eu-west-1").settings.targets[0]
    assert (target.regions, target.role_arn, target.session_name) == (("eu-west-1",), ROLE, "cloudwatch_exporter")


def test_metrics_of_others_and_tags_are_left_out_with_a_line_each(file: Path) -> None:
    loaded = read(
        file,
        metrics=[
            {"aws_namespace": "AWS/ELB", "aws_metric_name": "RequestCount", "aws_dimensions": ["LoadBalancerName"]},
            {**SEND, "aws_tag_select": {"tag_selections": {"Environment": ["prod"]}}},
            RATE,
        ],
    )
    assert [found.metric for found in loaded.settings.dialect.rules] == ["Reputation.BounceRate"]
    assert [line.partition(": ")[2] for line in loaded.warnings] == [
        "metrics[0].aws_namespace = AWS/ELB: RequestCount is left out: only AWS/SES is read here",
        "metrics[1]: Send is left out: aws_tag_select is not supported, AWS/SES has no tags",
    ]


@pytest.mark.parametrize(
    ("keys", "selection"),
    [
        ({}, None),
        ({"aws_dimensions": []}, None),
        ({"aws_dimensions": SETS}, Selection((("ses:configuration-set", Found()),), "Send")),
        (
            {"aws_dimensions": SETS, "aws_dimension_select": {"ses:configuration-set": ["a", "b"]}},
            Selection((("ses:configuration-set", Chosen(("a", "b"))),), "Send"),
        ),
        (
            {"aws_dimensions": SETS, "aws_dimension_select_regex": {"ses:configuration-set": ["news-.*"]}},
            Selection((("ses:configuration-set", Found(("news-.*",))),), "Send"),
        ),
        (
            {"aws_dimensions": ["a", "b"], "aws_dimension_select": {"b": ["x"]}},
            Selection((("a", Found()), ("b", Chosen(("x",)))), "Send"),
        ),
    ],
)
def test_dimensions_are_selected_as_theirs(file: Path, keys: dict[str, Any], selection: Selection | None) -> None:
    settings = read(file, metrics=[{**SEND, **keys}]).settings
    assert settings.dialect.rules[0].selection == selection
    assert dimension_plan(settings).selections == (() if selection is None else (selection,))


def test_how_often_dimensions_are_listed_is_their_time_to_live_a_minute_at_least(file: Path) -> None:
    listed = {**SEND, "aws_dimensions": SETS}
    assert read(file, metrics=[listed]).settings.sources.dimensions.refresh_seconds == 60
    refreshed = read(file, list_metrics_cache_ttl=1800, metrics=[listed, {**listed, "list_metrics_cache_ttl": 900}])
    assert refreshed.settings.sources.dimensions.refresh_seconds == 900


def test_statistics_are_those_named_and_all_of_them_where_none_is(file: Path) -> None:
    assert rule(file, aws_statistics=["Sum", "Average"]).statistics == ("Sum", "Average")
    assert rule(file, aws_extended_statistics=["p99", "p99.9"]).statistics == ("p99", "p99.9")
    both = rule(file, aws_statistics=["Sum"], aws_extended_statistics=["p50"])
    assert [family.name for _, family in both.families] == ["aws_ses_send_sum", "aws_ses_send_p50"]
    assert rule(file, aws_extended_statistics=["p99.9"]).families[0][1].name == "aws_ses_send_p99_9"
    assert rule(file, aws_extended_statistics=["TM(10%:90%)"]).families[0][1].name == "aws_ses_send_tm_10_:90_"


def test_help_is_theirs(file: Path) -> None:
    def text(**values: Any) -> str:
        return rule(file, aws_statistics=["Sum"], **values).families[0][1].help

    assert text() == "CloudWatch metric AWS/SES Send Dimensions: null Statistic: Sum Unit: Count"
    assert text(aws_dimensions=[]) == "CloudWatch metric AWS/SES Send Dimensions: [] Statistic: Sum Unit: Count"
    several = "CloudWatch metric AWS/SES Send Dimensions: [a, b] Statistic: Sum Unit: N/A"
    assert text(aws_dimensions=["a", "b"], use_get_metric_data=True) == several
    assert text(help="Our own words") == "Our own words"


def test_two_rules_of_one_name_share_the_first_help(file: Path) -> None:
    first, second = read(file, metrics=[SEND, {**SEND, "aws_dimensions": SETS}]).settings.dialect.rules
    assert first.families == second.families


def test_every_account_metric_is_read_natively_and_names_of_theirs_are_not_ours(file: Path) -> None:
    settings = read(file, metrics=[{**SEND, "aws_statistics": ["Sum"]}, RATE]).settings
    plans = {plan.name: plan for plan in metric_plans(settings, settings.targets[0])}
    assert list(plans) == [metric.name for metric in METRICS.values() if metric.account_level]
    assert plans["Send"].statistics == plans["Reputation.BounceRate"].statistics == ()
    assert plans["Bounce"].statistics == ("Sum",)


def test_a_metric_that_nobody_knows_is_held_and_never_0(file: Path) -> None:
    found = rule(file, aws_metric_name="Brand.NewThing", aws_dimensions=["Pool"])
    assert (found.kind, found.zero) == (Kind.LEVEL, False)
    assert found.families[0][1].name == "aws_ses_brand_new_thing_sum"


def test_a_reload_sees_that_a_rule_has_changed(file: Path) -> None:
    one, other = read(file).settings, read(file, metrics=[{**SEND, "set_timestamp": False}]).settings
    assert digest(one) != digest(other)
    assert isinstance(other, Settings)


def test_the_environment_goes_before_what_their_file_comes_to(file: Path) -> None:
    read(file)
    environ = {"AWS_SES_EXPORTER__POLL_INTERVAL_SECONDS": "120"}
    assert load(file, environ=environ, flags={}, default_region=lambda: None).settings.poll_interval_seconds == 120


def test_the_environment_cannot_say_which_metrics_are_read(file: Path) -> None:
    read(file)
    name = "AWS_SES_EXPORTER__METRICS"
    with pytest.raises(ConfigError) as caught:
        load(file, environ={name: '[{"name": "Bounce"}]'}, flags={}, default_region=lambda: None)
    said = f"environment: {name}: cannot stand beside a file of cloudwatch_exporter, which says that itself"
    assert [str(problem) for problem in caught.value.problems] == [said]
    targets = {"AWS_SES_EXPORTER__TARGETS": '[{"regions": ["eu-west-1"]}]'}
    assert load(file, environ=targets, flags={}, default_region=lambda: None).settings.targets[0].regions == (
        "eu-west-1",
    )
