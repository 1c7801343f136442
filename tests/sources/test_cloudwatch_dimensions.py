"""Series with dimensions beside the account's own: found, exact, held when they vanish, never in the way."""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import Mapping
from typing import Any

import pytest

from exporter.catalogue import METRICS, Kind
from exporter.config.plan import MetricPlan
from exporter.config.selections import CONFIGURATION_SET, Chosen, DimensionPlan, Selection
from exporter.errors import AccessDeniedError, AwsConnectionError, PollTimeoutError, Reason, SourceError, ThrottledError
from exporter.series.observations import HELD, TIME
from exporter.sources import selected
from exporter.sources.cloudwatch import CloudWatchSource
from tests.fakes.cloudwatch import FakeCloudWatch
from tests.fakes.faults import Results
from tests.sources.sets import HOUR, MINUTE, SETS, YEAR, named, put, shown
from tests.sources.test_cloudwatch import DAY, NOW, Clients, Counted, identity, listing, poll, source


async def test_the_account_and_its_sets_stand_side_by_side_without_mixing() -> None:
    clients, counted = Clients(), Counted()
    clients.cloudwatch.put("Send", MINUTE - 40 * DAY, 500)
    for name, value in (("news", 7), ("shop", 20)):
        put(clients, name, MINUTE - 3 * DAY, value)
        put(clients, name, MINUTE - 3 * DAY, value / 1000, "Reputation.BounceRate")
    clients.cloudwatch.put("Bounce", MINUTE - 2 * DAY, 3)
    it = source(clients, counted=counted, dimensions=SETS)
    await poll(it, clients, NOW)
    assert shown(it, NOW) == {(): 500.0, named("news"): 7.0, named("shop"): 20.0}
    assert shown(it, NOW, "Bounce") == {(): 3.0}
    assert shown(it, NOW, "Reputation.BounceRate", HELD) == {named("news"): 0.007, named("shop"): 0.02}
    assert len(clients.lists) == 1
    clients.requests.clear()
    counted.requested = 0
    await poll(it, clients, NOW + 300)
    assert len(clients.requests) == 1
    assert len(clients.requests[0]["MetricDataQueries"]) == 14 + 2 * 3
    assert counted.requested == 12 + 2 * 2
    assert len(clients.lists) == 1
    assert counted.dropped == {"limit": 0, "label": 0}


async def test_exact_sets_are_read_without_a_list() -> None:
    clients = Clients()
    put(clients, "news", MINUTE - 3 * DAY, 7)
    chosen = Selection(((CONFIGURATION_SET, Chosen(("news", "quiet"))),), "Send")
    it = source(clients, "Send", dimensions=DimensionPlan((chosen,)))
    await poll(it, clients, NOW)
    assert shown(it, NOW) == {(): 0.0, named("news"): 7.0, named("quiet"): 0.0}
    assert not clients.lists


def trouble(clients: Clients, chance: random.Random) -> bool:
    """Give *clients* one kind of trouble or none; return whether the next poll fails."""
    clients.error = clients.list_error = clients.fault = None
    kind = chance.random()
    if kind < 0.1:
        clients.error, clients.error_after = ThrottledError("slow down"), len(clients.requests)
    elif kind < 0.2:
        clients.list_error = AccessDeniedError("no")
    elif kind < 0.3:
        clients.fault = Results("InternalError", metrics=["Send"])
    return clients.error is not None or clients.fault is not None


