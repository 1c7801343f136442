"""The locks: in step with pyproject.toml, hashed, and without addresses."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
LOCKS = ("build", "runtime", "demo", "dev")


def text(name: str) -> str:
    return (ROOT / "requirements" / f"{name}.txt").read_text()


def locked(name: str) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9._-]+)==([^\s;]+)", text(name), re.MULTILINE))


def asked(name: str) -> list[Requirement]:
    groups = PROJECT["dependency-groups"]
    project = PROJECT["project"]
    runtime, demo, build = project["dependencies"], project["optional-dependencies"]["demo"], groups["build"]
    dev = [line for line in groups["dev"] if isinstance(line, str)]
    lines = {
        "build": build,
        "runtime": runtime,
        "demo": [*runtime, *demo],
        "dev": [*runtime, *demo, *build, *dev],
    }[name]
    return [Requirement(line) for line in lines]


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_holds_all_that_the_project_asks_for(name: str) -> None:
    versions = locked(name)
    missing = [
        str(requirement)
        for requirement in asked(name)
        if not requirement.specifier.contains(versions.get(canonicalize_name(requirement.name), "0"), prereleases=True)
    ]

    assert not missing, "run make lock"


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_names_no_address_and_hashes_everything(name: str) -> None:
    lines = text(name).splitlines()
    pins = [number for number, line in enumerate(lines) if "==" in line]

    assert pins
    assert all(lines[number + 1].startswith("    --hash=sha256:") for number in pins)
    assert "://" not in text(name)
    assert not re.search(r"^-", text(name), re.MULTILINE)


@pytest.mark.parametrize("name", LOCKS)
def test_the_locks_agree_on_versions(name: str) -> None:
    assert locked(name).items() <= locked("dev").items()
