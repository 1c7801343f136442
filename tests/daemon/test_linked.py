"""Linked accounts in the running service: as targets of their own, configured or found."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from exporter.config.settings import Settings
from exporter.daemon.fleet import Fleet
from exporter.errors import AccessDeniedError, AwsInternalError, Reason
from exporter.sources.linked import LinkedSource
from exporter.store import Store, TargetKey
from exporter.telemetry import Telemetry
from tests.daemon.world import ACCOUNT, FakeClients, FakeCloud, loaded, running, settings, targets_in, tools
from tests.loops import until

ONE, TWO = "111111111111", "222222222222"
FOUND = TargetKey(f"m/{ONE}", "us-east-1")


def monitoring(*linked: str, **others: Any) -> Settings:
    targets = [{"name": "m", "regions": ["us-east-1"], "linked_accounts": list(linked)}]
    return settings().model_copy(update={"targets": Settings.model_validate({"targets": targets, **others}).targets})


async def test_a_linked_account_is_a_target_of_its_own_without_facts(caplog: pytest.LogCaptureFixture) -> None:
    asked: list[set[str | None]] = []

    class Clients(FakeClients):
        async def get_metric_data(self, **request: Any) -> Mapping[str, Any]:
            asked.append({query.get("AccountId") for query in request["MetricDataQueries"]})
            return await super().get_metric_data(**request)

    cloud = FakeCloud(clients=Clients)
    async with running(cloud, monitoring(ONE), caplog) as it:
        await it.until_polled()
        place = f'{{account_id="{ONE}",region="us-east-1"}}'
        assert (await it.samples(f"aws_ses_up{place}"))[f"aws_ses_up{place}"] == 1
        assert (await it.samples(f"aws_ses_send_total{place}"))[f"aws_ses_send_total{place}"] > 0
        names = await it.samples("aws_ses_target_info")
        assert set(names) == {
            f'aws_ses_target_info{{account_id="{ACCOUNT}",region="us-east-1",name="m"}}',
            f'aws_ses_target_info{{account_id="{ONE}",region="us-east-1",name="m/{ONE}"}}',
        }
        assert {name for name in await it.samples("aws_ses_send_quota_max") if ONE in name} == set()
        own = await it.samples("aws_ses_exporter_")
        assert targets_in(own) == {"m", f"m/{ONE}"}
        assert not [name for name in own if f'target="m/{ONE}"' in name and ("operation=" in name or "account" in name)]
        counted = f'aws_ses_exporter_cloudwatch_metrics_requested_total{{region="us-east-1",target="m/{ONE}"}}'
        assert own[counted] >= 12
    assert {ONE} in asked
    assert {None} in asked
    assert all(len(owners) == 1 for owners in asked), "each account is asked for by itself"


async def test_who_is_found_comes_and_goes_while_all_others_run_on() -> None:
    store, cloud = Store(), FakeCloud(linked=[ONE])
    async with asyncio.TaskGroup() as group:
        fleet = Fleet(group, store, Telemetry(CollectorRegistry(), price_per_thousand_metrics_dollars=0), tools(cloud))
        await fleet.replace(monitoring("all"))
        own = fleet.loops
        assert [loop.source.name for loop in own] == ["cloudwatch", "account", "linked"]
        await until(lambda: TargetKey(f"m/{ONE}", "us-east-1") in set(store.keys()))
        found = TargetKey(f"m/{ONE}", "us-east-1")
        await until(lambda: store.target(found).account_id == ONE)
        assert fleet.loops[:3] == own
        assert not any(loop in fleet.ended for loop in own)
        total = store.target(found).series_count
        assert total > 0
        await fleet.replace(monitoring("all"))
        assert store.target(found).series_count == total, "a reload keeps who was found, with all that is known"
        finder = next(loop.source for loop in fleet.loops if loop.source.name == "linked")
        cloud.linked = [TWO]
        await finder.poll(tools(cloud).clock() + 15 * 86_400)
        assert found not in set(store.keys())
        assert TargetKey(f"m/{TWO}", "us-east-1") in set(store.keys())
        assert fleet.ended == ()
        await fleet.close()
    assert (cloud.opened, cloud.closed) == (2, 2)


@asynccontextmanager
async def fleet_of(cloud: FakeCloud) -> AsyncIterator[tuple[Fleet, Store]]:
    """Give a fleet on *cloud* and its store, and end it."""
    store = Store()
    async with asyncio.TaskGroup() as group:
        fleet = Fleet(group, store, Telemetry(CollectorRegistry(), price_per_thousand_metrics_dollars=0), tools(cloud))
        try:
            yield fleet, store
        finally:
            await fleet.close()


def finder_of(fleet: Fleet) -> LinkedSource:
    return next(loop.source for loop in fleet.loops if isinstance(loop.source, LinkedSource))


def role(account: str) -> Settings:
    target = {"name": "m", "role_arn": f"arn:aws:iam::{account}:role/r", "regions": ["us-east-1"]}
    return Settings.model_validate({"targets": [{**target, "linked_accounts": ["all"]}]})


async def test_a_reload_to_another_monitoring_account_leaves_the_linked_ones_of_the_old() -> None:
    cloud = FakeCloud(linked=[ONE])
    async with fleet_of(cloud) as (fleet, store):
        await fleet.replace(role(ACCOUNT))
        await until(lambda: FOUND in set(store.keys()))
        cloud.linked = []
        await fleet.replace(role(TWO))
        assert set(store.keys()) == {TargetKey("m", "us-east-1")}


async def test_where_the_account_turns_out_to_be_another_the_linked_ones_leave_with_the_first_look() -> None:
    cloud = FakeCloud(linked=[ONE])
    async with fleet_of(cloud) as (fleet, store):
        await fleet.replace(monitoring("all"))
        await until(lambda: FOUND in set(store.keys()))
        cloud.linked, cloud.accounts = [], {"m": TWO}
        await fleet.replace(monitoring("all"))
        await until(lambda: set(store.keys()) == {TargetKey("m", "us-east-1")})


async def test_a_find_that_was_cut_short_is_taken_up_by_the_next_look() -> None:
    cloud = FakeCloud()
    async with fleet_of(cloud) as (fleet, store):
        await fleet.replace(monitoring("all"))
        await until(lambda: all(loop.record.tried for loop in fleet.loops))
        cloud.linked = [ONE]
        now = tools(cloud).clock()
        async with fleet._exchanging:  # a reload is under way
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.01):
                    await finder_of(fleet).poll(now)
        await finder_of(fleet).poll(now)
        assert FOUND in set(store.keys())
        running_on = fleet.loops
        await until(lambda: all(loop.record.tried for loop in running_on))
        version = store.version
        await finder_of(fleet).poll(now)
        assert (fleet.loops, store.version) == (running_on, version), "nobody is new or gone"


async def test_a_find_without_the_memory_for_its_loops_is_a_failed_poll_and_the_next_look_takes_it_up() -> None:
    cloud = FakeCloud(linked=[ONE])
    async with fleet_of(cloud) as (fleet, store):
        await fleet.replace(monitoring("all"))
        cloud.refuse_target["m"] = MemoryError()
        (looking,) = (loop for loop in fleet.loops if isinstance(loop.source, LinkedSource))
        await until(lambda: looking.record.tried)
        error = looking.record.error
        assert error is not None
        assert (error.reason, str(error)) == (Reason.OTHER, "too little memory for the loops and their clients")
        assert (fleet.ended, set(store.keys())) == ((), {TargetKey("m", "us-east-1")})
        cloud.refuse_target.clear()
        await finder_of(fleet).poll(tools(cloud).clock())
        assert FOUND in set(store.keys())


async def test_who_is_unlinked_leaves_with_the_next_look_once_its_data_is_denied() -> None:
    class Clients(FakeClients):
        async def get_metric_data(self, **request: Any) -> Mapping[str, Any]:
            if request["MetricDataQueries"][0].get("AccountId") == ONE:
                raise AccessDeniedError("no")
            return await super().get_metric_data(**request)

    cloud = FakeCloud(linked=[ONE, TWO], clients=Clients)
    other = TargetKey(f"m/{TWO}", "us-east-1")
    async with fleet_of(cloud) as (fleet, store):
        await fleet.replace(monitoring("all"))
        await until(lambda: {FOUND, other} <= set(store.keys()))
        await until(lambda: all(loop.record.tried for loop in fleet.loops))
        await finder_of(fleet).poll(tools(cloud).clock())
        assert FOUND in set(store.keys()), "it is listed"
        cloud.linked = []
        await finder_of(fleet).poll(tools(cloud).clock())
        assert set(store.keys()) == {TargetKey("m", "us-east-1"), other}


async def test_a_search_that_fails_shows_at_the_monitoring_account_and_stops_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    cloud = FakeCloud(trouble={("m", "ListMetrics"): AccessDeniedError("no")})
    async with running(cloud, monitoring("all"), caplog) as it:

        async def failed() -> bool:
            name = 'aws_ses_exporter_poll_failures_total{reason="access_denied",region="us-east-1",source="linked"'
            return any(value for key, value in (await it.samples(name)).items())

        await it.until(failed)
        await it.until_ready()
        place = f'{{account_id="{ACCOUNT}",region="us-east-1"}}'
        assert (await it.samples(f"aws_ses_up{place}"))[f"aws_ses_up{place}"] == 0
        assert f"aws_ses_send_total{place}" in await it.samples("aws_ses_send_total")


async def test_a_linked_account_that_fails_leaves_its_monitoring_account_alone(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Clients(FakeClients):
        async def get_metric_data(self, **request: Any) -> Mapping[str, Any]:
            if "AccountId" in request["MetricDataQueries"][0]:
                raise AwsInternalError("no")
            return await super().get_metric_data(**request)

    async with running(FakeCloud(clients=Clients), monitoring(ONE), caplog) as it:
        await it.until_ready()
        up = await it.samples("aws_ses_up")
        assert up == {
            f'aws_ses_up{{account_id="{ACCOUNT}",region="us-east-1"}}': 1,
            f'aws_ses_up{{account_id="{ONE}",region="us-east-1"}}': 0,
        }
        it.loads = loaded(monitoring())
        await it.client.post("/-/reload")
        assert len(await it.samples("aws_ses_up")) == 1
