"""Full garbage collections that stay short: what outlived one is left alone by the next, until much was added.

CPython looks at every object in a full collection, in one go: 0.1 s at 10 000 series, once a poll, in which nobody is
served. Reference counts free nearly all of what a poll leaves behind; the collector is for the rest.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

FULL = 2
OFTEN = 2
"""A full collection comes after so many of the middle generation, instead of 10: each has a fifth to look at."""
GROWTH = 1.25
"""Once so many times as many blocks of memory are in use as at the last look at everything, there is another one.

CPython's own rule, but for its being about objects that were added: what was freed since makes room. Blocks, because
to count the objects that are set aside CPython goes through all of them: 25 ms at 10 000 series, each time.
"""
SMALL_BLOCKS = 1_500_000
"""Up to so many there is none: one region has 350 000, 10 000 series 800 000 and more in a poll.

So the garbage is 90 MB at most.
"""


class ShortCollections:
    """Sets aside what survives a full collection. A callback for `gc.callbacks`."""

    def __init__(self, small_blocks: int) -> None:
        """Take what there is for all that lives; a process of up to *small_blocks* is not looked through."""
        self._small_blocks = small_blocks
        self._lived = sys.getallocatedblocks()
        self._whole = False

    def __call__(self, phase: str, info: dict[str, int]) -> None:
        """Be told of the start and the end of each collection."""
        if info["generation"] != FULL:
            return
        if phase == "start":
            if sys.getallocatedblocks() > max(self._small_blocks, GROWTH * self._lived):
                self.look_at_all()
            return
        gc.freeze()
        if self._whole:
            self._whole = False
            self._lived = sys.getallocatedblocks()

    def look_at_all(self) -> None:
        """Have the full collection that begins, or else the next one, look at everything."""
        self._whole = True
        gc.unfreeze()


@contextmanager
def short_collections(small_blocks: int = SMALL_BLOCKS) -> Iterator[None]:
    """Keep full collections short meanwhile; what was imported is set aside at once."""
    gc.freeze()
    callback, thresholds = ShortCollections(small_blocks), gc.get_threshold()
    gc.set_threshold(*thresholds[:2], OFTEN)
    gc.callbacks.append(callback)
    try:
        yield
    finally:
        gc.callbacks.remove(callback)
        gc.set_threshold(*thresholds)
        gc.unfreeze()


def much_died() -> None:
    """Have the next full collection look at everything, as what was set aside may be dead."""
    for callback in gc.callbacks:
        if isinstance(callback, ShortCollections):
            callback.look_at_all()
