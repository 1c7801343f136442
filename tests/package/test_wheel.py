"""The built wheel, in an environment of its own, started from outside the repository."""

from __future__ import annotations

import subprocess
import sys
import venv
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

from exporter import __version__
from tests.fakes.aws import FakeAws
from tests.processes import environment, exporter

ROOT = Path(__file__).parents[2]
REQUIREMENTS = ROOT / "requirements" / "runtime.txt"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True, text=True)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of programs of a new environment with the locked requirements and the wheel, and nothing else."""
    folder = tmp_path_factory.mktemp("environment") / "venv"
    uv = Path(sys.executable).parent / "uv"
    if uv.exists():
        venv.create(folder, with_pip=False, symlinks=True)
        install = [str(uv), "pip", "install", "--quiet", "--python", str(folder / "bin" / "python")]
    else:
        venv.create(folder, with_pip=True, symlinks=True)
        install = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet"]
    subprocess.run([*install, "--require-hashes", "-r", str(REQUIREMENTS)], check=True)
    subprocess.run([*install, "--no-deps", str(wheel)], check=True)
    return folder / "bin"


def test_the_wheel_holds_the_package_and_its_licence_and_no_tests(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        metadata = next(name for name in names if name.endswith(".dist-info/METADATA"))
        headers = Parser().parsestr(archive.read(metadata).decode())

    assert {name.split("/")[0] for name in names} == {"exporter", metadata.split("/")[0]}
    assert "exporter/py.typed" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert headers["Name"] == "aws-ses-exporter"
    assert headers["License-Expression"] == "Apache-2.0"
    assert headers["Requires-Python"] == ">=3.11"
    assert headers.get_all("Provides-Extra") == ["demo"]


def test_the_installed_wheel_says_its_version(installed: Path, tmp_path: Path) -> None:
    said = subprocess.run(
        [installed / "aws-ses-exporter", "--version"], check=True, capture_output=True, text=True, cwd=tmp_path
    )

    assert __version__ in said.stdout


def test_the_installed_wheel_starts_is_scraped_and_stops(installed: Path, tmp_path: Path) -> None:
    with FakeAws() as aws:
        environ = environment(AWS_ENDPOINT_URL=aws.url, AWS_REGION="us-east-1")
        with exporter(environ=environ, command=(str(installed / "aws-ses-exporter"),), cwd=tmp_path) as running:
            running.wait_ready()
            page = running.get("/metrics").text
            assert running.stop() == 0

    assert 'aws_ses_up{account_id="123456789012",region="us-east-1"} 1.0' in page
    assert f'version="{__version__}"' in page


def test_without_the_extra_the_demo_says_what_to_install(installed: Path, tmp_path: Path) -> None:
    said = subprocess.run(
        [installed / "aws-ses-exporter", "demo"], check=False, capture_output=True, text=True, cwd=tmp_path
    )

    assert said.returncode == 2
    assert said.stderr.strip().splitlines() == [
        "the demo needs moto's server, which is not installed: pip install aws-ses-exporter[demo]"
    ]
