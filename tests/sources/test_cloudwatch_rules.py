"""The rules of a foreign file in the CloudWatch source: one call, lists that are empty, failures, reloads."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from exporter.catalogue import Kind
from exporter.config.dialect import Rule
from exporter.config.plan import MetricPlan
from exporter.config.selections import CONFIGURATION_SET, Chosen, DimensionPlan, Found, Selection
from exporter.errors import AwsInternalError, SourceError
from exporter.sources.cloudwatch import CloudWatchSource
from tests.series.test_rules import RATE, RULE
from tests.sources.test_cloudwatch import DAY, HOUR, NOW, Clients, Counted, identity, listing, poll

MINUTE = int(NOW) // 60 * 60
SETS = Selection(((CONFIGURATION_SET, Found()),), "Send")
BY_SET = replace(RULE, id="cloudwatch_exporter/1", selection=SETS, warn_when_empty=True)
SEND = MetricPlan("Send", Kind.COUNT, (), 300, 300, 900, 14 * DAY)
BOUNCE_RATE = MetricPlan("Reputation.BounceRate", Kind.RATE, ("Average",), 300, 300, 900, 14 * DAY)


def source(clients: Clients, *rules: Rule, **more: Any) -> CloudWatchSource:
    selections = tuple(rule.selection for rule in rules if rule.selection is not None)
    dimensions, plans, who = DimensionPlan(selections), [SEND, BOUNCE_RATE], identity()
    return CloudWatchSource(
        clients,
        key="default/us-east-1",
        identity=who,
        plans=plans,
        poll_interval_seconds=60,
        telemetry=Counted(),
        dimensions=dimensions,
        listing=listing(clients, who, dimensions, plans, more.get("previous")),
        rules=rules,
        **more,
    )


def shown(of: CloudWatchSource, now: float = NOW) -> dict[tuple[str, str, str], float]:
    readings = {
        (series.rule.id, series.aspect, "".join(value for _, value in series.labels)): series.reading.at(now)
        for series in of.series()
        if series.rule is not None
    }
    return {key: reading.value for key, reading in readings.items() if reading is not None}


async def test_rules_need_no_call_of_their_own_once_all_is_read() -> None:
    clients = Clients()
    of = source(clients, replace(RULE, period_seconds=300), replace(RATE, id="rate", range_seconds=300))
    await poll(of, clients, NOW)
    clients.requests.clear()
    clients.now += 60
    await poll(of, clients, NOW + 60)
    (request,) = clients.requests
    asked = [(query["MetricStat"]["Stat"], query["MetricStat"]["Period"]) for query in request["MetricDataQueries"]]
    assert sorted(asked) == [("Average", 60), ("Sum", 60), ("Sum", 60), ("Sum", 300)]


async def test_a_failed_poll_leaves_what_the_rules_show() -> None:
    clients = Clients()
    clients.cloudwatch.put("Send", MINUTE - 120, 4)
    of = source(clients, RULE)
    await poll(of, clients, NOW)
    assert shown(of) == {("cloudwatch_exporter/0", "Sum", ""): 4.0}
    clients.error = AwsInternalError("x")
    with pytest.raises(SourceError):
        await poll(of, clients, NOW + 60)
    assert shown(of) == {("cloudwatch_exporter/0", "Sum", ""): 4.0}


async def test_a_reload_goes_on_with_what_was_shown() -> None:
    clients = Clients()
    clients.cloudwatch.put("Send", MINUTE - 120, 4)
    clients.cloudwatch.put("Send", MINUTE - 120, 3, dimensions={CONFIGURATION_SET: "a"})
    before = source(clients, RULE, BY_SET)
    await poll(before, clients, NOW)
    clients.error = AwsInternalError("x")
    after = source(clients, RULE, BY_SET, previous=before)
    with pytest.raises(SourceError):
        await poll(after, clients, NOW + 30)
    assert shown(after) == shown(before)
    assert shown(after)["cloudwatch_exporter/1", "Sum", "a"] == 3.0


async def test_an_empty_list_of_dimensions_is_said_once_until_there_are_some(caplog: pytest.LogCaptureFixture) -> None:
    def said() -> int:
        return sum("lists no dimensions" in record.message for record in caplog.records)

    clients = Clients()
    of = source(clients, BY_SET)
    for hour in range(3):
        await poll(of, clients, NOW + HOUR * hour)
    assert said() == 1
    clients.cloudwatch.put("Send", MINUTE - 120, 4, dimensions={CONFIGURATION_SET: "a"})
    now = NOW + 3 * HOUR
    await poll(of, clients, now)
    assert said() == 1
    assert shown(of, now) == {("cloudwatch_exporter/1", "Sum", "a"): 0.0}


async def test_of_two_rules_of_one_metric_the_one_that_selects_nothing_is_named(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clients = Clients()
    clients.cloudwatch.put("Send", MINUTE - 120, 4, dimensions={CONFIGURATION_SET: "a"})
    nowhere = replace(BY_SET, id="cloudwatch_exporter/2", selection=Selection((("nosuch", Found()),), "Send"))
    unmatched = replace(
        BY_SET, id="cloudwatch_exporter/3", selection=Selection(((CONFIGURATION_SET, Found(("b",))),), "Send")
    )
    of = source(clients, BY_SET, nowhere, unmatched)
    for hour in range(2):
        await poll(of, clients, NOW + HOUR * hour)
    said = [vars(record)["dimensions"] for record in caplog.records if "lists no dimensions" in record.message]
    assert said == [("nosuch",), (CONFIGURATION_SET,)]


async def test_what_is_read_listed_or_not_is_never_called_empty(caplog: pytest.LogCaptureFixture) -> None:
    clients = Clients()
    exact = replace(
        BY_SET, id="cloudwatch_exporter/2", selection=Selection(((CONFIGURATION_SET, Chosen(("b",))),), "Send")
    )
    clients.cloudwatch.put("Send", MINUTE - 120, 4, dimensions={CONFIGURATION_SET: "a"})
    await poll(source(clients, BY_SET, exact), clients, NOW)
    assert not caplog.records


async def test_two_rules_of_one_metric_show_their_own_periods() -> None:
    clients = Clients()
    for ago in range(20):
        clients.cloudwatch.put("Send", MINUTE - 60 * ago, 2)
    of = source(
        clients, RULE, replace(RULE, id="five", period_seconds=300), replace(RULE, id="hour", period_seconds=3600)
    )
    await poll(of, clients, NOW)
    assert shown(of) == {("cloudwatch_exporter/0", "Sum", ""): 2.0, ("five", "Sum", ""): 10.0, ("hour", "Sum", ""): 0.0}
