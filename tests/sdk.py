"""What tests need that run the real SDK in this process, as fixtures for a conftest to import."""

from __future__ import annotations

from pathlib import Path

import pytest
from aiobotocore.endpoint import AioEndpoint

from exporter.aws.models import ModelLoader, model_loader


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Let the SDK find keys for a fake AWS, and files of the test's alone."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDENVIRONMENT")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "planted-secret")


@pytest.fixture(autouse=True)
def no_backoff(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the SDK try again at once."""

    async def at_once(self: AioEndpoint, sleep_amount: float) -> None:
        pass

    monkeypatch.setattr(AioEndpoint, "_sleep", at_once, raising=True)


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let STS and the command have the time that a machine which is held up takes."""
    monkeypatch.setattr("exporter.aws.sessions.STS_MAX_SECONDS", 60.0)
    for wait in ("CONNECT", "READ"):
        monkeypatch.setattr(f"exporter.commands.check.read.{wait}_SECONDS", 60.0)


@pytest.fixture(scope="session")
def loader() -> ModelLoader:
    return model_loader(None)


@pytest.fixture(autouse=True)
def one_loader(monkeypatch: pytest.MonkeyPatch, loader: ModelLoader) -> None:
    """Read the SDK's files once for all tests; the reading has its own in tests/aws."""
    monkeypatch.setattr("exporter.aws.sessions.model_loader", lambda _: loader)
