"""A fake AWS with what Centreon's cases hold, and an environment in which the command finds it and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from aiobotocore.endpoint import AioEndpoint

from exporter import cli
from exporter.aws.models import ModelLoader, model_loader
from exporter.commands.check import check
from tests.commands.check import world
from tests.commands.check.world import Say, fill
from tests.fakes.aws import FakeAws


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[FakeAws]:
    moment = world.now() // 60 * 60 + 30
    monkeypatch.setattr(world, "now", lambda: moment)
    monkeypatch.setitem(check.__kwdefaults__ or {}, "clock", world.now)
    with FakeAws() as fake:
        fill(fake)
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.setenv("AWS_ENDPOINT_URL", fake.url)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDENVIRONMENT")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "of-the-environment")
        yield fake


@pytest.fixture(autouse=True)
def _no_backoff(monkeypatch: pytest.MonkeyPatch) -> None:
    async def at_once(self: AioEndpoint, sleep_amount: float) -> None:
        pass

    monkeypatch.setattr(AioEndpoint, "_sleep", at_once, raising=True)


@pytest.fixture(scope="session")
def loader() -> ModelLoader:
    return model_loader(None)


@pytest.fixture(autouse=True)
def _one_loader(monkeypatch: pytest.MonkeyPatch, loader: ModelLoader) -> None:
    """Read the SDK's files once for all tests in this process."""
    monkeypatch.setattr("exporter.aws.sessions.model_loader", lambda _: loader)


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Say:
    """Run the command in this process and return its exit code and what it said on stdout; nothing else is said."""

    def run(*arguments: str) -> tuple[int, str]:
        code = cli.run(["check", *arguments])
        printed = capsys.readouterr()
        assert printed.err == ""
        return code, printed.out

    return run
