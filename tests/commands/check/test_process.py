"""The command as a process: how it begins and how it ends."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.commands.check.world import NOBODY_LISTENS, RECENT, REGION, ROOT, minute, run, unmeasured
from tests.fakes.aws import FakeAws, Stall
from tests.processes import COMMAND, process, until

CHECK = (*COMMAND, "check", REGION, *RECENT)


def python(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT,
        env=unmeasured(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_an_aws_that_does_not_answer_is_given_up(aws: FakeAws) -> None:
    aws.fail(Stall(), times=None)
    begin = time.monotonic()
    done = run(REGION, *RECENT, "--timeout=1.5", AWS_ENDPOINT_URL=aws.url)
    assert (done.returncode, done.stdout, done.stderr) == (
        3,
        "UNKNOWN: Command too long to execute (timeout)... \n",
        "",
    )
    assert time.monotonic() - begin < 30


def test_what_holds_up_the_end_is_not_waited_for() -> None:
    done = python(
        "import time; from exporter.commands.check import _ending_after\nwith _ending_after(0.1): time.sleep(50)"
    )
    assert (done.returncode, done.stdout) == (3, "UNKNOWN: Command too long to execute (timeout)... \n")


def test_a_signal_while_aws_is_asked_is_unknown(aws: FakeAws) -> None:
    """SIGTERM, SIGHUP and SIGINT before that are in tests/test_early.py; asyncio would like to have SIGINT here."""
    number = signal.SIGINT
    aws.fail(Stall(), times=None)
    with process(CHECK, environ=unmeasured(AWS_ENDPOINT_URL=aws.url), command=(), cwd=ROOT) as running:
        until(lambda: aws.requests)
        assert running.stop(number) == 3
        assert running.process.stdout is not None
        assert running.process.stdout.read() == f"UNKNOWN: Ended by {number.name}. \n"
        assert running.lines == []


@pytest.mark.parametrize("arguments", [[REGION, "--critical-emails-sent=abc"], ["--help"]])
def test_output_that_nobody_reads_is_unknown(arguments: list[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as broken, Path("/dev/full").open("wb") as full:
        for stdout in (broken, full):
            done = subprocess.run(
                [*COMMAND, "check", *arguments],
                cwd=ROOT, env=unmeasured(), stdout=stdout, stderr=subprocess.PIPE, text=True, timeout=60, check=False,
            )  # fmt: skip
            assert (done.returncode, done.stderr) == (3, "")


@pytest.mark.parametrize(
    ("arguments", "closed"), [("--help", ">&-"), ("--period=x", ">&-"), ("--period=x", ">&- 2>&-")]
)
def test_without_an_output_from_the_start_it_is_unknown(arguments: str, closed: str) -> None:
    command = f"exec {shlex.join(COMMAND)} check {REGION} {arguments} {closed}"
    done = subprocess.run(
        ["sh", "-c", command], cwd=ROOT, env=unmeasured(), capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (3, "", "")


def test_a_line_that_the_terminal_cannot_show_is_said_with_question_marks_and_nothing_else_is(aws: FakeAws) -> None:
    """Nor a warning of the clock, which is a little off."""
    aws.put("Send", minute(3), 1, dimensions={"name": "naïve"}, region="eu-west-1")
    aws.now = lambda: time.time() - 100
    done = run(
        REGION, *RECENT, "--dimension=name=naïve", AWS_ENDPOINT_URL=aws.url, PYTHONIOENCODING="ascii", PYTHONUTF8="0"
    )
    assert (done.returncode, done.stdout.startswith("OK: 'na?ve' "), done.stderr) == (0, True, "")


def test_only_what_is_needed_is_imported() -> None:
    code = (
        "import sys; from exporter import cli; cli.run(['check', *sys.argv[1:]])\n"
        "print(sorted({'botocore', 'aiohttp', 'prometheus_client', 'starlette', 'uvicorn', 'uvloop', 'yaml', 'moto'}"
        " & set(sys.modules)), file=sys.stderr)"
    )
    for arguments, expected, said in (
        ([REGION, "--warning-bounce=abc"], "[]", "UNKNOW"),
        ([REGION, f"--endpoint-url={NOBODY_LISTENS}", "--timeout=50"], "['aiohttp', 'botocore']", "UNKNOW"),
    ):
        done = python(code, *arguments)
        assert (done.stderr.strip(), done.stdout[:6]) == (expected, said)
