"""Mutants of the data rules: each rule of the design broken in one place of a copy, which a test has to notice.

`python -m tests.faults.mutants [RULE ...]` tries them all, or those whose rule has a word in it; prints a line each.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.faults.more_rules import OF_SELECTION
from tests.faults.rules import OF_DATA, Mutant

MUTANTS = (*OF_DATA, *OF_SELECTION)
ROOT = Path(__file__).parents[2]


class Verdict(StrEnum):
    """What the tests say of a mutant."""

    KILLED = "killed"
    SURVIVED = "SURVIVED"
    BROKEN = "BROKEN"
    """The tests did not run, so nothing is proven."""


class Bench:
    """A copy of the project in *place*, in which one mutant after the other is tried."""

    def __init__(self, place: Path) -> None:
        """Copy what the tests need."""
        self._place = place
        for name in ("exporter", "tests"):
            shutil.copytree(ROOT / name, place / name, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "pyproject.toml", place)

    def passes(self, tests: Sequence[str]) -> bool:
        """Tell whether *tests* pass as long as nothing is broken."""
        return self._run(tests) is Verdict.SURVIVED

    def verdict(self, mutant: Mutant) -> Verdict:
        """Return what the tests say of *mutant*; afterwards nothing is broken.

        Raises:
            ValueError: what it changes does not stand in the file once.
        """
        path = self._place / "exporter" / mutant.file
        text = path.read_text(encoding="utf-8")
        if text.count(mutant.old) != 1:
            raise ValueError(f"not there once: {mutant}")
        path.write_text(text.replace(mutant.old, mutant.new), encoding="utf-8")
        try:
            return self._run(mutant.tests)
        finally:
            path.write_text(text, encoding="utf-8")

    def _run(self, tests: Sequence[str]) -> Verdict:
        options = ("-q", "-x", "--no-cov", "-p", "no:cacheprovider", "-p", "no:xdist", "--timeout=120")
        environ = {name: value for name, value in os.environ.items() if not name.startswith(("COV", "SOAK", "PYTEST"))}
        run = subprocess.run(
            [sys.executable, "-B", "-m", "pytest", *options, *tests],
            cwd=self._place,
            env={**environ, "PYTHONPATH": str(self._place)},
            capture_output=True,
            text=True,
            check=False,
        )
        return {0: Verdict.SURVIVED, 1: Verdict.KILLED}.get(run.returncode, Verdict.BROKEN)


def tried(mutants: Sequence[Mutant]) -> Iterator[tuple[Mutant, Verdict]]:
    """Yield what the tests say of each of *mutants*."""
    with TemporaryDirectory() as place:
        bench = Bench(Path(place))
        for mutant in mutants:
            yield mutant, bench.verdict(mutant)


def main(words: Sequence[str]) -> int:
    """Try the mutants whose rule has one of *words* in it, or all, and print a line each; 1 where one survives."""
    wanted = [mutant for mutant in MUTANTS if not words or any(word in mutant.rule for word in words)]
    ends = [verdict for mutant, verdict in map(_told, tried(wanted))]
    return int(any(verdict is not Verdict.KILLED for verdict in ends))


def _told(end: tuple[Mutant, Verdict]) -> tuple[Mutant, Verdict]:
    print(f"{end[1]:9} {end[0]}", flush=True)  # noqa: T201 - what the command is for
    return end


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
