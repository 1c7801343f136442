from __future__ import annotations

import asyncio
import gc

import pytest
from prometheus_client import CollectorRegistry

from exporter.daemon.fleet import Fleet
from exporter.daemon.garbage import short_collections
from exporter.daemon.view import View
from exporter.errors import ExporterError, OtherSourceError
from exporter.store import Store
from exporter.telemetry import Telemetry
from tests.daemon.world import FakeCloud, settings, tools


def fleet_of(cloud: FakeCloud, group: asyncio.TaskGroup, store: Store) -> Fleet:
    telemetry = Telemetry(CollectorRegistry(), price_per_thousand_metrics_dollars=0.01)
    return Fleet(group, store, telemetry, tools(cloud))


async def test_whoever_looks_while_loops_are_exchanged_sees_the_old_or_the_new_ones() -> None:
    store = Store()
    seen: set[tuple[tuple[str, ...], tuple[str, ...]]] = set()

    async def look(view: View) -> None:
        while True:
            rows = tuple(dict.fromkeys(row.target for row in view.rows()))
            known = store.keys()
            seen.add((rows, tuple(key.target for key in known)))
            await asyncio.sleep(0)

    async with asyncio.TaskGroup() as group:
        fleet = fleet_of(FakeCloud(), group, store)
        await fleet.replace(settings("a", "b"))
        looking = group.create_task(look(View(fleet, store)))
        await asyncio.sleep(0)
        await fleet.replace(settings("c", "a"))
        await asyncio.sleep(0.01)
        looking.cancel()
        await fleet.close()
    assert seen == {(("a", "b"), ("a", "b")), (("c", "a"), ("c", "a"))}


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (OtherSourceError("no"), OtherSourceError),
        (MemoryError(), ExporterError),
        (ZeroDivisionError("a bug"), ZeroDivisionError),
        (asyncio.CancelledError(), asyncio.CancelledError),
    ],
)
async def test_the_old_loops_run_on_when_a_new_one_cannot_be_made(
    error: BaseException, raised: type[BaseException]
) -> None:
    cloud = FakeCloud()
    async with asyncio.TaskGroup() as group:
        fleet = fleet_of(cloud, group, Store())
        await fleet.replace(settings("a"))
        before = fleet.loops
        cloud.refuse_target["b"] = error
        with pytest.raises(raised):
            await fleet.replace(settings("a", "b"))
        assert fleet.loops == before
        assert fleet.ended == ()
        assert (cloud.opened, cloud.closed) == (2, 1)
        assert not any(member.task.done() for member in fleet._members)
        await fleet.close()
    assert cloud.closed == 2


async def test_what_an_exchange_leaves_behind_is_looked_for_by_the_next_full_collection() -> None:
    with short_collections():
        async with asyncio.TaskGroup() as group:
            fleet = fleet_of(FakeCloud(), group, Store())
            await fleet.replace(settings("a"))
            assert gc.get_freeze_count() > 0
            await fleet.replace(settings("a"))
            assert gc.get_freeze_count() == 0
            await fleet.close()
