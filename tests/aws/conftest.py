"""A fake AWS, and an environment in which the SDK finds keys for it and nothing of this machine's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from aiobotocore.endpoint import AioEndpoint

from exporter.aws.models import ModelLoader, model_loader
from tests.fakes.aws import FakeAws


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


@pytest.fixture(autouse=True)
def no_backoff(monkeypatch: pytest.MonkeyPatch) -> None:
    async def at_once(self: AioEndpoint, sleep_amount: float) -> None:
        pass

    monkeypatch.setattr(AioEndpoint, "_sleep", at_once, raising=True)


@pytest.fixture(scope="session")
def loader() -> ModelLoader:
    return model_loader(None)


@pytest.fixture(autouse=True)
def one_loader(monkeypatch: pytest.MonkeyPatch, loader: ModelLoader) -> None:
    """Read the SDK's files once for all tests; the reading has its own in test_models and test_memory."""
    monkeypatch.setattr("exporter.aws.sessions.model_loader", lambda _: loader)


@pytest.fixture
def aws() -> Iterator[FakeAws]:
    with FakeAws() as fake:
        yield fake
