"""The metrics of the process are those of the library, without its detours."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from prometheus_client.process_collector import ProcessCollector

from exporter.telemetry.process import Process

STAT = "7 (an (odd) name) S 1 2 3 4 5 6 7 8 9 10 250 31 14 15 16 17 18 19 5000 123456 789 22 23"
LIMITS = "Limit  Soft  Hard  Units\nMax open files            1024                 4096                 files\n"


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    (tmp_path / "self" / "fd").mkdir(parents=True)
    for number in range(5):
        (tmp_path / "self" / "fd" / str(number)).touch()
    (tmp_path / "self" / "stat").write_text(STAT)
    (tmp_path / "self" / "limits").write_text(LIMITS)
    (tmp_path / "stat").write_text("cpu  1 2\nbtime 1795305600\n")
    return tmp_path


def ours(proc: Path) -> list[tuple[str, str, str, float]]:
    readings = Process(str(proc)).readings()
    return [(family.name, family.type, family.help, value) for family, value in readings]


def theirs(proc: Path) -> list[tuple[str, str, str, float]]:
    families = ProcessCollector(proc=str(proc), registry=None).collect()
    return sorted((each.samples[0].name, each.type, each.documentation, each.samples[0].value) for each in families)


def test_every_family_is_as_the_library_has_it(proc: Path) -> None:
    assert len(ours(proc)) == 6
    assert ours(proc) == theirs(proc)


@pytest.mark.parametrize("missing", ["stat", "self/stat"])
def test_what_cannot_be_read_is_absent(proc: Path, missing: str) -> None:
    (proc / missing).unlink()
    assert ours(proc) == theirs(proc)


@pytest.mark.parametrize("broken", ["", "7 (short) S", "7 (words) S" + " x" * 50])
def test_what_cannot_be_understood_is_absent(proc: Path, broken: str) -> None:
    (proc / "self" / "stat").write_text(broken)
    (proc / "self" / "limits").write_text("Max open files unlimited\n")
    assert [name for name, *_ in ours(proc)] == ["process_open_fds"]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has /proc")
def test_this_process_has_them_all() -> None:
    readings = Process().readings()
    assert len(readings) == 6
    assert all(value > 0 for _, value in readings)


def test_what_is_held_open_is_closed_once(proc: Path) -> None:
    process = Process(str(proc))
    opened = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - names are enough
    for _ in range(2):
        process.close()
        assert len(os.listdir("/proc/self/fd")) == opened - 1  # noqa: PTH208
    assert [family.name for family, _ in process.readings()] == ["process_max_fds", "process_open_fds"]
