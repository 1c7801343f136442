"""The Dockerfile's facts, read from its text: what an image is like to run."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from exporter import probe

ROOT = Path(__file__).parents[2]


def instructions() -> list[tuple[str, str]]:
    text = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in lines)]


def stages() -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = {}
    name = ""
    for word, rest in instructions():
        if word == "FROM":
            name = rest.split(" AS ")[1]
            found[name] = []
        found[name].append((word, rest))
    return found


def of(stage: str, word: str) -> list[str]:
    return [rest for each, rest in stages()[stage] if each == word]


def test_the_last_stage_and_so_the_default_is_the_exporter() -> None:
    assert list(stages()) == ["build", "build-demo", "base", "demo", "exporter"]


@pytest.mark.parametrize("stage", ["exporter", "demo"])
def test_an_image_is_the_base_and_the_environment_made_before(stage: str) -> None:
    build = "build-demo" if stage == "demo" else "build"

    assert of(stage, "FROM") == [f"base AS {stage}"]
    assert of(stage, "COPY") == [f"--from={build} /opt/exporter /opt/exporter"]
    assert not of(stage, "RUN")


def test_the_base_is_pinned_and_slim_and_the_same_for_building_and_running() -> None:
    assert {of(stage, "FROM")[0].split(" AS ")[0] for stage in ("build", "base")} == {"python:3.13-slim"}


def test_it_runs_as_a_numeric_user_that_is_not_root_and_writes_nothing() -> None:
    assert of("base", "USER") == ["65534:65534"]
    assert "PYTHONDONTWRITEBYTECODE=1" in of("base", "ENV")[0]
    assert not of("base", "VOLUME")


def test_it_listens_on_9199_and_ends_on_sigterm_without_a_shell_in_between() -> None:
    assert of("base", "EXPOSE") == ["9199"]
    assert of("base", "STOPSIGNAL") == ["SIGTERM"]
    assert json.loads(of("base", "ENTRYPOINT")[0]) == ["aws-ses-exporter"]
    assert json.loads(of("demo", "CMD")[0]) == ["--web.listen-address=:9199", "demo"]


def test_its_health_check_needs_no_shell_and_asks_the_port_that_it_listens_on() -> None:
    command = json.loads(of("base", "HEALTHCHECK")[0].split("CMD ")[1])

    assert command == ["python", "-m", "exporter.probe"]
    assert f"127.0.0.1:{of('base', 'EXPOSE')[0]}/-/healthy" == probe.DEFAULT


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
        for stage in ("build", "build-demo")
        for rest in of(stage, "COPY")
        for source in rest.split()[:-1]
    }

    assert kept == copied
    assert all((ROOT / name).exists() for name in kept)
