"""`migrate` of YACE's file: jobs with places, roles and tags of their own, and what of its switches goes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from exporter import cli
from tests.fakes.cloudwatch import FakeCloudWatch
from tests.golden_pages import rendered, served
from tests.migrations import Compared, Migrated, Place, migrated

NOW = 1_781_697_607.0
MINUTE = 1_781_697_600
ROLE = "arn:aws:iam::210987654321:role/ses-reader"
SETS, SETS_LABEL = "ses:configuration-set", "ses_configuration_set"
SEND = {"name": "Send", "statistics": ["Sum"]}
RATE = {"name": "Reputation.BounceRate", "statistics": ["Sum", "Average"]}
OTHER = {"name": "New.Thing", "statistics": ["Average"]}
JOB = {"type": "AWS/SES", "regions": ["us-east-1"], "period": 300, "length": 600, "delay": 300, "metrics": [SEND]}
NAMED = {"name": "mail", "namespace": "AWS/SES", "regions": ["us-east-1"], "metrics": [{**SEND, "length": 600}]}
NATIVE = (("account_id", None), ("region", None))
HERE, THERE = ("default", "us-east-1"), ("default", "eu-west-1")
PLAIN = ("name", "global")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config.yml"


def discovery(file: Path, *jobs: dict[str, Any], snake_case: bool = False, **more: Any) -> Migrated:
    """Migrate a file with these discovery jobs, each with the keys of JOB where it has none."""
    found = {"jobs": [{**JOB, **job} for job in jobs]} if jobs else None
    values = {"apiVersion": "v1alpha1", "discovery": found, **more}
    file.write_text(yaml.safe_dump({name: value for name, value in values.items() if value}, sort_keys=False))
    return migrated(file, snake_case=snake_case)


def mail() -> FakeCloudWatch:
    """Return a CloudWatch with mail in each of the last minutes, of the account and of two sets, in each region."""
    cloudwatch = FakeCloudWatch()
    for region in ("us-east-1", "eu-west-1"):
        for minute in range(MINUTE - 3_600, MINUTE, 60):
            for number, dimensions in enumerate(({}, {SETS: "news"}, {SETS: "bills"}, {"RuleSetName": "a"})):
                value = (minute - MINUTE) // -60 + 100 * number
                for metric in ("Send", "Bounce", "New.Thing"):
                    cloudwatch.put(metric, minute, value, sample_count=2, dimensions=dimensions, region=region)
                rate = 0.001 * number
                cloudwatch.put("Reputation.BounceRate", minute, rate, dimensions=dimensions, region=region)
    return cloudwatch


async def pages(found: Migrated, where: tuple[str, str] = HERE) -> Compared:
    result = await found.compared(mail(), NOW, where)
    assert result.untold == []
    assert result.samples >= 28
    return result


async def test_any_dimension_loses_its_prefix_and_is_called_natively(file: Path) -> None:
    found = discovery(file, {})
    assert found.printed.moves == [
        (Place("aws_ses_send_sum", (PLAIN, *NATIVE)), Place("aws_ses_send_sum", NATIVE), None),
        (
            Place("aws_ses_send_sum", (PLAIN, *NATIVE, ("dimension_*", None))),
            Place("aws_ses_dimension_send_sum", (*NATIVE, ("*", None))),
            None,
        ),
    ]
    assert "dimension_RuleSet is rule_set" in "\n".join(found.printed.others)
    result = await pages(found)
    assert (result.announced, result.new) == ({}, set())
    assert found.values["metrics"][0] == {"name": "Send", "dimensions": ["all"]}


@pytest.mark.parametrize(("snake_case", "old"), [(False, "RuleSetName"), (True, "rule_set_name")])
async def test_labels_are_told_as_the_flag_had_them(snake_case: bool, old: str, file: Path) -> None:
    job = {"dimensionNameRequirements": ["RuleSetName", SETS], "customTags": [{"key": "CostCenter", "value": "7"}]}
    found = discovery(file, job, {"dimensionNameRequirements": ["RuleSetName"]}, snake_case=snake_case)
    tag = "cost_center" if snake_case else "CostCenter"
    assert found.printed.moves[0][:2] == (
        Place(
            "aws_ses_send_sum",
            (PLAIN, (f"custom_tag_{tag}", "7"), *NATIVE, (f"dimension_{old}", None), (f"dimension_{SETS_LABEL}", None)),
        ),
        Place("aws_ses_dimension_send_sum", (*NATIVE, ("rule_set_name", None), (SETS_LABEL, None))),
    )
    told = "\n".join(found.printed.others)
    assert f'Selectors {{custom_tag_{tag}="7"}} find nothing' in told
    assert f"No longer served: custom_tag_{tag}." in told
    assert {sample[0] for sample in (await pages(found)).new} == {"aws_ses_send_sum"}
    assert "Of the account as a whole now, by dimensions before: aws_ses_send_sum" in told


async def test_what_some_targets_have_all_have_and_it_says_so(file: Path) -> None:
    found = discovery(
        file,
        {"regions": ["us-east-1", "eu-west-1"]},
        {"metrics": [{**SEND, "name": "Bounce", "statistics": ["Maximum"]}], "dimensionNameRequirements": [SETS]},
        {"metrics": [RATE], "dimensionNameRequirements": [SETS], "roles": [{"roleArn": ROLE}]},
    )
    by_set = (*NATIVE, (SETS_LABEL, None))
    account = "in default eu-west-1, default us-east-1"
    assert found.printed.everywhere == {
        Place("aws_ses_send_sum", NATIVE): account,
        Place("aws_ses_dimension_send_sum", (*NATIVE, ("*", None))): account,
        Place("aws_ses_dimension_bounce_maximum", by_set): "in default us-east-1",
        Place("aws_ses_dimension_reputation_bounce_rate_sum", by_set): "in 210987654321 us-east-1",
        Place("aws_ses_dimension_reputation_bounce_rate_average", by_set): "in 210987654321 us-east-1",
    }
    bases = {"bounce", "reputation_bounce_rate"}
    result = await pages(found, THERE)
    told = next(line for line in found.printed.others if line.startswith("Of the account"))
    beside = {name for name, _ in result.new if name not in told}
    assert {
        re.sub("aws_ses_dimension_|_(total|sum|maximum|average|timestamp_seconds)$", "", name) for name in beside
    } == bases
    assert not [name for name, _ in (await pages(found)).new if "bounce_maximum" in name and "dimension" in name]


def test_places_that_jobs_have_together_are_all_places(file: Path) -> None:
    found = discovery(file, {}, {"regions": ["eu-west-1"]})
    assert found.printed.everywhere == {}
    assert len(found.printed.moves) == 2


async def test_other_dimensions_in_each_place_are_told(file: Path) -> None:
    jobs = [
        {**NAMED, "regions": [region], "dimensions": [{"name": SETS, "value": value}]}
        for region, value in (("us-east-1", "news"), ("eu-west-1", "bills"))
    ]
    found = discovery(file, static=jobs)
    sets = Place("aws_ses_dimension_send_sum", (*NATIVE, (SETS_LABEL, None)))
    assert found.printed.everywhere == {sets: "not of all dimensions in each"}
    for where, value in ((HERE, "bills"), (THERE, "news")):
        new = {dict(labels)[SETS_LABEL] for name, labels in (await pages(found, where)).new if "dimension" in name}
        assert new == {value}


async def test_a_window_that_only_some_places_have_names_them(file: Path) -> None:
    slow = {"metrics": [{**SEND, "period": 3600, "length": 3600}], "regions": ["eu-west-1"]}
    found = discovery(file, {}, slow)
    text = (
        "the newest complete 300 s that ended 300 s ago, 0 without mail; before: "
        "the newest complete 3600 s that ended 300 s ago, 0 without mail, in default eu-west-1"
    )
    assert set(found.printed.marks.values()) == {text}
    assert [mark for _, _, mark in found.printed.moves] == [None, "1", None, "1"]
    assert (await pages(found)).announced == {}
    there = await pages(found, THERE)
    assert {sample[0] for sample in there.announced} == {"aws_ses_send_sum"}


def test_every_role_becomes_a_target_and_its_external_id_is_not_printed(file: Path) -> None:
    roles = [{"roleArn": ROLE, "externalId": "hunter2-hunter2"}, {}]
    found = discovery(file, {"roles": roles, "regions": ["us-east-1", "eu-west-1"]})
    regions = ["us-east-1", "eu-west-1"]
    assert found.values["targets"] == [
        {"regions": regions, "role_arn": ROLE, "external_id": "<secret>"},
        {"regions": regions},
    ]
    assert "hunter2" not in found.printed.text
    assert found.warnings == [f"warning: {file}: a secret is not shown: put it in place of <secret>"]
    assert found.printed.everywhere == {}


async def test_datapoints_with_their_times_become_one_without_and_it_says_so(file: Path) -> None:
    switches = {"addCloudwatchTimestamp": True, "exportAllDataPoints": True}
    found = discovery(file, {**switches, "metrics": [SEND, RATE]})
    counts, rates = found.printed.marks["1"], found.printed.marks["2"]
    window = "with data of the last 1200 s that ended 300 s ago, with its timestamp"
    assert counts.endswith(f"; before: every 300 s {window}")
    assert rates.endswith(f"; before: every 60 s {window}")
    assert [mark for _, _, mark in found.printed.moves] == ["1", "1", "2", "2", "2", "2"]
    await pages(found)


async def test_what_nil_to_zero_made_of_an_unknown_metric_is_told(file: Path) -> None:
    found = discovery(file, {"nilToZero": True, "metrics": [OTHER, RATE], "dimensionNameRequirements": [SETS]})
    text = "held for 1209600 s; before: the newest complete 300 s that ended 300 s ago, 0 without mail"
    assert [mark for _, _, mark in found.printed.moves] == ["1", None, None]
    assert found.printed.marks["1"].endswith(text)
    assert any("does nothing for Reputation.BounceRate" in line for line in found.warnings)
    await pages(found)


async def test_the_account_and_dimensions_of_an_unknown_metric_have_no_form_together(file: Path) -> None:
    found = discovery(file, {"metrics": [SEND, OTHER]})
    place = Place("aws_ses_new_thing_average", (PLAIN, *NATIVE))
    assert list(found.printed.left_out) == [place]
    assert set((await pages(found)).announced.values()) == {"left out"}


async def test_the_self_metrics_that_go_and_those_that_come_are_there(file: Path) -> None:
    found = discovery(file, {})
    replaced = [re.fullmatch(r"(yace_\w+) goes: use (\w+).*\.", line) for line in found.printed.others]
    pairs = {match[1]: match[2] for match in replaced if match}
    both = [served((await rendered(each, mail(), NOW)).decode()) for each in (found.theirs, found.native)]
    assert pairs.keys() == {name for name in both[0].families if name.startswith("yace_")}
    text = (await rendered(found.native, mail(), NOW)).decode()
    assert set(pairs.values()) <= set(re.findall(r"^# HELP (\S+)", text, re.MULTILINE))


def test_hundreds_of_static_jobs_become_a_list_of_values(file: Path) -> None:
    values = [f"set-{number}" for number in range(120)]
    found = discovery(file, static=[{**NAMED, "dimensions": [{"name": SETS, "value": each}]} for each in values])
    assert found.values["metrics"][0]["dimensions"] == [{SETS: values}]
    assert len(found.printed.moves) == 1


def test_the_flags_of_yace_are_not_read_but_for_its_labels(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = discovery(file, {"dimensionNameRequirements": ["RuleSetName"]}).printed.others
    assert any("-scraping-interval goes before poll_interval_seconds" in line for line in told)
    flags = ["-scraping-interval", "60", "-labels-snake-case"]
    assert cli.run([*flags, "migrate", str(file)]) == 0
    printed = capsys.readouterr()
    assert "dimension_rule_set_name" in printed.out
    assert "poll_interval_seconds: 60" not in printed.out
    assert printed.err == ""