def some_mail(
    clients: Clients, names: list[str], now: float, told: set[tuple[str, float]], chance: random.Random
) -> None:
    for name in chance.sample(names, 2):
        place = (name, (now + chance.choice([0, -120])) // 60 * 60)
        if place not in told:
            told.add(place)
            put(clients, *place, chance.randint(1, 9))


@pytest.mark.parametrize("seed", range(6))
async def test_every_datapoint_of_every_set_is_counted_once_through_failures_and_restarts(seed: int) -> None:
    chance = random.Random(seed)
    clients = Clients(cloudwatch=FakeCloudWatch(page_size=chance.choice([None, 9])))
    names = ["news", "shop", "late"]
    for name in names[:2]:
        put(clients, name, MINUTE - 12 * DAY, 1)
    it, now = source(clients, "Send", dimensions=SETS), NOW
    told: set[tuple[str, float]] = set()
    lists_failed = False
    for _ in range(80):
        some_mail(clients, names, now, told, chance)
        fails = trouble(clients, chance)
        if chance.random() < 0.05:
            it = source(clients, "Send", dimensions=SETS)
        try:
            await poll(it, clients, now)
        except SourceError as error:
            lists_failed = lists_failed or error is clients.list_error
        if not fails:
            known = shown(it, now)
            totals = {
                named(name): clients.cloudwatch.total(
                    "Send", YEAR, now // 60 * 60 - 300, now, dimensions={CONFIGURATION_SET: name}
                )
                for name in names
            }
            assert known == {(): 0.0} | {labels: totals[labels] for labels in known if labels}
            assert clients.list_error is not None or set(known) >= {named(name) for name in names[:2]}
        now += chance.choice([300, 300, 300, 60, HOUR, 3 * HOUR])
    clients.error = clients.list_error = clients.fault = None
    await poll(it, clients, now + HOUR)
    assert set(shown(it, now + HOUR)) == {(), *map(named, names)}
    assert lists_failed


async def test_a_set_that_appears_is_found_within_the_hour_and_read_in_calls_of_its_own() -> None:
    clients = Clients()
    put(clients, "news", MINUTE - DAY, 7)
    it = source(clients, "Send", dimensions=SETS)
    await poll(it, clients, NOW)
    put(clients, "shop", MINUTE, 5)
    for step in range(1, 12):
        await poll(it, clients, NOW + 300 * step)
        assert named("shop") not in shown(it, NOW + 300 * step)
    clients.requests.clear()
    await poll(it, clients, NOW + HOUR)
    assert shown(it, NOW + HOUR)[named("shop")] == 5.0
    asked = [
        {tuple(d["Value"] for d in query["MetricStat"]["Metric"]["Dimensions"]) for query in call["MetricDataQueries"]}
        for call in clients.requests
    ]
    assert [names for names in asked if ("shop",) in names] == [{("shop",)}] * 3
    assert [names for names in asked if ("shop",) not in names] == [{(), ("news",)}]


@pytest.mark.parametrize(
    "error", [AccessDeniedError("no"), ThrottledError("slow"), AwsConnectionError("gone"), PollTimeoutError("late")]
)
async def test_a_failed_discovery_shows_by_its_reason_keeps_the_last_list_and_stops_nothing(error: SourceError) -> None:
    clients = Clients()
    put(clients, "news", MINUTE - DAY, 7)
    it = source(clients, "Send", dimensions=SETS)
    await poll(it, clients, NOW)
    clients.list_error = error
    now = NOW + HOUR
    put(clients, "news", MINUTE + HOUR - 600, 2)
    clients.cloudwatch.put("Send", MINUTE + HOUR - 600, 3)
    with pytest.raises(type(error)):
        await poll(it, clients, now)
    assert shown(it, now) == {(): 3.0, named("news"): 9.0}
    clients.list_error = None
    await poll(it, clients, now + 300)
    assert len(clients.lists) == 3


async def test_where_lists_are_denied_from_the_start_the_account_is_there() -> None:
    clients = Clients(list_error=AccessDeniedError("no"))
    clients.cloudwatch.put("Send", MINUTE - DAY, 7)
    chosen = Selection(((CONFIGURATION_SET, Chosen(("news",))),), "Send")
    it = source(clients, "Send", dimensions=DimensionPlan((*SETS.selections, chosen)))
    with pytest.raises(AccessDeniedError) as caught:
        await poll(it, clients, NOW)
    assert caught.value.reason is Reason.ACCESS_DENIED
    assert shown(it, NOW) == {(): 7.0, named("news"): 0.0}
    assert not it.starting, "what is denied takes no time"


async def test_a_list_that_hangs_takes_nothing_from_the_account(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selected, "WAIT_SECONDS", 0.01)
    clients = Clients()
    it = source(clients, "Send", dimensions=SETS)
    for step in range(3):
        clients.cloudwatch.put("Send", MINUTE + 300 * step - 420, 2)
        clients.now = NOW + 300 * step
        await it.poll(clients.now)
        assert shown(it, clients.now) == {(): 2.0 + 2 * step}
        monkeypatch.setattr(selected, "WAIT_SECONDS", 3600.0)


async def test_the_first_poll_reads_what_the_list_brings_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selected, "WAIT_SECONDS", 3600.0)
    clients = Clients()
    put(clients, "news", MINUTE - DAY, 7)
    it = source(clients, "Send", dimensions=SETS)
    lists = it.selected.listing
    assert lists is not None
    async with asyncio.TaskGroup() as group:
        first = group.create_task(it.poll(NOW))
        for _ in range(1000):
            await asyncio.sleep(0)
        assert not first.done(), "it waits a little"
        group.create_task(lists.poll(NOW))
    assert shown(it, NOW) == {(): 0.0, named("news"): 7.0}
    assert it.next_look(NOW) > NOW


