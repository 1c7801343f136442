"""An environment in which the SDK finds keys for the fake AWS and nothing of this machine's."""

from __future__ import annotations

import pytest

from tests.sdk import environment, loader, one_loader

__all__ = ["environment", "loader", "one_loader"]


@pytest.fixture(autouse=True)
def _logging(logging_as_it_was: None) -> None:
    """A reload changes it."""


@pytest.fixture(autouse=True)
def _no_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a reload meet the polls after the one before."""
    monkeypatch.setattr("exporter.daemon.reload.MIN_REST_SECONDS", 0.0)
