"""What all tests share: an environment without AWS, the switch that rewrites golden files, the versions that matter."""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import hypothesis
import pytest

from tests.effort import SOAK, examples

STORIES = frozenset({"alerts", "benchmarks", "dashboards", "docs", "e2e", "faults", "hostile", "package", "stack"})
"""Folders of tests whose subject is not a room of the exporter but the whole of it, or what is shipped with it."""

hypothesis.settings.register_profile(
    "exporter", deadline=None, max_examples=examples(100), derandomize=not SOAK, print_blob=True
)
hypothesis.settings.load_profile("exporter")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="rewrite the golden files instead of comparing")


def pytest_report_header() -> str:
    names = ("aiobotocore", "botocore", "prometheus-client", "pydantic", "starlette", "uvicorn", "hypothesis")
    return "versions: " + ", ".join(f"{name} {version(name)}" for name in names)


@pytest.fixture
def update_golden(request: pytest.FixtureRequest) -> bool:
    """Tell whether to rewrite golden files: `--update-golden`, or `UPDATE_GOLDEN=1` as `make golden` sets it."""
    return bool(request.config.getoption("--update-golden")) or os.environ.get("UPDATE_GOLDEN") == "1"


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Take away what the machine knows of AWS; `AWS_` covers the exporter's own variables too."""
    for name in [name for name in os.environ if name.upper().startswith("AWS_")]:
        monkeypatch.delenv(name)
    nowhere: Path = tmp_path_factory.getbasetemp() / "nowhere"
    monkeypatch.setenv("AWS_CONFIG_FILE", str(nowhere / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(nowhere / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture
def logging_as_it_was() -> Iterator[None]:
    """Undo what a reload does to the process's logging."""
    root, own = logging.getLogger(), logging.getLogger("exporter")
    before = root.handlers[:], root.level, own.level
    yield
    root.handlers[:], root.level, own.level = before


@pytest.fixture(scope="module")
def untraced() -> Iterator[None]:
    """Measure no coverage, which takes as long again: for tests that go often through lines which others cover."""
    tracer, of_threads = sys.gettrace(), threading.gettrace()
    sys.settrace(None)
    threading.settrace(None)
    yield
    sys.settrace(tracer)
    threading.settrace(of_threads)


@pytest.fixture(scope="module", autouse=True)
def _coverage_of_rooms(request: pytest.FixtureRequest) -> None:
    """Measure the coverage of each room by its own tests, not by stories of the whole."""
    if request.path.relative_to(Path(__file__).parent).parts[0] in STORIES:
        request.getfixturevalue("untraced")
