"""The rule tests in `alerts/tests`: promtool passes them, and each alert has cases that fire and cases that do not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests import yamls
from tests.alerts.mutants import rules
from tests.alerts.promtool import failures
from tests.alerts.rulefiles import ALERTS, Rule, promtool_tests
from tests.effort import SOAK
from tests.tools import require_tool

FILES = sorted((ALERTS / "tests").rglob("*.test.yml"))

RECORDING = ALERTS / "tests" / "recording.test.yml"

ALWAYS = ("AWSSESWatchdog",)
"""What has no case in which it does not fire."""

Case = Mapping[str, Any]
"""One `alert_rule_test`: what promtool demands of one alert at one time."""


def cases(file: Path) -> Iterator[Case]:
    content = yamls.load(file.read_text(encoding="utf-8"))
    for each in content["tests"]:
        yield from each.get("alert_rule_test", ())


def expected(case: Case) -> list[Mapping[str, str]]:
    """Return the labels of the alerts that *case* expects."""
    return [each["exp_labels"] for each in case.get("exp_alerts") or ()]


def of_rule(case: Case, rule: Rule) -> bool:
    """Tell whether *case* expects an alert of *rule*, which its fixed labels show."""
    return any(rule.labels.items() <= labels.items() for labels in expected(case))


LONG = {
    f"AWSSES{name}.test.yml" for name in ("BounceShare", "ComplaintShare", "SendSpike", "SendStopped", "TargetMissing")
}
"""Days and weeks, in which all rules of a theme take promtool half a minute.

`make soak` runs them so. `make test` runs them in test_mutants.py, with the rules that count for the alert.
"""
TRIED = [file for file in FILES if SOAK or file.name not in LONG]


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ALERTS / "tests")))
def test_a_file_names_rule_files_and_groups_that_there_are(file: Path) -> None:
    content = yamls.load(file.read_text(encoding="utf-8"))
    files = [file.parent / name for name in content["rule_files"]]
    groups = {group["name"] for each in files for group in yamls.load(each.read_text(encoding="utf-8"))["groups"]}

    assert set(content.get("group_eval_order", ())) <= groups
    assert not LONG - {each.name for each in FILES}


@pytest.mark.parametrize("file", TRIED, ids=lambda file: str(file.relative_to(ALERTS / "tests")))
def test_promtool_passes(file: Path) -> None:
    assert failures(require_tool("promtool", debian="prometheus"), file) == ""


@pytest.mark.parametrize("rule", rules(), ids=str)
def test_fires_and_does_not_fire(rule: Rule) -> None:
    found = [case for case in cases(promtool_tests(rule)) if case["alertname"] == rule.name]

    assert any(of_rule(case, rule) for case in found), "no case in which it fires"
    assert rule.name in ALWAYS or any(not of_rule(case, rule) for case in found), "no case in which it does not"


def test_every_file_is_about_a_shipped_alert_or_the_recorded_counters() -> None:
    assert set(FILES) - {promtool_tests(rule) for rule in rules()} == {RECORDING}


def test_every_case_names_the_alert_of_its_file_and_whole_annotations() -> None:
    of = {(rule.name, tuple(rule.labels.items())): set(rule.annotations) for rule in rules()}
    for file in FILES:
        for case in cases(file):
            assert case["alertname"] == file.name.removesuffix(".test.yml"), file
            for each in case.get("exp_alerts") or ():
                wanted = [
                    keys
                    for (name, labels), keys in of.items()
                    if name == case["alertname"] and dict(labels).items() <= each["exp_labels"].items()
                ]
                assert set(each["exp_annotations"]) in wanted, (file, each["exp_labels"])
