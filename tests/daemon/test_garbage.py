from __future__ import annotations

import gc
import weakref

import pytest

from exporter.daemon.garbage import FULL, WHOLE_EVERY, ShortCollections, look_at_everything, short_collections


class Node:
    def __init__(self) -> None:
        self.itself = self


def test_what_outlives_a_full_collection_is_set_aside_until_the_end() -> None:
    thresholds, callbacks = gc.get_threshold(), list(gc.callbacks)
    with short_collections():
        node = Node()
        gc.collect()
        assert not any(each is node for each in gc.get_objects())
    assert any(each is node for each in gc.get_objects())
    assert gc.get_freeze_count() == 0
    assert (gc.get_threshold(), gc.callbacks) == (thresholds, callbacks)


def test_one_of_many_full_collections_frees_what_died_in_cycles_meanwhile() -> None:
    with short_collections():
        node = Node()
        gc.collect()
        gone = weakref.ref(node)
        del node
        for _ in range(WHOLE_EVERY - 2):
            gc.collect()
        assert gone() is not None
        gc.collect()
        assert gone() is None


def test_when_asked_the_next_full_collection_looks_at_everything() -> None:
    with short_collections():
        node = Node()
        gc.collect()
        gone = weakref.ref(node)
        del node
        gc.collect()
        assert gone() is not None
        look_at_everything()
        gc.collect()
        assert gone() is None


def test_young_collections_set_nothing_aside(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(gc, "freeze", lambda: asked.append("freeze"))
    callback = ShortCollections()
    for generation in range(FULL + 1):
        callback("start", {"generation": generation})
        callback("stop", {"generation": generation})
    assert asked == ["freeze"]
