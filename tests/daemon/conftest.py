from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.certificates import authority
from tests.daemon.looks import Look


@pytest.fixture(autouse=True)
def _logging(logging_as_it_was: None) -> None:
    """A reload changes it."""


@pytest.fixture
async def look(tmp_path: Path) -> AsyncIterator[Look]:
    ours = authority(tmp_path / "ours")
    look = Look(tmp_path, ours, ours.issue("server", "exporter"))
    task = asyncio.create_task(look.door.watch(look.sleep))
    yield look
    task.cancel()
    await asyncio.wait((task,))
