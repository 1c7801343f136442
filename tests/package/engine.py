"""A container engine for tests, and an image to test: one that was built before, or one built here."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.effort import SOAK
from tests.package.stand_in import write_context

ROOT = Path(__file__).parents[2]
VARIABLE = "AWS_SES_EXPORTER_IMAGE"
BASE = "python:3.13-slim"
LIMITS = ("--ulimit=nofile=4096:4096", "--ulimit=nproc=4096:4096")
"""What an engine asks for by default may be more than it is allowed to where it runs in a container itself."""
LIMITED = ("--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges", "--memory=256m")
"""How operators are told to run it; examples/kubernetes and compose.yaml have the same limit."""


@dataclass(frozen=True, slots=True)
class Engine:
    """docker or podman, by its *program*."""

    program: str

    def __call__(self, *arguments: str, check: bool = True) -> str:
        """Run one command and return what it said on stdout."""
        said = subprocess.run([self.program, *arguments], check=False, capture_output=True, text=True)
        assert not check or said.returncode == 0, f"{self.program} {' '.join(arguments)}\n{said.stdout}{said.stderr}"
        return said.stdout.strip()

    def code(self, *arguments: str) -> int:
        """Run one command and return its exit code."""
        return subprocess.run([self.program, *arguments], check=False, capture_output=True).returncode

    def log(self, name: str) -> str:
        """Return what a container said on stderr."""
        return subprocess.run([self.program, "logs", name], check=False, capture_output=True, text=True).stderr

    @contextlib.contextmanager
    def container(self, image: str, *arguments: str, options: Sequence[str] = ()) -> Iterator[str]:
        """Run *image* on the network of this machine, as operators are told to, and yield its name."""
        name = f"aws-ses-exporter-test-{uuid.uuid4().hex[:12]}"
        try:
            self("run", "--detach", f"--name={name}", "--network=host", *LIMITS, *LIMITED, *options, image, *arguments)
            yield name
        finally:
            self("rm", "--force", name, check=False)


def find() -> Engine:
    """Return the first engine that works; skip the test where there is nothing to test with it, or no engine."""
    named = os.environ.get(VARIABLE)
    if not named and not SOAK:
        pytest.skip(f"no image to test: make image, then {VARIABLE}=aws-ses-exporter; SOAK=1 builds one")
    for program in ("docker", "podman"):
        with contextlib.suppress(FileNotFoundError):
            if Engine(program).code("info") == 0:
                return Engine(program)
    line = "neither docker nor podman works here: the image is not tested"
    if named:
        pytest.fail(line)
    pytest.skip(line)


def image(engine: Engine, folder: Path) -> str:
    """Return the image to test: that of the variable, else one that is built, on a stand-in if need be."""
    named = os.environ.get(VARIABLE)
    if named:
        return named
    name = "localhost/aws-ses-exporter-test"
    build(engine, base(engine, folder), name)
    return name


def base(engine: Engine, folder: Path) -> str:
    """Return the base image, pulled, or a stand-in for it that is made in *folder*."""
    return BASE if engine.code("pull", "--quiet", BASE) == 0 else stand_in(engine, folder)


def stand_in(engine: Engine, folder: Path) -> str:
    """Build the stand-in for the base image, and return its name; skip where even that cannot run."""
    if sys.base_prefix == "/usr":
        pytest.skip("the stand-in for the base image needs a Python that has pip bundled, not the system's")
    write_context(folder)
    name = "localhost/aws-ses-exporter-test-base"
    engine("build", *own_flags(engine), "--tag", name, str(folder))
    if engine.code("run", "--rm", *LIMITS, "--network=host", name, "python3", "--version") != 0:
        pytest.skip(f"{engine.program} cannot run a container here")
    return name


def build(engine: Engine, on: str, name: str, *options: str) -> None:
    """Build the image as `make image` does, on that base."""
    command = [
        "make",
        "-C",
        str(ROOT),
        "image",
        f"DOCKER={engine.program}",
        f"BASE={on}",
        f"IMAGE={name}",
        "TARGETS=exporter",
    ]
    arguments = " ".join([*own_flags(engine), *options])
    environ = {key: value for key, value in os.environ.items() if not key.startswith(("MAKE", "MFLAGS"))}
    said = subprocess.run([*command, f"ARGS={arguments}"], env=environ, check=False, capture_output=True, text=True)
    assert said.returncode == 0, said.stdout[-3000:] + said.stderr[-3000:]


def own_flags(engine: Engine) -> Sequence[str]:
    """Return what podman needs where it runs in a container itself."""
    return ("--isolation=chroot",) if engine.program == "podman" else ()
