"""Mutants of the alerts: each rule changed in one place that a rule test has to notice.

`python -m tests.alerts.mutants [ALERT ...]` tries them all and prints a line for each kind and rule.
"""

from __future__ import annotations

import shutil
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import promql_parser as promql
import yaml

from tests import yamls
from tests.alerts.promtool import failures
from tests.alerts.rulefiles import ALERTS, COMPARISONS, LOGICAL, OWN, PEERS, Rule, promtool_tests, read, replaced

MIRROR = {">": "<", "<": ">", ">=": "<=", "<=": ">=", "==": "!=", "!=": "=="}


class Verdict(StrEnum):
    """What the rule tests say of a mutant."""

    KILLED = "killed"
    SURVIVED = "SURVIVED"
    BROKEN = "BROKEN"
    """It failed for another reason than an expectation, so nothing is proven."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """A *rule* with one *change*: the keys that are other now, None where a key is gone; *kind* and *what* say it."""

    rule: Rule
    kind: str
    what: str
    change: dict[str, str | None]

    def __str__(self) -> str:
        return f"{self.rule}: {self.kind}, {self.what}"


def mutants(rule: Rule) -> Iterator[Mutant]:
    """Yield every mutant of *rule*: comparisons reversed, thresholds doubled and halved, waits removed."""
    expr = promql.parse(rule.expr)
    for what, text in replaced(expr, _reversed):
        yield Mutant(rule, "reversed", what, {"expr": text})
    for kind, factor in (("doubled", 2.0), ("halved", 0.5)):
        for what, text in replaced(expr, lambda each, factor=factor: _scaled(each, factor)):  # type: ignore[misc]
            yield Mutant(rule, kind, what, {"expr": text})
    for key, wait in rule.waits.items():
        yield Mutant(rule, f"no {key}", wait, {key: None})


def _reversed(each: promql.BinaryExpr) -> Iterator[tuple[str, str]]:
    op = str(each.op)
    if op in COMPARISONS:
        yield f"{op} to {MIRROR[op]}", f"{each.lhs} {MIRROR[op]} {each.rhs}"


def _scaled(each: promql.BinaryExpr, factor: float) -> Iterator[tuple[str, str]]:
    op = str(each.op)
    if op in LOGICAL:
        return
    for side in ("lhs", "rhs"):
        literal = getattr(each, side)
        if not isinstance(literal, promql.NumberLiteral):
            continue
        # Twice 0 is 0, so that a 0 has its two mutants among the halved ones.
        values = ([1.0, -1.0] if factor < 1 else []) if literal.val == 0 else [literal.val * factor]
        for value in values:
            lhs, rhs = (value, each.rhs) if side == "lhs" else (each.lhs, value)
            yield f"{op} {literal} to {value:g}", f"{lhs} {op} {rhs}"


def _rule(content: Any, rule: Rule) -> dict[str, Any]:
    """Return the mapping in a rule file's *content* that is *rule*; its expression tells it from its namesakes."""
    found: list[dict[str, Any]] = [
        each
        for group in content["groups"]
        for each in group["rules"]
        if each.get("alert") == rule.name and each["expr"] == rule.expr and each.get("labels") == rule.labels
    ]
    (only,) = found
    return only


