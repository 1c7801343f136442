"""The locks: in step with pyproject.toml, hashed, and without addresses."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
INSTALLED = ("build", "runtime", "demo", "dev")
LOCKS = (*INSTALLED, "audit")
"""The tool of the audit has an environment of its own."""


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
        "audit": groups["audit"],
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


@pytest.mark.parametrize("name", INSTALLED)
def test_the_locks_agree_on_versions(name: str) -> None:
    assert locked(name).items() <= locked("dev").items()


def test_what_the_audit_shares_with_the_others_has_their_version() -> None:
    audit, others = locked("audit"), locked("dev")
    shared = audit.keys() & others.keys()

    assert {name: audit[name] for name in shared} == {name: others[name] for name in shared}


PLATFORMS = ("x86_64-manylinux_2_28", "aarch64-manylinux_2_28")
"""Those of the image: linux/amd64 and linux/arm64."""


def missing(platform: str, folder: Path) -> str:
    """Return what uv has against installing all that the image takes on *platform*, from wheels alone."""
    locks = (argument for name in ("build", "runtime", "demo") for argument in ("-r", f"requirements/{name}.txt"))
    options = ("--dry-run", "--only-binary=:all:", "--require-hashes", "--python-version=3.13")
    uv = Path(sys.executable).parent / "uv"
    if not uv.exists():
        pytest.skip("uv is not in the environment: it knows what other machines take")
    command = [str(uv), "pip", "install", f"--python-platform={platform}", f"--target={folder}", *options, *locks]
    said = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    if re.search("[Ff]ailed to fetch|network was disabled", said.stderr) and os.environ.get("CI") != "true":
        pytest.skip("the package index cannot be asked for what other machines take")
    return said.stderr if said.returncode else ""


@pytest.mark.parametrize("platform", PLATFORMS)
def test_the_locks_hold_a_wheel_for_each_platform_of_the_image_so_that_no_compiler_is_needed(
    platform: str, tmp_path: Path
) -> None:
    assert missing(platform, tmp_path) == ""


def test_a_platform_without_wheels_would_be_noticed(tmp_path: Path) -> None:
    assert "no usable wheels" in missing("riscv64-unknown-linux", tmp_path).replace("\n", " ")
