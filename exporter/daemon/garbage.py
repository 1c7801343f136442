"""Full garbage collections that stay short: what outlived one is left alone by the next.

CPython looks at every object in a full collection, in one go: 0.2 s at 10 000 series, once a poll, in which nobody is
served. Reference counts free nearly all of what a poll leaves behind; the collector is for the rest.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

FULL = 2
OFTEN = 2
"""A full collection comes after so many of the middle generation, instead of 10: each has a fifth to look at."""
WHOLE_EVERY = 250
"""Of so many full collections one looks at everything again, so that what died in cycles meanwhile is freed then."""


class ShortCollections:
    """Sets aside what survives a full collection. A callback for `gc.callbacks`."""

    def __init__(self) -> None:
        """Begin to count."""
        self._count = 0

    def __call__(self, phase: str, info: dict[str, int]) -> None:
        """Be told of the start and the end of each collection."""
        if info["generation"] != FULL:
            return
        if phase == "stop":
            gc.freeze()
            return
        self._count += 1
        if self._count % WHOLE_EVERY == 0:
            gc.unfreeze()


@contextmanager
def short_collections() -> Iterator[None]:
    """Keep full collections short meanwhile; what was imported is set aside at once."""
    callback, thresholds = ShortCollections(), gc.get_threshold()
    gc.set_threshold(*thresholds[:2], OFTEN)
    gc.freeze()
    gc.callbacks.append(callback)
    try:
        yield
    finally:
        gc.callbacks.remove(callback)
        gc.set_threshold(*thresholds)
        gc.unfreeze()
