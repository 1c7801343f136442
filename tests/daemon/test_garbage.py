from __future__ import annotations

import gc
import sys
import weakref
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from exporter.daemon.garbage import much_died, short_collections


class Node:
    def __init__(self) -> None:
        self.itself = self


@contextmanager
def aside(small_blocks: int) -> Iterator[weakref.ref[Node]]:
    """Give what died in a cycle after it had outlived a full collection."""
    with short_collections(small_blocks):
        node = Node()
        gc.collect()
        dead = weakref.ref(node)
        del node
        gc.collect()
        assert dead() is not None, "what was set aside is looked at again, which takes long"
        yield dead


@pytest.fixture
def dead() -> Iterator[weakref.ref[Node]]:
    with aside(small_blocks=0) as dead:
        yield dead


def test_the_dead_are_freed_once_a_quarter_more_is_in_use(dead: weakref.ref[Node]) -> None:
    more = [Node() for _ in range(sys.getallocatedblocks() // 3)]
    gc.collect()
    gc.collect()
    assert dead() is None
    assert gc.get_freeze_count() > len(more), "what lives is set aside again"


def test_the_dead_are_not_looked_for_while_what_comes_replaces_what_goes(dead: weakref.ref[Node]) -> None:
    for _ in range(3):
        replaced = [[] for _ in range(sys.getallocatedblocks() // 6)]  # type: list[list[int]]
        gc.collect()
        del replaced
    assert dead() is not None


def test_the_dead_are_not_looked_for_while_the_process_is_small() -> None:
    with aside(small_blocks=2 * sys.getallocatedblocks()) as dead:
        more = [Node() for _ in range(sys.getallocatedblocks() // 3)]
        gc.collect()
        assert dead() is not None
        assert more


def test_the_dead_are_freed_by_the_next_full_collection_after_much_died(dead: weakref.ref[Node]) -> None:
    much_died()
    gc.collect()
    assert dead() is None


def test_the_end_leaves_the_collector_as_it_was() -> None:
    thresholds, callbacks = gc.get_threshold(), list(gc.callbacks)
    with short_collections():
        assert gc.get_freeze_count() > 0
    assert gc.get_freeze_count() == 0
    assert (gc.get_threshold(), gc.callbacks) == (thresholds, callbacks)