class Bench:
    """Runs the rule tests of one alert on rules that a mutant changed; *alerts* is a folder of its own for that.

    For speed it has only the rules that count for the alert: itself, what it asks for, and what that asks for; and it
    runs one test after the other, the one that killed the mutant before first, until one fails.
    """

    def __init__(self, alert: Rule, promtool: str, alerts: Path) -> None:
        self._promtool = promtool
        self._alerts = alerts
        paths = PEERS if alert.file in PEERS else OWN
        self._files = {path: yamls.load(path.read_text(encoding="utf-8")) for path in paths}
        text = promtool_tests(alert).read_text(encoding="utf-8")
        needed = self._needed(alert.name, text)
        for group in (group for content in self._files.values() for group in content["groups"]):
            group["rules"] = [each for each in group["rules"] if _names(each) & needed]
        self._write(paths)
        self._tests = self._split(text, promtool_tests(alert, alerts=alerts))
        self._killers: set[Path] = set()

    def killers_pass(self) -> bool:
        """Tell whether the tests that killed a mutant pass as long as nothing is changed."""
        return not any(failures(self._promtool, test) for test in self._killers)

    def verdict(self, mutant: Mutant) -> Verdict:
        """Return what the tests say of *mutant*; afterwards nothing is changed."""
        path = mutant.rule.file
        rule = _rule(self._files[path], mutant.rule)
        before = dict(rule)
        rule.update({key: value for key, value in mutant.change.items() if value is not None})
        for key in [key for key, value in mutant.change.items() if value is None]:
            del rule[key]
        self._write([path])
        try:
            return self._run()
        finally:
            rule.clear()
            rule.update(before)
            self._write([path])

    def _needed(self, name: str, text: str) -> set[str]:
        """Return the names of the rules that count for the alert called *name* and for the *text* of its tests."""
        every = [each for content in self._files.values() for group in content["groups"] for each in group["rules"]]
        needed = {name}
        seen = text
        while True:
            found = {each["record"] for each in every if "record" in each and each["record"] in seen}
            found |= {each["alert"] for each in every if "alert" in each and f'alertname="{each["alert"]}"' in seen}
            found |= needed
            more = "".join(str(each) for each in every if _names(each) & found)
            if found == needed and more in seen:
                return needed
            needed, seen = found, text + more

    def _split(self, text: str, path: Path) -> list[Path]:
        """Write a file beside *path* for each of the tests in *text*, and return their paths."""
        content = yamls.load(text)
        # Values such as 0x60 are numbers to PyYAML, and text to promtool.
        texts = yaml.load(text, yaml.CBaseLoader)  # noqa: S506  # it makes nothing but text
        path.parent.mkdir(parents=True)
        parts = []
        for number, (test, written) in enumerate(zip(content["tests"], texts["tests"], strict=True)):
            test["input_series"] = written.get("input_series", [])
            parts.append(path.with_name(f"{number}.test.yml"))
            parts[-1].write_text(yamls.dump({**content, "tests": [test]}), encoding="utf-8")
        return parts

    def _write(self, paths: Iterable[Path]) -> None:
        for path in paths:
            copy = self._alerts / path.relative_to(ALERTS)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_text(yamls.dump(self._files[path]), encoding="utf-8")

    def _run(self) -> Verdict:
        for test in self._tests:
            if said := failures(self._promtool, test):
                self._killers.add(test)
                self._tests.sort(key=lambda each: each != test)
                return Verdict.KILLED if " got:" in said else Verdict.BROKEN
        return Verdict.SURVIVED


def _names(rule: Mapping[str, object]) -> set[object]:
    return {rule.get("alert"), rule.get("record")} - {None}


def sample(rule: Rule) -> list[Mutant]:
    """Return of the mutants of *rule* one whose expression is changed and one without a wait, always the same ones."""
    every = list(mutants(rule))
    changed = [each for each in every if "expr" in each.change]
    chosen = Random(str(rule))
    return [chosen.choice(some) for some in (changed, [each for each in every if each not in changed]) if some]


def tried(alert: Rule, promtool: str, *, sampled: bool = False) -> list[tuple[Mutant, Verdict]]:
    """Return the mutants of the rules that share the name of *alert*, each with what the rule tests say of it.

    With *sampled* they are a sample of each rule's, otherwise all.

    Raises:
        ValueError: a test that killed one fails on the rules as they are too.
    """
    with TemporaryDirectory() as folder:
        bench = Bench(alert, promtool, Path(folder))
        same = [rule for rule in rules() if (rule.file, rule.name) == (alert.file, alert.name)]
        chosen = [mutant for rule in same for mutant in (sample(rule) if sampled else mutants(rule))]
        ends = [(mutant, bench.verdict(mutant)) for mutant in chosen]
        if not bench.killers_pass():
            raise ValueError(f"the tests of {alert.name} fail before anything is changed")
        return ends


def rules() -> list[Rule]:
    """Return every alert rule that is shipped."""
    return [rule for path in (*OWN, *PEERS) for rule in read(path) if rule.is_alert]


def table(ends: Sequence[tuple[Mutant, Verdict]]) -> Iterator[str]:
    """Yield the lines that tell what became of the mutants."""
    for mutant, end in ends:
        yield f"{end:9} {mutant}"
    for kind in sorted({mutant.kind for mutant, _ in ends}):
        of_kind = Counter(end for mutant, end in ends if mutant.kind == kind)
        yield f"{kind}: {of_kind[Verdict.KILLED]} of {of_kind.total()} killed"
    killed = sum(end is Verdict.KILLED for _, end in ends)
    yield f"{killed} of {len(ends)} mutants killed"


def main(names: Iterable[str]) -> int:
    """Try the mutants of the alerts with these *names*, of all without; return 1 if any was not killed, else 0."""
    promtool = shutil.which("promtool")
    if promtool is None:
        sys.stderr.write("promtool is not on PATH: apt-get install prometheus\n")
        return 1
    chosen = set(names)
    wanted = {(rule.file, rule.name): rule for rule in rules() if not chosen or rule.name in chosen}
    with ThreadPoolExecutor(2) as pool:
        ends = [each for found in pool.map(lambda rule: tried(rule, promtool), wanted.values()) for each in found]
    sys.stdout.writelines(f"{line}\n" for line in table(ends))
    return int(any(end is not Verdict.KILLED for _, end in ends))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
