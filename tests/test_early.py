from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from exporter import early

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
MAIN = """
import os, sys
from exporter import cli
cli.run = lambda arguments: os.kill(os.getpid(), int(arguments[0])) or 5
cli.main()
"""


def handlers() -> list[object]:
    return [signal.getsignal(number) for number in SIGNALS]


def test_signals_are_what_they_were_afterwards() -> None:
    before = handlers()
    with early.quiet_signals():
        assert all(one != other for one, other in zip(handlers(), before, strict=True))
    assert handlers() == before


def test_a_handler_that_somebody_took_stays() -> None:
    before = signal.getsignal(signal.SIGHUP)
    try:
        with early.quiet_signals():
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize(
    ("number", "more", "code"),
    [
        (signal.SIGTERM, (), 0),
        (signal.SIGINT, ("run",), 0),
        (signal.SIGHUP, (), 5),
        (signal.SIGTERM, ("check-config",), -signal.SIGTERM),
        (signal.SIGTERM, ("demo",), -signal.SIGTERM),
        (signal.SIGTERM, ("migrate",), -signal.SIGTERM),
    ],
)
def test_a_signal_before_there_is_a_daemon_ends_it_well_and_quietly(
    number: signal.Signals, more: tuple[str, ...], code: int
) -> None:
    command = (sys.executable, "-c", MAIN, str(number.value), *more)
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (code, "", "")


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_before_the_monitoring_plugin_began_is_its_line_and_3(number: signal.Signals) -> None:
    command = (sys.executable, "-c", MAIN, str(number.value), "check")
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (3, f"UNKNOWN: Ended by {number.name}. \n", "")


def test_descriptors_that_are_open_stay_as_they_are() -> None:
    before = sorted(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").is_dir() else []  # noqa: PTH208 - names are enough
    kinds = [os.fstat(number) for number in range(3)]
    early.hold_standard_descriptors()
    assert [os.fstat(number) for number in range(3)] == kinds
    assert not before or sorted(os.listdir("/proc/self/fd")) == before  # noqa: PTH208


def test_descriptors_that_are_closed_are_the_null_device() -> None:
    code = (
        "import os; from exporter import early; os.close(0); os.close(2); early.hold_standard_descriptors(); "
        "null = os.stat(os.devnull).st_rdev; print([os.fstat(n).st_rdev == null for n in (0, 2)]); os.fstat(3)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (1, "[True, True]\n"), "and no other one is left open"
