"""YACE's file: what each key comes to, and for which roles and regions; what is left out with a line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from exporter.catalogue import METRICS
from exporter.config.dialect import DialectName, Rule
from exporter.config.load import Loaded, load
from exporter.config.plan import dimension_plan, metric_plans
from exporter.config.selections import Chosen, Found, Selection
from exporter.config.show import digest, masked
from exporter.errors import ConfigError

SEND = {"name": "Send", "statistics": ["Sum"]}
RATE = {"name": "Reputation.BounceRate", "statistics": ["Sum", "Average"]}
JOB = {"type": "AWS/SES", "regions": ["us-east-1"], "metrics": [SEND]}
NAMED = {"name": "mail", "namespace": "AWS/SES", "regions": ["us-east-1"], "metrics": [SEND]}
ROLE = "arn:aws:iam::210987654321:role/ses-reader"
OTHER_ROLE = "arn:aws:iam::210987654321:role/other"
THIRD = "arn:aws:iam::345678901234:role/ses-reader"
SETS = "ses:configuration-set"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config.yml"


def read(file: Path, /, *, snake_case: bool = False, environ: dict[str, str] | None = None, **values: Any) -> Loaded:
    """Load a file with *values* beside the version."""
    file.write_text(yaml.safe_dump({"apiVersion": "v1alpha1", **values}, sort_keys=False))
    return load(
        file, environ=environ or {}, flags={}, default_region=lambda: "eu-central-1", labels_snake_case=snake_case
    )


def discovery(file: Path, /, *jobs: dict[str, Any], **more: Any) -> Loaded:
    """Load a file with these discovery jobs, each with the keys of JOB where it has none."""
    return read(file, discovery={"jobs": [{**JOB, **job} for job in jobs]}, **more)


def rules(loaded: Loaded) -> tuple[Rule, ...]:
    return loaded.settings.dialect.rules


def first(file: Path, /, metric: dict[str, Any] | None = None, **job: Any) -> Rule:
    """Return the first rule of one discovery job with one metric, Send with *metric*."""
    return rules(discovery(file, {**job, "metrics": [{**SEND, **(metric or {})}]}))[0]


def doubts(loaded: Loaded) -> list[str]:
    return [line.partition(": ")[2] for line in loaded.warnings]


@pytest.mark.parametrize(
    "values",
    [{"discovery": {"jobs": [JOB]}}, {"static": [NAMED]}, {"customNamespace": [NAMED]}],
)
def test_the_content_tells_whose_file_it_is(file: Path, values: dict[str, Any]) -> None:
    assert read(file, **values).settings.dialect.name == DialectName.YACE
    file.write_text(yaml.safe_dump(values))
    assert load(file, environ={}, flags={}, default_region=lambda: None).settings.dialect.name == DialectName.YACE


def test_the_flag_goes_before_the_content(file: Path) -> None:
    file.write_text(yaml.safe_dump({"discovery": {"jobs": [JOB]}}))
    with pytest.raises(ConfigError, match="discovery: unknown key"):
        load(file, environ={}, flags={}, default_region=lambda: "us-east-1", dialect=DialectName.NATIVE)
    file.write_text("targets: [{regions: [us-east-1]}]\n")
    with pytest.raises(ConfigError, match="one of discovery, static, customNamespace is missing"):
        load(file, environ={}, flags={}, default_region=lambda: None, dialect=DialectName.YACE)


def test_defaults_are_theirs(file: Path) -> None:
    found = first(file)
    assert (found.period_seconds, found.delay_seconds) == (300, 0)
    assert found.range_seconds == 600  # the length and a period, since theirs begins at a whole one
    assert (found.timestamps, found.every, found.zero) == (False, False, True)
    assert [(name, family.name, family.help) for name, family in found.families] == [
        ("Sum", "aws_ses_send_sum", "Help is not implemented yet.")
    ]


def test_what_a_metric_says_goes_before_what_the_job_says_and_0_says_nothing(file: Path) -> None:
    job = {"period": 120, "length": 600, "delay": 60, "addCloudwatchTimestamp": True, "statistics": ["p99"]}
    own = {"period": 60, "length": 300, "delay": 30, "addCloudwatchTimestamp": False, "statistics": ["Sum", "p99.9"]}
    empty = {"period": 0, "length": 0, "delay": 0, "statistics": []}
    found = rules(discovery(file, {**job, "metrics": [{**SEND, **own}, {**SEND, **empty}]}))
    assert [(each.period_seconds, each.delay_seconds, each.timestamps, each.statistics) for each in found[::2]] == [
        (60, 30, False, ("Sum", "p99.9")),
        (120, 60, True, ("p99",)),
    ]
    assert [family.name for _, family in found[0].families] == ["aws_ses_send_sum", "aws_ses_send_p99_9"]


def test_discovery_shows_the_account_and_all_dimensions_and_with_requirements_only_these(file: Path) -> None:
    account, sets = rules(discovery(file, {}))
    assert (account.selection, sets.selection) == (None, Selection((), "Send"))
    assert dict(account.labels) == dict(sets.labels) == {"name": "global"}
    (required,) = rules(discovery(file, {"dimensionNameRequirements": [SETS, "b"]}))
    assert required.selection == Selection(((SETS, Found()), ("b", Found())), "Send")


def test_discovery_does_not_ask_for_what_an_account_as_a_whole_has_not(file: Path) -> None:
    received = {"name": "Received", "statistics": ["Sum"]}
    assert not METRICS["Received"].account_level
    assert [each.selection for each in rules(discovery(file, {"metrics": [received]}))] == [Selection((), "Received")]
    assert [each.selection for each in rules(read(file, static=[{**NAMED, "metrics": [received]}]))] == [None]


def test_static_and_custom_namespace_jobs_carry_their_name(file: Path) -> None:
    job = {**NAMED, "dimensions": [{"name": SETS, "value": "news"}], "customTags": [{"key": "cost-center", "value": 7}]}
    loaded = read(file, static=[job], customNamespace=[{**NAMED, "dimensionNameRequirements": [SETS]}])
    static, custom = rules(loaded)
    assert static.selection == Selection(((SETS, Chosen(("news",))),), "Send")
    assert static.label_pairs("123456789012", "us-east-1", ((SETS, "news"),)) == (
        ("account_id", "123456789012"),
        ("custom_tag_cost_center", "7"),
        ("dimension_ses_configuration_set", "news"),
        ("name", "mail"),
        ("region", "us-east-1"),
    )
    assert custom.selection == Selection(((SETS, Found()),), "Send")
    assert dict(custom.labels) == {"name": "mail"}
    assert rules(read(file, static=[NAMED]))[0].selection is None


def test_labels_are_in_snake_case_with_the_flag(file: Path) -> None:
    job = {"customTags": [{"key": "CostCenter", "value": "x"}], "dimensionNameRequirements": ["RuleSetName"]}
    names = {
        snake: [
            name
            for name, _ in rules(discovery(file, job, snake_case=snake))[0].label_pairs(
                "1", "r", (("RuleSetName", "a"), ("a%b", "c"))
            )
        ]
        for snake in (False, True)
    }
    assert names[False] == [
        "account_id",
        "custom_tag_CostCenter",
        "dimension_RuleSetName",
        "dimension_a_percentb",
        "name",
        "region",
    ]
    assert names[True][1:3] == ["custom_tag_cost_center", "dimension_a_percentb"]
    assert names[True][3] == "dimension_rule_set_name"


def test_every_role_and_region_that_a_job_names_is_read_once_and_shows_the_rules_of_its_jobs(file: Path) -> None:
    loaded = discovery(
        file,
        {"regions": ["us-east-1", "eu-west-1", "us-east-1"]},
        {"roles": [{"roleArn": ROLE, "externalId": 1234}, {}], "regions": ["eu-west-1"], "metrics": [RATE]},
        static=[{**NAMED, "roles": [{"roleArn": ROLE, "externalId": 1234}], "regions": ["us-west-2"]}],
    )
    settings = loaded.settings
    assert [(each.label, each.regions) for each in settings.targets] == [
        ("default", ("us-east-1", "eu-west-1")),
        ("210987654321", ("eu-west-1", "us-west-2")),
    ]
    external_id = settings.targets[1].external_id
    assert external_id is not None
    assert external_id.get_secret_value() == "1234"
    assert "1234" not in masked(settings) + repr(settings.dialect)
    shown = {
        place: {(each.metric, dict(each.labels)["name"]) for each in settings.dialect.rules_of(place)}
        for place in (
            ("default", "us-east-1"),
            ("default", "eu-west-1"),
            ("210987654321", "eu-west-1"),
            ("210987654321", "us-west-2"),
            ("210987654321", "us-east-1"),
        )
    }
    send, rate, static = ("Send", "global"), ("Reputation.BounceRate", "global"), ("Send", "mail")
    assert list(shown.values()) == [{send}, {send, rate}, {rate}, {static}, set()]
    assert not dimension_plan(settings, ("210987654321", "us-west-2")).listed
    assert dimension_plan(settings, ("210987654321", "eu-west-1")).selections == (
        Selection((), "Reputation.BounceRate"),
    )
    assert loaded.warnings == ()


def test_dimensions_are_listed_at_each_poll_and_only_where_a_job_looks_for_them(file: Path) -> None:
    assert discovery(file, {}).settings.sources.dimensions.refresh_seconds == 60
    assert read(file, static=[NAMED]).settings.sources.dimensions.refresh_seconds == 3600


def test_what_has_no_effect_here_is_said(file: Path) -> None:
    job = {"recentlyActiveOnly": True, "roundingPeriod": 300, "includeContextOnInfoMetrics": True}
    loaded = discovery(file, {**job, "metrics": [{**SEND, "delay": 60}]}, **{"sts-region": "eu-west-1"})
    assert [line.partition(": ")[0].partition(" = ")[0] for line in doubts(loaded)] == [
        "sts-region",
        "discovery.jobs[0].recentlyActiveOnly",
        "discovery.jobs[0].includeContextOnInfoMetrics",
        "discovery.jobs[0].roundingPeriod",
        "discovery.jobs[0].metrics[0].delay",
    ]
    assert rules(loaded)[0].delay_seconds == 60
    off = discovery(file, {"recentlyActiveOnly": False, "searchTags": [], "enhancedMetrics": []})
    assert off.warnings == ()


def test_jobs_of_other_namespaces_are_left_out_with_a_line_each(file: Path) -> None:
    loaded = read(
        file,
        discovery={"jobs": [{"type": "AWS/EC2", "anything": 1}, JOB], "exportedTagsOnMetrics": {"AWS/EC2": ["Name"]}},
        static=[{"namespace": "AWS/AutoScaling"}],
        customNamespace=[{"namespace": "Mine", "regions": 5}],
    )
    assert [each.metric for each in rules(loaded)] == ["Send", "Send"]
    assert doubts(loaded) == [
        "discovery.exportedTagsOnMetrics.'AWS/EC2': does nothing: only AWS/SES is read here",
        "discovery.jobs[0].type = AWS/EC2: the job is left out: only AWS/SES is read here",
        "static[0].namespace = AWS/AutoScaling: the job is left out: only AWS/SES is read here",
        "customNamespace[0].namespace = Mine: the job is left out: only AWS/SES is read here",
    ]


def test_every_account_metric_is_read_natively_and_names_of_theirs_are_not_ours(file: Path) -> None:
    settings = discovery(file, {"metrics": [SEND, RATE]}).settings
    plans = {plan.name: plan for plan in metric_plans(settings, settings.targets[0])}
    assert list(plans) == [metric.name for metric in METRICS.values() if metric.account_level]
    assert plans["Send"].statistics == plans["Reputation.BounceRate"].statistics == ()
    assert plans["Bounce"].statistics == ("Sum",)


def test_hundreds_of_static_jobs_load(file: Path) -> None:
    jobs = [{**NAMED, "dimensions": [{"name": SETS, "value": f"set-{number}"}]} for number in range(300)]
    settings = read(file, static=jobs).settings
    assert len(settings.dialect.rules) == len(dimension_plan(settings).selections) == 300


@pytest.mark.parametrize("variable", ["METRICS", "TARGETS"])
def test_the_environment_cannot_say_what_the_jobs_say(file: Path, variable: str) -> None:
    name = f"AWS_SES_EXPORTER__{variable}"
    with pytest.raises(ConfigError) as caught:
        discovery(file, {}, environ={name: "[]"})
    said = f"environment: {name}: cannot stand beside a file of yace, which says that itself"
    assert [str(problem) for problem in caught.value.problems] == [said]
    assert discovery(file, {}, environ={"AWS_SES_EXPORTER__PERIOD_SECONDS": "60"}).settings.period_seconds == 60


def test_a_reload_sees_that_a_job_has_changed(file: Path) -> None:
    one, same, other = (
        discovery(file, {"customTags": [{"key": "a", "value": value}]}).settings for value in ("x", "x", "y")
    )
    assert digest(one) == digest(same) != digest(other)


def test_the_flag_for_snake_case_says_that_it_is_for_their_file(file: Path) -> None:
    file.write_text("targets: [{regions: [us-east-1]}]\n")
    loaded = load(file, environ={}, flags={}, default_region=lambda: None, labels_snake_case=True)
    assert loaded.warnings == ("flag: --labels-snake-case: does nothing: it is for a file of YACE",)


EXAMPLE_METRICS = ("Send", "Delivery", "Bounce", "Reputation.BounceRate", "Reputation.ComplaintRate")
EXAMPLE = """
apiVersion: v1alpha1
discovery:
  jobs:
    - type: AWS/SES
      regions:
        - us-east-1
      period: 300
      length: 300
      metrics:
"""


def test_the_example_that_they_ship_loads(file: Path) -> None:
    metrics = "".join(f"        - name: {name}\n          statistics: [Sum]\n" for name in EXAMPLE_METRICS)
    file.write_text(EXAMPLE + metrics)
    loaded = load(file, environ={}, flags={}, default_region=lambda: None)
    names = {family.name for each in rules(loaded) for _, family in each.families}
    shown = ("send", "delivery", "bounce", "reputation_bounce_rate", "reputation_complaint_rate")
    assert names == {f"aws_ses_{name}_sum" for name in shown}
    assert loaded.warnings == ()
