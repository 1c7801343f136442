from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace

import pytest
from prometheus_client import CollectorRegistry

from exporter.daemon.fleet import Fleet
from exporter.daemon.view import View
from exporter.errors import AccessDeniedError, ClaimedError
from exporter.store import Store
from exporter.telemetry import Telemetry
from exporter.web.status import State
from tests.daemon.world import FakeCloud, settings, tools
from tests.loops import until


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


async def test_once_it_was_ready_it_stays_so() -> None:
    stage = Stage()
    async with asyncio.TaskGroup() as group:
        fleet = stage.fleet(group)
        view = View(fleet, stage.store)
        await fleet.replace(settings("a"))
        assert view.missing() == ["a/us-east-1/cloudwatch", "a/us-east-1/account"]
        await until(lambda: not view.missing())
        stage.cloud.hold = asyncio.Event()
        await fleet.replace(settings("a", "b"))
        assert [row.state for row in view.rows()][2:] == [State.WAITING] * 2
        assert view.missing() == []
        await fleet.close()


async def test_a_target_that_lost_its_account_to_another_one_is_refused_at_once_and_after_its_next_poll() -> None:
    stage = Stage(FakeCloud(hold_target={"a": asyncio.Event()}))
    async with asyncio.TaskGroup() as group:
        fleet = stage.fleet(group)
        view = View(fleet, stage.store)
        await fleet.replace(settings("a", "b", sources={"account": {"enabled": False}}))
        second = fleet.loops[1]

        async def until_shown(*states: State) -> None:
            await until(lambda: tuple(row.state for row in view.rows()) == states)

        await until_shown(State.WAITING, State.GOOD)
        stage.cloud.hold_target["a"].set()
        await until_shown(State.GOOD, State.REFUSED)
        assert second.record.failures == 0
        with pytest.raises(ClaimedError):
            await second.source.poll(0.0)
        second.record.failures, second.record.error = 1, ClaimedError("served by target a already")
        await until_shown(State.GOOD, State.REFUSED)
        second.record.error = AccessDeniedError("no")
        await until_shown(State.GOOD, State.FAILING)
        await fleet.close()


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
