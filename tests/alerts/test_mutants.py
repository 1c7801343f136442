"""Every mutant of every alert makes a rule test fail: none of the numbers in the rules is there by chance.

`make test` tries two of each rule, `make soak` and `python -m tests.alerts.mutants` try them all.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from tests.alerts.mutants import Bench, Mutant, Verdict, mutants, rules, sample, tried
from tests.alerts.rulefiles import Rule
from tests.effort import SOAK
from tests.tools import require_tool

WITHOUT_NUMBERS = {
    "AWSSESWatchdog": "always fires",
    "AWSSESExporterAbsent": "absent() has no number",
    "AWSSESTargetMissing": "it was there and is not",
}

ALERTS = {f"{rule.file.parent.name} {rule.name}": rule for rule in rules()}


@pytest.mark.parametrize("alert", ALERTS.values(), ids=ALERTS)
def test_no_mutant_survives(alert: Rule) -> None:
    ends = tried(alert, require_tool("promtool", debian="prometheus"), sampled=not SOAK)

    kinds = {mutant.kind for mutant, _ in ends}
    assert {"reversed", "doubled", "halved"} & kinds or alert.name in WITHOUT_NUMBERS
    assert [f"{end} {mutant}" for mutant, end in ends if end is not Verdict.KILLED] == []


def test_a_change_that_no_test_notices_survives(tmp_path: Path) -> None:
    alert = ALERTS["rules AWSSESRejects"]
    bench = Bench(alert, require_tool("promtool", debian="prometheus"), tmp_path / "alerts")

    assert bench.verdict(Mutant(alert, "the same", "added 0", {"expr": f"{alert.expr} + 0"})) is Verdict.SURVIVED
    assert bench.verdict(Mutant(alert, "no rule", "not PromQL", {"expr": "increase("})) is Verdict.BROKEN
    assert bench.verdict(Mutant(alert, "other", "never", {"expr": "vector(1) == 0"})) is Verdict.KILLED
    assert bench.killers_pass()

    for test in tmp_path.rglob("*.test.yml"):
        test.write_text(test.read_text(encoding="utf-8").replace("alert_rule_test", "no_such_key"), encoding="utf-8")
    assert not bench.killers_pass()


@pytest.mark.parametrize("rule", rules(), ids=str)
def test_the_sample_has_a_changed_expression_and_a_removed_wait_of_each_rule(rule: Rule) -> None:
    kinds = [mutant.kind in {"reversed", "doubled", "halved"} for mutant in sample(rule)]

    assert kinds == [*([True] if rule.name not in WITHOUT_NUMBERS else []), *([False] if rule.waits else [])]


def test_mutants_of_a_rule() -> None:
    rule = dataclasses.replace(ALERTS["rules AWSSESCost"], expr="a * 30 >= 25 unless on (b) c / (d > 0) == 2")
    assert [each.change["expr"] for each in mutants(rule) if "expr" in each.change] == [
        "a{} * 30 <= 25 unless on (b) c{} / (d{} > 0) == 2",
        "a{} * 30 >= 25 unless on (b) c{} / (d{} > 0) != 2",
        "a{} * 30 >= 25 unless on (b) c{} / (d{} < 0) == 2",
        "a{} * 30 >= 50 unless on (b) c{} / (d{} > 0) == 2",
        "a{} * 60 >= 25 unless on (b) c{} / (d{} > 0) == 2",
        "a{} * 30 >= 25 unless on (b) c{} / (d{} > 0) == 4",
        "a{} * 30 >= 12.5 unless on (b) c{} / (d{} > 0) == 2",
        "a{} * 15 >= 25 unless on (b) c{} / (d{} > 0) == 2",
        "a{} * 30 >= 25 unless on (b) c{} / (d{} > 0) == 1",
        "a{} * 30 >= 25 unless on (b) c{} / (d{} > 1) == 2",
        "a{} * 30 >= 25 unless on (b) c{} / (d{} > -1) == 2",
    ]
