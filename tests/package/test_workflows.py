"""The workflows of the forge: what its schema allows, with the least rights, and of things that exist."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import check_jsonschema  # type: ignore[import-untyped]
import pytest
import yaml
from click.testing import CliRunner

from tests.package.engine import BASE, VARIABLE

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".github" / "workflows"
FILES = sorted(FOLDER.glob("*.yml"))
MAKEFILE = (ROOT / "Makefile").read_text()
WRITES = {
    "package": {"id-token", "attestations"},
    "publish": {"id-token"},
    "image": {"packages", "id-token", "attestations"},
}
"""Jobs of the release, and what they may write: all else reads."""


def load(name: str) -> dict[str, Any]:
    """Return a workflow with every scalar as text: `on` is no boolean."""
    found: dict[str, Any] = yaml.load((FOLDER / name).read_text(), yaml.BaseLoader)  # noqa: S506 - it makes text only
    return found


def jobs() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path in FILES:
        for name, job in load(path.name)["jobs"].items():
            yield path.name, name, job


def steps() -> list[dict[str, Any]]:
    return [step for _, _, job in jobs() for step in job.get("steps", ())]


def findings(path: Path, schema: str) -> str:
    said = CliRunner().invoke(check_jsonschema.main, [f"--builtin-schema=vendor.{schema}", str(path)])
    return said.output if said.exit_code else ""


def test_they_are_audit_test_image_and_release() -> None:
    assert [path.name for path in FILES] == ["audit.yml", "image.yml", "release.yml", "test.yml"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_workflow_is_what_the_schema_allows(path: Path) -> None:
    assert findings(path, "github-workflows") == ""


def test_the_updates_are_what_the_schema_allows() -> None:
    assert findings(ROOT / ".github" / "dependabot.yml", "dependabot") == ""


def test_the_schema_would_notice_a_slip_of_the_pen(tmp_path: Path) -> None:
    wrong = tmp_path / "test.yml"
    wrong.write_text((FOLDER / "test.yml").read_text().replace("runs-on:", "run-on:"))

    assert findings(wrong, "github-workflows") != ""


def test_what_a_step_makes_is_a_target_and_what_it_names_is_there() -> None:
    runs = "\n".join(step["run"] for step in steps() if "run" in step)
    targets = set(re.findall(r"^([a-z]+):", MAKEFILE, re.MULTILINE))
    files = set(re.findall(r"[\w./-]+\.(?:py|toml|yml)\b|\bDockerfile\b", runs))
    called = [job["uses"] for _, _, job in jobs() if "uses" in job]

    assert set(re.findall(r"\bmake (\w+)", runs)) == {"debian", "dist", "image", "test", "tests"} & targets
    assert files == {"tests/package/test_image_run.py", "pyproject.toml", "Dockerfile"}
    assert [name for name in (*files, *called) if not (ROOT / name).is_file()] == []
    assert f"\nARG BASE={BASE}\n" in (ROOT / "Dockerfile").read_text(), "the release pins what stands there"


def test_the_versions_of_python_are_those_that_the_package_claims() -> None:
    claims = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["classifiers"]
    versions = [claim.rpartition(" ")[2] for claim in claims if re.search(r":: 3\.\d+$", claim)]
    used = {step["with"]["python-version"] for step in steps() if "setup-python" in step.get("uses", "")}

    for name in ("test", "audit"):
        assert load(f"{name}.yml")["jobs"][name]["strategy"]["matrix"]["python"] == versions
    assert used == {"${{ matrix.python }}", versions[-1]}


def test_a_job_may_do_no_more_than_it_has_to() -> None:
    for file, name, job in jobs():
        rights = job.get("permissions", load(file)["permissions"])
        expected = WRITES.get(name, set()) if file == "release.yml" else set()
        assert {right for right, level in rights.items() if level == "write"} == expected, name
        assert set(rights.values()) <= {"read", "write"}
    assert load("release.yml")["permissions"] == {}
    others = [path.name for path in FILES if path.name != "release.yml"]
    assert [load(name)["permissions"] for name in others] == [{"contents": "read"}] * len(others)


def test_the_audit_asks_about_every_package_that_somebody_installs_from_here() -> None:
    install, audit = (step["run"] for step in load("audit.yml")["jobs"]["audit"]["steps"] if "run" in step)

    assert install == "pip install --require-hashes -r requirements/audit.txt"
    assert audit.startswith("pip-audit --require-hashes --disable-pip ")
    assert re.findall(r"-r requirements/(\w+)\.txt", audit) == ["runtime", "demo"]
    assert re.findall(r"^\$ (pip.*)$", (ROOT / "SECURITY.md").read_text(), re.MULTILINE) == [install, audit]
    assert {"schedule", "workflow_call"} <= set(load("audit.yml")["on"])


def test_only_a_tag_releases_and_only_what_was_tested() -> None:
    release = load("release.yml")

    assert release["on"] == {"push": {"tags": ["v*"]}}
    assert release["jobs"]["package"]["needs"] == ["test", "image-test", "audit"]
    assert {release["jobs"][name]["needs"] for name in ("publish", "image")} == {"package"}
    assert {release["jobs"][name]["environment"] for name in ("publish", "image")} == {"release"}
    assert not [step for step in steps() if "push" in str(step) and "pull_request" in str(step)]
    assert not [file for file in ("test.yml", "image.yml") if "login-action" in (FOLDER / file).read_text()]
    assert not [path.name for path in FILES if "pull_request_target" in path.read_text()]


def test_actions_are_official_and_pinned_to_a_version() -> None:
    used = [step["uses"] for step in steps() if "uses" in step]

    assert used
    assert [each for each in used if not re.fullmatch(r"(actions|docker|pypa)/[\w-]+@(v\d+|release/v\d+)", each)] == []
    assert [step for step in steps() if "checkout" in step.get("uses", "")] == [
        {"uses": "actions/checkout@v6", "with": {"persist-credentials": "false"}}
    ] * 5


def test_no_script_holds_an_expression_that_somebody_else_could_fill() -> None:
    assert [step["run"] for step in steps() if "${{" in step.get("run", "")] == []


def test_no_secret_but_the_one_of_the_run_and_no_host_is_named() -> None:
    texts = {path.name: path.read_text() for path in FILES}

    assert set(re.findall(r"secrets\.(\w+)", "".join(texts.values()))) == {"GITHUB_TOKEN"}
    assert not [name for name, text in texts.items() if re.search(r"https?://|\b\w+\.(io|org|com)\b", text)]


def test_every_job_ends_and_a_newer_push_takes_the_place_of_an_older_one() -> None:
    assert [name for _, name, job in jobs() if "uses" not in job and int(job["timeout-minutes"]) > 60] == []
    assert [path.name for path in FILES if "concurrency" not in load(path.name)] == []
    assert load("release.yml")["concurrency"]["cancel-in-progress"] == "false"


def test_the_image_is_tested_on_both_platforms_and_released_for_both() -> None:
    job = load("image.yml")["jobs"]["image"]
    (build,) = (step for step in steps() if "build-push" in step.get("uses", ""))

    assert job["strategy"]["matrix"]["runner"] == ["ubuntu-24.04", "ubuntu-24.04-arm"]
    assert job["steps"][-1]["env"] == {VARIABLE: "aws-ses-exporter"}
    assert build["with"]["platforms"] == "linux/amd64,linux/arm64"
    arguments = re.findall(r"^(\w+)=", build["with"]["build-args"], re.MULTILINE)
    assert set(arguments) == set(re.findall(r"^ARG (\w+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE))
