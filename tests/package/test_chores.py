"""The Makefile, what continuous integration runs, and the helper that asks for tools."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from exporter import __version__
from tests.tools import require_tool

ROOT = Path(__file__).parents[2]


def make(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = ["make", "--no-print-directory", "-C", str(ROOT), *arguments]
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    return subprocess.run(command, env=environ, capture_output=True, text=True, check=False)


def test_make_alone_lists_the_targets() -> None:
    lines = make().stdout.splitlines()

    assert {line.split()[0] for line in lines} > {"install", "demo", "test", "format", "golden", "docs", "image"}
    assert all(len(line.split()) > 2 for line in lines)


def test_without_a_python_new_enough_install_says_so(tmp_path: Path) -> None:
    said = make("install", "PYTHON=", f"VENV={tmp_path / 'venv'}")

    assert said.returncode == 2
    assert said.stderr.splitlines()[0] == (
        "no Python 3.11 or newer found: install one, or name it with make PYTHON=/path/to/python3"
    )
    assert not (tmp_path / "venv").exists()


@pytest.mark.parametrize(("uv", "program"), [("uv", "uv pip install"), ("", "-m pip install")])
def test_install_takes_only_what_is_hashed_with_uv_or_without(uv: str, program: str, tmp_path: Path) -> None:
    said = make("-n", "install", f"UV={uv}", "PYTHON=/usr/bin/python3", f"VENV={tmp_path / 'venv'}").stdout
    commands = [line for line in said.split(";") if "pip install" in line]

    assert program in said
    assert all("--require-hashes" in line or "--no-deps --no-build-isolation" in line for line in commands)


def image(folder: Path, version: str, *arguments: str) -> list[list[str]]:
    """Return how `make image` calls a container tool that says it is *version*."""
    tool = folder / "tool"
    tool.write_text(f"""#!/bin/sh\n[ "$1" = --version ] && echo '{version}' || echo "$@" >> {folder}/calls\n""")
    tool.chmod(0o755)
    said = make("image", f"DOCKER={tool}", *arguments)
    assert said.returncode == 0, said.stderr
    return [line.split() for line in (folder / "calls").read_text().splitlines()]


@pytest.mark.parametrize(
    ("version", "own"),
    [("podman version 4.3.1", True), ("buildah version 1.28.2", True), ("Docker version 28.2", False)],
)
def test_the_image_is_built_with_what_its_tool_needs_to_keep_the_health_check_and_the_times(
    version: str, own: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    calls = image(tmp_path, version, "BASE=python:3.13-slim@sha256:0", "IMAGE=x", "ARGS=--pull-never")
    flags = ["--format", "docker", "--timestamp", "1700000000"] if own else []

    assert [call[: len(flags) + 5] for call in calls] == [
        ["build", *flags, "--target", "exporter", "--tag", "x"],
        ["build", *flags, "--target", "demo", "--tag", "x:demo"],
    ]
    for call in calls:
        assert {"BASE=python:3.13-slim@sha256:0", "SOURCE_DATE_EPOCH=1700000000", f"VERSION={__version__}"} < set(call)
        assert call[-2:] == ["--pull-never", "."]


def test_without_a_container_tool_that_works_image_says_so() -> None:
    said = make("image", "DOCKER=")

    assert said.returncode == 2
    assert said.stderr.splitlines()[0] == (
        "no docker, podman or buildah that works here; make image DOCKER=... names one"
    )


def test_continuous_integration_runs_make_test_with_ci_set() -> None:
    script = ROOT / ".ci" / "run"
    lines = script.read_text().splitlines()

    assert os.access(script, os.X_OK)
    assert lines[0] == "#!/usr/bin/env bash"
    assert lines[-1] == "CI=true make test"
    assert "set -euo pipefail" in lines


def test_make_test_is_lint_types_layers_and_tests() -> None:
    said = make("-n", "test", "UV=uv", "PYTHON=/usr/bin/python3").stdout

    for part in ("ruff check .", "ruff format --check .", "mypy", "lint-imports", "pytest -n 4 ", " --cov "):
        assert part in said


def test_a_missing_tool_skips_on_a_laptop_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("CI", raising=False)

    with pytest.raises(pytest.skip.Exception, match="promtool is not on PATH: apt-get install prometheus"):
        require_tool("promtool", debian="prometheus")


def test_a_missing_tool_fails_in_continuous_integration(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("CI", "true")

    with pytest.raises(pytest.fail.Exception, match="promtool is not on PATH: apt-get install prometheus"):
        require_tool("promtool", debian="prometheus")


def test_a_tool_that_is_there_is_its_path() -> None:
    assert Path(require_tool("make", debian="make")).name == "make"