async def test_a_first_list_that_comes_after_the_first_poll_wants_another_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selected, "WAIT_SECONDS", 0.0)
    clients = Clients()
    put(clients, "news", MINUTE - DAY, 7)
    it = source(clients, "Send", dimensions=SETS)
    lists = it.selected.listing
    assert lists is not None
    await it.poll(NOW)
    assert it.next_look(NOW) > NOW
    assert not it.starting
    await lists.poll(NOW + 20)
    assert it.next_look(NOW + 21) == NOW + 21
    assert it.starting
    await it.poll(NOW + 21)
    assert shown(it, NOW + 21) == {(): 0.0, named("news"): 7.0}
    await lists.poll(NOW + HOUR)
    assert it.next_look(NOW + HOUR) > NOW + HOUR, "any later one waits for its turn"


async def test_a_list_that_fails_bills_nothing_again() -> None:
    clients, counted = Clients(), Counted()
    put(clients, "news", MINUTE - DAY, 7)
    it = source(clients, "Send", counted=counted, dimensions=SETS)
    await poll(it, clients, NOW)
    clients.list_error = ThrottledError("slow down")
    lists = it.selected.listing
    assert lists is not None
    billed = counted.requested
    for retry in range(5):
        with pytest.raises(ThrottledError):
            await lists.poll(NOW + HOUR + 5 * retry)
    assert counted.requested == billed


