"""A fake AWS, and an environment in which the SDK finds keys for it and nothing of this machine's."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fakes.aws import FakeAws
from tests.sdk import environment, loader, no_backoff, one_loader, patience

__all__ = ["environment", "loader", "no_backoff", "one_loader", "patience"]


@pytest.fixture
def aws() -> Iterator[FakeAws]:
    with FakeAws() as fake:
        yield fake
