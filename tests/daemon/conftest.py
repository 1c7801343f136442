from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    """Undo what a reload does to the process's logging."""
    root, own = logging.getLogger(), logging.getLogger("exporter")
    before = root.handlers[:], root.level, own.level
    yield
    root.handlers[:], root.level, own.level = before