async def test_a_set_that_vanished_stays_by_the_rules_of_its_kind_then_goes_and_is_exact_when_it_returns() -> None:
    clients = Clients()
    put(clients, "news", MINUTE - 600, 7)
    put(clients, "news", MINUTE - 600, 0.01, "Reputation.BounceRate")
    it = source(clients, "Send", "Reputation.BounceRate", dimensions=SETS)
    await poll(it, clients, NOW)
    gone = NOW + 14 * DAY
    for step in range(15 * 24):
        now = NOW + HOUR * step
        await poll(it, clients, now)
        held = {(): 0.0, named("news"): 7.0}
        assert shown(it, now) == held
        assert bool(shown(it, now, "Reputation.BounceRate", HELD)) == (now < MINUTE - 600 + 14 * DAY)
    assert not any(
        query["MetricStat"]["Metric"]["Dimensions"] for query in clients.requests[-1]["MetricDataQueries"]
    ), "what is listed no more is asked for no more"
    assert shown(it, now, "Send", "Sum") == {(): 0.0}, "a gauge ends after its last read"
    put(clients, "news", int(now) // 60 * 60 + 60, 5)
    await poll(it, clients, now + HOUR)
    assert shown(it, now + HOUR)[named("news")] == 12.0
    last = gone + 15 * DAY
    for step in range(1, 30 * 24):
        await poll(it, clients, now + HOUR * (1 + step))
    assert shown(it, last + 2 * DAY) == {(): 0.0}


async def test_what_vanished_goes_at_its_time_though_lists_fail() -> None:
    clients = Clients()
    put(clients, "news", MINUTE - 14 * DAY + 1800, 7)
    it = source(clients, "Send", dimensions=SETS)
    await poll(it, clients, NOW)
    await poll(it, clients, NOW + HOUR)
    clients.list_error = AccessDeniedError("no")
    for after, there in ((14 * DAY, True), (14 * DAY + HOUR, False)):
        with pytest.raises(AccessDeniedError):
            await poll(it, clients, NOW + after)
        assert (named("news") in shown(it, NOW + after)) == there


async def test_one_series_that_fails_leaves_the_others_of_its_metric_alone() -> None:
    clients = Clients()
    for name in ("a", "b"):
        put(clients, name, MINUTE - DAY, 1)
    it = source(clients, "Send", dimensions=SETS)
    await poll(it, clients, NOW)
    plain = clients.cloudwatch.get_metric_data

    def failing(request: Mapping[str, Any], now: float, **options: Any) -> dict[str, Any]:
        answer = plain(request, now, **options)
        for query, result in zip(request["MetricDataQueries"], answer["MetricDataResults"], strict=True):
            if query["MetricStat"]["Metric"]["Dimensions"][:1] == [{"Name": CONFIGURATION_SET, "Value": "a"}]:
                result["StatusCode"] = "Forbidden"
        return answer

    clients.cloudwatch.get_metric_data = failing  # type: ignore[method-assign]
    for step in range(1, 5):
        put(clients, "b", MINUTE + 300 * step - 420, 1)
        clients.requests.clear()
        with pytest.raises(AccessDeniedError):
            await poll(it, clients, NOW + 300 * step)
        assert shown(it, NOW + 300 * step) == {(): 0.0, named("a"): 1.0, named("b"): 1.0 + step}
        narrow = [call for call in clients.requests if (call["EndTime"] - call["StartTime"]).total_seconds() == 900]
        assert sum(len(call["MetricDataQueries"]) for call in narrow) >= 2
        assert len(clients.requests) <= 2


async def test_receiving_is_counted_by_rule_set_and_what_comes_once_a_day_is_held() -> None:
    clients = Clients()
    metrics = [METRICS[name] for name in ("Received", "SNDS.SpamRate", "SNDS.RCPTCommands")]
    read = [
        MetricPlan(m.name, m.kind, m.statistics, 300, m.period_seconds or 300, 900, 14 * DAY, account_level=False)
        for m in metrics
    ]
    everything = DimensionPlan(tuple(Selection((), metric.name) for metric in metrics))
    clients.cloudwatch.put("Received", MINUTE - 600, 4, dimensions={"RuleSetName": "[Active]"})
    clients.cloudwatch.put("Received", MINUTE - 600, 4, dimensions={"RuleName": "r"})
    midnight = MINUTE // DAY * DAY
    for day in range(3):
        at = midnight - day * DAY - DAY + 5 * HOUR
        clients.cloudwatch.put("SNDS.SpamRate", at, samples=[0.5 * day], dimensions={"Ip": "192.0.2.1"})
        clients.cloudwatch.put("SNDS.RCPTCommands", at, samples=[100 + day], dimensions={"Ip": "192.0.2.1"})
    who = identity()
    it = CloudWatchSource(
        clients,
        key="default/eu-west-1",
        identity=who,
        plans=read,
        poll_interval_seconds=300,
        telemetry=Counted(),
        dimensions=everything,
        listing=listing(clients, who, everything, read),
    )
    address = (("Ip", "192.0.2.1"),)
    for step in range(3 * 288):
        now = NOW + 300 * step
        await poll(it, clients, now)
        assert shown(it, now, "SNDS.SpamRate", "Maximum") == {address: 0.0}
        assert shown(it, now, "SNDS.RCPTCommands", "Average") == {address: 100.0}
        assert shown(it, now, "SNDS.SpamRate", TIME) == {address: midnight - DAY}
    assert shown(it, now, "Received") == {(("RuleName", "r"),): 4.0, (("RuleSetName", "[Active]"),): 4.0}
    clients.cloudwatch.put("SNDS.SpamRate", int(now) // 60 * 60, samples=[1.0], dimensions={"Ip": "192.0.2.1"})
    await poll(it, clients, now + 300)
    assert shown(it, now + 300, "SNDS.SpamRate", "Maximum") == {address: 1.0}
    assert {metric.kind for metric in metrics} == {Kind.COUNT, Kind.LEVEL}


async def test_after_a_reload_all_is_there_at_once_without_a_new_list_or_a_long_read() -> None:
    clients = Clients()
    for name in ("news", "gone"):
        put(clients, name, MINUTE - 13 * DAY, 7)
    before = source(clients, "Send", dimensions=SETS)
    await poll(before, clients, NOW)
    now = NOW
    for step in range(1, 26):
        now = NOW + HOUR * step
        put(clients, "news", int(now) // 60 * 60 - 600, 1)
        await poll(before, clients, now)
    known = shown(before, now)
    assert known == {(): 0.0, named("news"): 32.0, named("gone"): 7.0}
    after = source(clients, "Send", dimensions=SETS, previous=before)
    clients.requests.clear()
    clients.lists.clear()
    await poll(after, clients, now + 300)
    assert shown(after, now + 300) == known
    assert len(clients.requests) == 1
    assert not clients.lists
    fresh = source(clients, "Send", dimensions=SETS)
    await poll(fresh, clients, now + 300)
    assert shown(fresh, now + 300) == {(): 0.0, named("news"): 32.0}, "what is listed is the same in a new process"


async def test_a_poll_that_is_cut_short_while_it_takes_over_loses_nothing() -> None:
    clients = Clients()
    names = [f"set-{number}" for number in range(1200)]
    for name in names:
        put(clients, name, MINUTE - 600, 1)
    before = source(clients, "Send", dimensions=SETS)
    await poll(before, clients, NOW)
    after = source(clients, "Send", dimensions=SETS, previous=before)
    taking_over = asyncio.create_task(after.poll(NOW + 300))
    for _ in range(4):
        await asyncio.sleep(0)
    taking_over.cancel()
    await asyncio.wait([taking_over])
    assert taking_over.cancelled()
    assert shown(after, NOW) == shown(before, NOW)
    last = source(clients, "Send", dimensions=SETS, previous=after)
    clients.requests.clear()
    await poll(last, clients, NOW + 300)
    assert set(shown(last, NOW + 300)) == {(), *map(named, names)}
    assert len(clients.requests) == math.ceil(1201 / 500), "a steady poll, nothing from its beginning"
