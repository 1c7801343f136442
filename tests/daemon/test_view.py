from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace

import pytest
from prometheus_client import CollectorRegistry

from exporter.daemon.fleet import Fleet
from exporter.daemon.view import View
from exporter.store import Store
from exporter.telemetry import Telemetry
from tests.daemon.world import FakeCloud, settings, tools


@dataclass
class Stage:
    """A fleet whose monotonic clock stands still unless told."""

    cloud: FakeCloud = field(default_factory=FakeCloud)
    store: Store = field(default_factory=Store)
    ticks: float = 0.0

    def fleet(self, group: asyncio.TaskGroup) -> Fleet:
        telemetry = Telemetry(CollectorRegistry(), price_per_thousand_metrics_dollars=0.01)
        return Fleet(group, self.store, telemetry, replace(tools(self.cloud), monotonic=lambda: self.ticks))


async def test_before_there_are_loops_it_is_starting() -> None:
    stage = Stage()
    async with asyncio.TaskGroup() as group:
        view = View(stage.fleet(group), stage.store)
        assert view.missing() == ["the exporter is starting"]
        assert view.rows() == []
        assert view.unhealthy() == []


async def test_a_stuck_loop_is_named_with_the_time_of_its_silence() -> None:
    stage = Stage(FakeCloud(hold=asyncio.Event()))
    async with asyncio.TaskGroup() as group:
        fleet = stage.fleet(group)
        view = View(fleet, stage.store)
        await fleet.replace(settings("a"))
        assert view.unhealthy() == []
        stage.ticks += 10_000
        assert view.unhealthy() == [
            "a/us-east-1/cloudwatch: no sign of life for 10000 s",
            "a/us-east-1/account: no sign of life for 10000 s",
        ]
        await fleet.close()


async def test_a_dead_loop_is_named() -> None:
    stage = Stage(FakeCloud(trouble={("a", "GetAccount"): ZeroDivisionError()}))
    seen: list[str] = []

    async def watch(view: View) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            seen.extend(view.unhealthy())

    async def run_into_the_bug() -> None:
        async with asyncio.TaskGroup() as group:
            fleet = stage.fleet(group)
            await fleet.replace(settings("a"))
            group.create_task(watch(View(fleet, stage.store)))

    with pytest.raises(ExceptionGroup):
        await run_into_the_bug()
    assert seen == ["a/us-east-1/account: ended"]


async def test_a_loop_that_was_cancelled_is_not_dead() -> None:
    stage = Stage()
    async with asyncio.TaskGroup() as group:
        fleet = stage.fleet(group)
        view = View(fleet, stage.store)
        await fleet.replace(settings("a"))
        await fleet.close()
        assert view.unhealthy() == []
        assert fleet.loops != ()
