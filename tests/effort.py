"""How much the random tests try: a seeded sample in `make test`, twenty times as much with new seeds in `make soak`."""

from __future__ import annotations

import os

SOAK = os.environ.get("SOAK") == "1"
SOAK_FACTOR = 20


def examples(number: int) -> int:
    """Return how many examples a test tries that tries *number* in `make test`."""
    return number * SOAK_FACTOR if SOAK else number
