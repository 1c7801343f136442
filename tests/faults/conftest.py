"""An environment in which the SDK finds keys for the fake AWS and nothing of this machine's."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from exporter.aws.models import ModelLoader, model_loader


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_CA_BUNDLE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDENVIRONMENT")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "planted-secret")


@pytest.fixture(scope="session")
def loader() -> ModelLoader:
    return model_loader(None)


@pytest.fixture(autouse=True)
def one_loader(monkeypatch: pytest.MonkeyPatch, loader: ModelLoader) -> None:
    """Read the SDK's files once for all tests."""
    monkeypatch.setattr("exporter.aws.sessions.model_loader", lambda _: loader)


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    """Undo what a reload does to the process's logging."""
    root, own = logging.getLogger(), logging.getLogger("exporter")
    before = root.handlers[:], root.level, own.level
    yield
    root.handlers[:], root.level, own.level = before
