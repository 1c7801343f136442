"""Series with dimensions: limits, labels that would fall on others, odd values, and thousands of them."""

from __future__ import annotations

import asyncio
import math
import tracemalloc

import pytest

from exporter.config.selections import CONFIGURATION_SET, DimensionPlan, Found, Selection
from exporter.errors import ThrottledError
from exporter.series.queries import Dimensions
from exporter.sources import cloudwatch, portions
from exporter.sources.cloudwatch import CloudWatchSource
from tests.exposition.world import KEY, World
from tests.pages import read_openmetrics, read_text
from tests.sources.sets import HOUR, MINUTE, SETS, named, put, shown
from tests.sources.test_cloudwatch import DAY, NOW, Clients, Counted, periods, poll, source
from tests.threads import without_threads


async def test_what_is_over_a_limit_is_counted_and_named_once_also_over_a_reload(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clients, counted = Clients(), Counted()
    for name in ("a", "b", "c"):
        put(clients, name, MINUTE - DAY, 7)
    limited = DimensionPlan((Selection(((CONFIGURATION_SET, Found()),), limit=2),))
    it = source(clients, "Send", counted=counted, dimensions=limited)
    await poll(it, clients, NOW)
    assert set(shown(it, NOW)) == {(), named("a"), named("b")}
    assert counted.dropped == {"limit": 1, "label": 0}
    record = next(iter(caplog.records))
    assert (record.message, vars(record)["reason"], vars(record)["count"]) == (
        "series with dimensions left out",
        "limit",
        1,
    )
    assert "'c'" in vars(record)["series"]
    for step in range(1, 40):
        await poll(it, clients, NOW + 300 * step)
    now = NOW + 300 * 40
    after = source(clients, "Send", counted=counted, dimensions=limited, previous=it)
    await poll(after, clients, now)
    assert len(caplog.records) == 1
    assert counted.dropped == {"limit": 1, "label": 0}
    put(clients, "0", now // 60 * 60, 1)
    await poll(after, clients, now + HOUR)
    assert set(shown(after, now + HOUR)) == {(), named("0"), named("a")}
    assert [vars(each)["count"] for each in caplog.records] == [1, 1]


async def test_a_reload_without_dimensions_leaves_nothing_dropped() -> None:
    clients, counted = Clients(), Counted()
    put(clients, "a", MINUTE - DAY, 7)
    none = DimensionPlan((Selection(((CONFIGURATION_SET, Found()),), limit=0),))
    before = source(clients, "Send", counted=counted, dimensions=none)
    await poll(before, clients, NOW)
    assert counted.dropped["limit"] == 1
    await poll(source(clients, "Send", counted=counted, previous=before), clients, NOW + 300)
    assert counted.dropped["limit"] == 0


async def test_labels_that_would_fall_on_others_are_left_out_counted_and_named(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clients, counted = Clients(), Counted()
    for dimensions in ({"Region": "x"}, {"a-b": "1", "a_b": "2"}, {"a-b": "1"}, {"instance": "i"}):
        clients.cloudwatch.put("Send", MINUTE - DAY, 7, dimensions=dimensions)
    it = source(clients, "Send", counted=counted, dimensions=DimensionPlan((Selection((), "Send"),)))
    await poll(it, clients, NOW)
    assert set(shown(it, NOW)) == {(), (("a-b", "1"),)}
    assert counted.dropped == {"limit": 0, "label": 3}
    assert [vars(record)["reason"] for record in caplog.records] == ["label"]
    assert "Region" in vars(caplog.records[0])["series"]


ODD = ('"', "\n", "\\", "\\n", "ü 日本 🦄", "a" * 255, "{}", " ", 'x="y",z', "[Active]", "\u2028", "\t")


async def test_odd_values_come_through_the_page_intact() -> None:
    clients = Clients()
    for number, value in enumerate(ODD, start=1):
        put(clients, value, MINUTE - DAY, number)
    it = source(clients, "Send", dimensions=SETS)
    await poll(it, clients, NOW)
    world = World()
    world.now = NOW
    world.add(KEY, *it.series())
    for found in (read_text(world.text()), read_openmetrics(world.text(openmetrics=True))):
        seen = {
            dict(labels)["ses_configuration_set"]: value
            for (name, labels), value in found.items()
            if name == "aws_ses_dimension_send_total"
        }
        assert seen == {value: float(number) for number, value in enumerate(ODD, start=1)}


async def test_two_thousand_sets_take_the_fewest_calls() -> None:
    clients = Clients()
    names = [f"set-{number:04}" for number in range(2000)]
    for number, name in enumerate(names):
        put(clients, name, MINUTE - 600 - 60 * (number % 50), number)
        put(clients, name, MINUTE - 600, 0.01, "Reputation.BounceRate")
    everything = DimensionPlan(SETS.selections, limit=4000)
    it = source(clients, "Send", "Reputation.BounceRate", dimensions=everything)
    await poll(it, clients, NOW)
    assert len(clients.lists) == math.ceil(4000 / 500)
    clients.requests.clear()
    now = NOW + 300
    await poll(it, clients, now)
    assert len(clients.requests) == math.ceil((2001 + 2 * 2001) / 500)
    assert max(len(call["MetricDataQueries"]) for call in clients.requests) == 500
    assert set(periods(clients)) == {60}
    assert shown(it, now) == {(): 0.0} | {named(name): float(number) for number, name in enumerate(names)}
    world = World()
    world.now = now
    world.add(KEY, *it.series())
    assert len(world.shown("aws_ses_dimension_send_total")) == 2000
    assert len(world.text()) < 3_000_000


async def test_a_series_with_dimensions_takes_little_memory() -> None:
    clients = Clients()
    for number in range(200):
        put(clients, f"set-{number:04}", MINUTE - 600, number)
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    it = source(clients, "Send", dimensions=SETS)
    await poll(it, clients, NOW)
    clients.requests.clear()
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(shown(it, NOW)) == 201
    assert (after - before) / 200 < 12_000, "bytes, as an array for each row takes"


async def test_a_long_answer_is_read_also_where_there_is_no_thread_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cloudwatch, "ASIDE_FROM", 1)
    clients = Clients()
    put(clients, "news", MINUTE - DAY, 7)
    it = source(clients, "Send", dimensions=SETS)
    with monkeypatch.context() as patched:
        without_threads(patched)
        await poll(it, clients, NOW)
    assert shown(it, NOW) == {(): 0.0, named("news"): 7.0}


Sent = dict[Dimensions, float]


def eight(monkeypatch: pytest.MonkeyPatch) -> tuple[Clients, CloudWatchSource, Sent]:
    """Return a source of set-1, which sent one mail, to set-8, which sent eight; three series are a portion."""
    clients, sent = Clients(), {named(f"set-{number}"): float(number) for number in range(1, 9)}
    for ((_, name),), number in sent.items():
        put(clients, name, MINUTE - DAY, number)
    it = source(clients, "Send", dimensions=SETS)
    (own,) = it.roster.reading
    monkeypatch.setattr(portions, "AT_ONCE", 3 * sum(query.datapoints for query in own.wants(NOW)))
    return clients, it, sent


async def test_many_series_that_begin_are_read_in_portions_that_each_count(monkeypatch: pytest.MonkeyPatch) -> None:
    clients, it, sent = eight(monkeypatch)
    await poll(it, clients, NOW)
    assert shown(it, NOW) == {(): 0.0} | sent
    assert max(len(request["MetricDataQueries"]) for request in clients.requests) == 3
    clients.requests.clear()
    await poll(it, clients, NOW + 300)
    assert [len(request["MetricDataQueries"]) for request in clients.requests] == [1 + len(sent)]


async def test_a_start_that_fails_half_way_keeps_the_portions_it_has_read(monkeypatch: pytest.MonkeyPatch) -> None:
    clients, it, sent = eight(monkeypatch)
    clients.error, clients.error_after = ThrottledError("slow down"), 7
    with pytest.raises(ThrottledError):
        await poll(it, clients, NOW)
    assert shown(it, NOW) == {(): 0.0} | {named(name): sent[named(name)] for name in ("set-1", "set-2", "set-3")}
    clients.error = None
    await poll(it, clients, NOW + 5)
    assert shown(it, NOW + 5) == {(): 0.0} | sent


async def test_the_daily_look_of_many_series_is_in_portions_after_what_is_new(monkeypatch: pytest.MonkeyPatch) -> None:
    clients, it, sent = eight(monkeypatch)
    await poll(it, clients, NOW)
    midnight = NOW // DAY * DAY + DAY
    for now in range(int(NOW) + HOUR, int(midnight + HOUR), HOUR):
        await poll(it, clients, now)
    due = midnight + 2 * HOUR - 30
    put(clients, "set-1", midnight - 20 * DAY, 5)
    put(clients, "set-1", due // 60 * 60 - 600, 7)
    clients.requests.clear()
    clients.error, clients.error_after = ThrottledError("too many datapoints"), 1
    with pytest.raises(ThrottledError):
        await poll(it, clients, due)
    assert shown(it, due)[named("set-1")] == 8.0, "what is new was counted"
    clients.error = None
    clients.requests.clear()
    await poll(it, clients, due + 5)
    assert shown(it, due + 5) == {(): 0.0} | sent | {named("set-1"): 13.0}
    asked = [[query["MetricStat"]["Period"] for query in call["MetricDataQueries"]] for call in clients.requests]
    days = [len(call) for call in asked if DAY in call]
    assert sum(days) == 9
    assert len(days) >= 2


async def test_after_a_poll_that_was_cut_the_series_are_built_with_turns_for_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clients, turns = Clients(), 0
    for number in range(500):
        put(clients, f"set-{number}", MINUTE - 600, 7)
    it = source(clients, "Send", dimensions=SETS)
    await poll(it, clients, NOW)
    before = shown(it, NOW)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await poll(it, clients, NOW + 300)

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    beside = asyncio.create_task(others())
    await it.prepare()
    beside.cancel()
    assert turns >= 5
    monkeypatch.setattr(it.roster, "series", None)
    assert shown(it, NOW + 300) == before
