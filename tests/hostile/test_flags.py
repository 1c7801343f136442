"""Hostile arguments: in this process, and a few as an operator gives them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from exporter import cli
from tests.effort import SOAK, examples
from tests.hostile.invariant import SECRET, harmless
from tests.processes import COMMAND, environment

FLAGS = (
    "--config.file",
    "--config.dialect",
    "--web.listen-address",
    "--web.telemetry-path",
    "--web.config.file",
    "--log.level",
    "--log.format",
    "--scraping-interval",
)
SWITCHES = ("--fips", "--labels-snake-case", "--web.enable-lifecycle", "--cloudwatch-concurrency.per-api-limit-enabled")
VALUES = (
    "",
    "-",
    "--",
    "---",
    "=",
    "x" * 99_999,
    "\n",
    "\x1b[31m",
    "\udcff\udcfe",
    "0x10",
    "-1",
    "9" * 5_000,
    "é",
    "%s{0}",
)


def _unknown(rng: Random) -> list[str]:
    return [rng.choice(["--", "-", "---"]) + rng.choice(["x", "confg.file", "web", "é", "\udcff", "X" * 9_999])]


def _repeated(rng: Random) -> list[str]:
    return [rng.choice(FLAGS), rng.choice(VALUES)] * rng.choice([2, 50])


def _without_value(rng: Random) -> list[str]:
    return [rng.choice(SWITCHES), rng.choice(FLAGS)]


def _odd_values(rng: Random) -> list[str]:
    flag = rng.choice(FLAGS)
    return [f"{flag}={rng.choice(VALUES)}"] if rng.random() < 0.5 else [flag, rng.choice(VALUES)]


def _switches_with_values(rng: Random) -> list[str]:
    flag = rng.choice(SWITCHES)
    return rng.choice([[f"{flag}={rng.choice(VALUES)}"], [flag, rng.choice(VALUES)], [f"--no-{flag[2:]}=x"]])


def _dashes(rng: Random) -> list[str]:
    return ["-" * rng.randint(1, 6) for _ in range(rng.randint(1, 4))]


def _commands(rng: Random) -> list[str]:
    return rng.choice([[""], ["RUN"], ["run", "run", "x"], ["check-config", "a", "b"], ["x" * 9_999], ["9199", "", ""]])


def _mixtures(rng: Random) -> list[str]:
    words = (*FLAGS, *SWITCHES, *VALUES, "check-config", "verify-config")
    return [*rng.choices(words, k=rng.randint(1, 9)), "--no-such-flag"]


CLASSES = (_unknown, _repeated, _without_value, _odd_values, _switches_with_values, _dashes, _commands, _mixtures)


@pytest.mark.parametrize("make", CLASSES, ids=lambda make: make.__name__)
def test_hostile_arguments_are_refused_in_readable_lines(
    make: Callable[[Random], list[str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    rng = Random(os.urandom(8).hex() if SOAK else make.__name__)
    codes = set()
    for _ in range(examples(12)):
        arguments = make(rng)
        if "check-config" not in arguments:
            arguments = [*arguments, "check-config"] if rng.random() < 0.3 else [*arguments, "--no-such-flag"]
        code = cli.run(arguments)
        captured = capsys.readouterr()
        assert code in {0, 2}, arguments
        codes.add(code)
        if code:
            harmless(captured.err, files=tuple(arguments))
            assert captured.err
    assert 2 in codes


@pytest.mark.parametrize(
    "arguments",
    [[b"--config.file=\xff\xfe"], [b"\xff"], [b"--web.telemetry-path", b"/\xc3\x28"], [b"--x\n\x1b[31m"]],
)
def test_the_process_says_in_a_line_what_is_wrong(arguments: list[bytes]) -> None:
    done = subprocess.run(
        [*(part.encode() for part in COMMAND), *arguments],
        env={**environment(AWS_REGION="us-east-1"), "AWS_SES_EXPORTER__TARGETS": f'[{{"external_id": ["{SECRET}"]}}]'},
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (2, b"")
    harmless(done.stderr.decode(), files=("\\", '"'))
