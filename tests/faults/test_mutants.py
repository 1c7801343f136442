"""Each data rule of the design, broken: a test notices. `make test` tries three of them, `make soak` all.

`python -m tests.faults.mutants` prints a line for each.
"""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from tests.effort import SOAK
from tests.faults.mutants import MUTANTS, ROOT, Bench, Verdict, tried
from tests.faults.rules import Mutant

SAMPLE = Random("mutants").sample(MUTANTS, 3)
RULES = "123456789DFL"
STORE = ("tests/test_store.py",)

pytestmark = pytest.mark.timeout(3600)


def test_no_mutant_survives() -> None:
    ends = list(tried(MUTANTS if SOAK else SAMPLE))

    assert [f"{end} {mutant}" for mutant, end in ends if end is not Verdict.KILLED] == []


def test_each_rule_of_the_design_has_a_mutant_and_each_mutant_its_place() -> None:
    assert {mutant.rule[0] for mutant in MUTANTS} == set(RULES)
    assert len({mutant.rule for mutant in MUTANTS}) == len(MUTANTS)
    for mutant in MUTANTS:
        assert (ROOT / "exporter" / mutant.file).read_text(encoding="utf-8").count(mutant.old) == 1, str(mutant)
        assert all((ROOT / test).is_file() for test in mutant.tests)


def test_a_change_that_no_test_notices_survives(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    old = "self._version = next(self._versions)"

    assert bench.verdict(Mutant("the same", "store.py", old, f"{old}  # still", STORE)) is Verdict.SURVIVED
    assert bench.verdict(Mutant("no Python", "store.py", old, "self._version = = 5", STORE)) is Verdict.BROKEN
