"""The Dockerfile's facts, read from its text: what an image is like to run."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest

from exporter import probe

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def instructions() -> list[tuple[str, str]]:
    text = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in lines)]


def stages() -> dict[str, list[tuple[str, str]]]:
    """Return the instructions of each stage by its name; those before the first have none."""
    name = ""
    found: dict[str, list[tuple[str, str]]] = {name: []}
    for word, rest in instructions():
        if word == "FROM":
            name = rest.split(" AS ")[1]
            found[name] = []
        found[name].append((word, rest))
    return found


def of(stage: str, word: str) -> list[str]:
    return [rest for each, rest in stages()[stage] if each == word]


def test_the_last_stage_and_so_the_default_is_the_exporter() -> None:
    assert list(stages()) == ["", "build", "build-exporter", "build-demo", "base", "demo", "exporter"]


@pytest.mark.parametrize("stage", ["exporter", "demo"])
def test_an_image_is_the_base_and_the_environment_made_before(stage: str) -> None:
    assert of(stage, "FROM") == [f"base AS {stage}"]
    assert of(f"build-{stage}", "FROM") == [f"build AS build-{stage}"]
    assert of(stage, "COPY") == [f"--from=build-{stage} /opt/exporter /opt/exporter"]
    assert not of(stage, "RUN")


def test_the_base_is_slim_and_the_same_for_building_and_running_and_can_be_pinned_further() -> None:
    assert of("", "ARG")[0] == "BASE=python:3.13-slim"
    assert {of(stage, "FROM")[0].split(" AS ")[0] for stage in ("build", "base")} == {"${BASE}"}


def test_nothing_depends_on_the_architecture_or_needs_a_compiler() -> None:
    text = (ROOT / "Dockerfile").read_text()

    assert not re.search(r"amd64|arm64|x86|aarch|--platform|TARGETARCH|apt|gcc|https?:", text)
    assert all("--only-binary=:all:" in line for line in text.splitlines() if "--require-hashes" in line)


def test_bytecode_carries_no_times_and_files_have_the_time_that_is_given() -> None:
    for stage in ("exporter", "demo"):
        (made,) = of(f"build-{stage}", "RUN")
        assert "compileall -q --invalidation-mode unchecked-hash /opt/exporter" in made
        assert made.endswith("-exec touch --no-dereference --date=@${SOURCE_DATE_EPOCH} {} +")
        assert of(f"build-{stage}", "ARG") == ["SOURCE_DATE_EPOCH"]
    assert "PIP_NO_COMPILE=1" in of("build", "ENV")[0]
    assert "PYTHONHASHSEED=0" in of("build", "ENV")[0]
    assert "--invalidation-mode unchecked-hash" in of("base", "RUN")[0]


def test_its_labels_say_what_it_is_and_what_it_was_made_of() -> None:
    (labels,) = of("base", "LABEL")
    found = dict(re.findall(r'org\.opencontainers\.image\.([a-z.]+)="([^"]*)"', labels))

    assert found == {
        "title": "aws-ses-exporter",
        "description": "Prometheus exporter for Amazon SES",
        "licenses": PROJECT["license"],
        "source": "${SOURCE}",
        "version": "${VERSION}",
        "revision": "${REVISION}",
        "base.name": "${BASE}",
    }
    assert {"BASE", "VERSION", "REVISION", "SOURCE"} == set(of("base", "ARG"))


def test_it_runs_as_a_numeric_user_that_is_not_root_and_writes_nothing() -> None:
    assert of("base", "USER") == ["65534:65534"]
    assert "PYTHONDONTWRITEBYTECODE=1" in of("base", "ENV")[0]
    assert not of("base", "VOLUME")


def test_it_listens_on_9199_and_ends_on_sigterm_without_a_shell_in_between() -> None:
    assert of("base", "EXPOSE") == ["9199"]
    assert of("base", "STOPSIGNAL") == ["SIGTERM"]
    assert json.loads(of("base", "ENTRYPOINT")[0]) == ["aws-ses-exporter"]
    assert json.loads(of("demo", "CMD")[0]) == ["--web.listen-address=:9199", "demo"]


def test_its_health_check_needs_no_shell_and_asks_where_it_listens_else_the_usual_port() -> None:
    command = json.loads(of("base", "HEALTHCHECK")[0].split("CMD ")[1])

    assert command == ["python", "-m", "exporter.probe"]
    assert f"127.0.0.1:{of('base', 'EXPOSE')[0]}" == probe.DEFAULT


def test_everything_installed_is_hashed_or_was_built_here() -> None:
    installs = [
        part for _, rest in instructions() for part in rest.split("&&") if re.search(r"\bpip\b.* install ", part)
    ]

    assert len(installs) == 4
    assert all("--require-hashes" in part or "--no-deps --no-index" in part for part in installs)


def test_the_builder_gets_only_what_it_copies() -> None:
    kept = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = {
        source.split("/")[0]
        for stage in ("build", "build-exporter", "build-demo")
        for rest in of(stage, "COPY")
        for source in rest.split()[:-1]
    }

    assert kept == copied
    assert all((ROOT / name).exists() for name in kept)
