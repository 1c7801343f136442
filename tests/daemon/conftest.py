from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _logging(logging_as_it_was: None) -> None:
    """A reload changes it."""
