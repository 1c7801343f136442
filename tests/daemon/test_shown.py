from __future__ import annotations

import asyncio

import pytest

from exporter.config.settings import Settings
from exporter.config.show import masked
from exporter.daemon import shown
from exporter.daemon.shown import Shown
from tests.daemon.world import settings


async def test_the_text_is_made_once_for_each_configuration_that_is_in_force(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Settings] = []

    def counted(of: Settings) -> str:
        made.append(of)
        return masked(of)

    monkeypatch.setattr(shown, "masked", counted)
    old, new = settings("old"), settings("new")
    in_force = [old]
    text = Shown(lambda: in_force[-1]).text
    assert made == []
    first, *others = await asyncio.gather(*(text() for _ in range(5)))
    assert first == masked(old).encode()
    assert all(other is first for other in others), "who reads it holds no copy"
    assert made == [old]
    in_force.append(new)
    assert await text() == await text() == masked(new).encode()
    assert made == [old, new]
