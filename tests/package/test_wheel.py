"""The source package, and the wheel built from it, in an environment of its own, started outside the repository.

`make test` tries the Python that runs it, `make soak` each version that is supported.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
import trove_classifiers
from markdown_it import MarkdownIt
from packaging.metadata import Metadata
from packaging.specifiers import SpecifierSet

from exporter import __version__
from tests.effort import SOAK
from tests.fakes.aws import FakeAws
from tests.processes import environment, exporter
from tests.tools import missing

ROOT = Path(__file__).parents[2]
REQUIREMENTS = ROOT / "requirements" / "runtime.txt"
VERSIONS = ("3.11", "3.12", "3.13")
THIS = f"{sys.version_info.major}.{sys.version_info.minor}"


def interpreter(version: str) -> Path:
    """Return a Python of *version* that works, this one where it is of that version."""
    name = f"python{version}"
    kept = Path(os.environ.get("PYENV_ROOT", "~/.pyenv")).expanduser() / "versions"
    this = [Path(sys.executable)] if version == THIS else []
    places = [*this, *kept.glob(f"{version}.*/bin/{name}"), *map(Path, filter(None, [shutil.which(name)]))]
    found = next(filter(_works, places), None)
    if found is None:
        missing(f"there is no {name} that works: pyenv install {version}, or uv python install {version}")
    return found


def _works(python: Path) -> bool:
    return subprocess.run([python, "-c", ""], check=False, capture_output=True).returncode == 0


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the source package and the wheel that is built from it."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True, text=True)
    return folder


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    (found,) = built.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def source(built: Path) -> Path:
    (found,) = built.glob("*.tar.gz")
    return found


@pytest.fixture(scope="module", params=VERSIONS if SOAK else [THIS])
def installed(request: pytest.FixtureRequest, wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of programs of a new environment with the locked requirements and the wheel, and nothing else."""
    folder = tmp_path_factory.mktemp("environment") / "venv"
    uv = Path(sys.executable).parent / "uv"
    make = [str(interpreter(request.param)), "-m", "venv", *(["--without-pip"] if uv.exists() else []), str(folder)]
    subprocess.run(make, check=True)
    python = str(folder / "bin" / "python")
    install = [str(uv), "pip", "install", "--quiet", "--python", python]
    if not uv.exists():
        install = [python, "-m", "pip", "install", "--quiet"]
    subprocess.run([*install, "--require-hashes", "-r", str(REQUIREMENTS)], check=True)
    subprocess.run([*install, "--no-deps", str(wheel)], check=True)
    return folder / "bin"


def metadata(wheel: Path) -> tuple[Metadata, list[str]]:
    """Return what the wheel says of itself, refused where an index would refuse it, and the names of its files."""
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        (name,) = (name for name in names if name.endswith(".dist-info/METADATA"))
        return Metadata.from_email(archive.read(name)), names


def test_the_wheel_holds_the_package_and_its_licence_and_no_tests(wheel: Path) -> None:
    said, names = metadata(wheel)
    folder = f"aws_ses_exporter-{__version__}.dist-info"

    assert {name.split("/")[0] for name in names} == {"exporter", folder}
    assert {name for name in names if name.startswith("exporter/")} == {
        str(path.relative_to(ROOT)) for path in (ROOT / "exporter").rglob("*") if path.is_file() and not made(path)
    }
    assert f"{folder}/licenses/LICENSE" in names
    assert said.name == "aws-ses-exporter"
    assert str(said.version) == __version__
    assert said.license_expression == "Apache-2.0"
    assert said.requires_python == SpecifierSet(">=3.11")
    assert said.provides_extra == ["demo"]


def made(path: Path) -> bool:
    return "__pycache__" in path.parts or path.suffix == ".pyc"


def test_the_wheel_says_nothing_that_an_index_would_not_understand(wheel: Path) -> None:
    said, _ = metadata(wheel)

    assert set(said.classifiers or ()) <= set(trove_classifiers.classifiers)
    assert not said.project_urls, "there is no public home yet, and an invented one would mislead"
    assert said.description_content_type == "text/markdown"
    assert said.description == (ROOT / "README.md").read_text()
    assert "<h1>aws-ses-exporter</h1>" in MarkdownIt("commonmark", {"html": False}).render(said.description)


def test_the_source_package_holds_what_is_built_installed_and_read_and_no_more(source: Path) -> None:
    with tarfile.open(source) as archive:
        names = {member.name.split("/", 1)[1] for member in archive.getmembers() if member.isfile()}
        owners = {(member.uid, member.gid) for member in archive.getmembers()}

    tops = {name.split("/")[0] for name in names}
    assert {"LICENSE", "CHANGELOG.md", "SECURITY.md", "README.md", "PKG-INFO", "pyproject.toml", "Dockerfile"} <= tops
    assert {"docs", "examples", "alerts", "dashboards", "requirements", "exporter"} <= tops
    assert not tops & {"tests", "benchmarks", "scripts", ".ci", ".github", ".git", ".venv", "Makefile"}
    assert {name for name in tops if name.startswith(".")} <= {".gitignore"}, "hatchling adds that one always"
    assert not [name for name in names if made(Path(name)) or "/tests/" in name]
    assert owners == {(0, 0)}


def test_what_the_readme_links_to_is_in_the_source_package(source: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)", (ROOT / "README.md").read_text())
    with tarfile.open(source) as archive:
        names = {member.name.split("/", 1)[1] for member in archive.getmembers()}
    held = names | {str(parent) for name in names for parent in Path(name).parents}

    assert links
    assert [link for link in links if link.rstrip("/") not in held] == []


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
