"""What happens when nobody takes the output."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import PIPE

import pytest

from exporter import cli
from exporter.commands import check_config


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "config.yaml"
    path.write_text("targets: [{regions: [us-east-1]}]\n", encoding="utf-8")
    return path


def raising(error: OSError) -> Callable[[object], int]:
    def fails(_: object) -> int:
        raise error

    return fails


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("arguments", [["check-config", "FILE"], ["--version"], ["--help"]])
def test_output_that_cannot_be_written_is_one_line_and_1(arguments: list[str], file: Path) -> None:
    arguments = [str(file) if argument == "FILE" else argument for argument in arguments]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "exporter", *arguments], stdout=full, stderr=PIPE, text=True, check=False, timeout=60
        )
    line = "aws-ses-exporter: cannot write the output: no space left on device\n"
    assert (done.returncode, done.stderr) == (1, line)


def test_a_reader_that_has_gone_is_1_and_no_traceback(file: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with open(writing, "wb") as pipe:  # noqa: PTH123 - of a descriptor
        done = subprocess.run(
            [sys.executable, "-m", "exporter", "check-config", str(file)],
            stdout=pipe,
            stderr=PIPE,
            text=True,
            check=False,
            timeout=60,
        )
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) <= 1


def test_output_that_cannot_be_written_in_this_process_is_told(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(check_config, "check_config", raising(OSError(errno.ENOSPC, "No space left on device")))
    assert cli.run(["check-config", str(file)]) == 1
    assert capsys.readouterr().err == "aws-ses-exporter: cannot write the output: no space left on device\n"


def test_an_error_of_the_system_that_is_not_about_output_stays_a_bug(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check_config, "check_config", raising(OSError(errno.EMFILE, "too many open files")))
    with pytest.raises(OSError, match="too many open files"):
        cli.run(["check-config", str(file)])
