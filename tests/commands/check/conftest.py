"""A fake AWS with what Centreon's cases hold, and an environment in which the command finds it and nothing else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from exporter import cli
from exporter.commands import check as package
from exporter.commands.check import check
from tests.commands.check import world
from tests.commands.check.world import Say, fill
from tests.fakes.aws import FakeAws
from tests.sdk import environment, loader, no_backoff, one_loader, patience

__all__ = ["environment", "loader", "no_backoff", "one_loader", "patience"]


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeAws]:
    moment = world.now() // 60 * 60 + 30
    monkeypatch.setattr(world, "now", lambda: moment)
    monkeypatch.setitem(check.__kwdefaults__ or {}, "clock", world.now)
    with FakeAws() as fake:
        fill(fake)
        monkeypatch.setenv("AWS_ENDPOINT_URL", fake.url)
        yield fake


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Say:
    """Run the command in this process and return its exit code and what it said on stdout; nothing else is said.

    What ends the process when the time is up would end the tests: it comes as late as it can.
    """
    monkeypatch.setattr(package, "GRACE_SECONDS", 600.0)

    def run(*arguments: str) -> tuple[int, str]:
        code = cli.run(["check", *arguments])
        printed = capsys.readouterr()
        assert printed.err == ""
        return code, printed.out

    return run
