"""The list of dimensions, which takes nothing from the data however it fails, and linked accounts, found by a list."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from exporter.errors import Reason
from tests.effort import SOAK
from tests.fakes.aws import (
    HTML,
    INTERNAL,
    THROTTLING,
    CutShort,
    Edited,
    EndlessTokens,
    Error,
    Fault,
    Hang,
    RepeatToken,
    Reset,
    Stall,
    Truncated,
)
from tests.faults.invariant import holds
from tests.faults.mail import COUNTS, HOUR, MINUTE, RATE, Mail, Place
from tests.faults.prometheus import get
from tests.faults.world import HIT, OTHER, TARGETS, World, flowing, play, suffer

DENIED = Error("AccessDeniedException", "no", 403)
LIST: dict[str, Any] = {
    "metrics": [{"name": name, "dimensions": ["all"]} for name in (*COUNTS, RATE)],
    "sources": {"dimensions": {"refresh_seconds": 300}},
}
LINKED = Place(f"{HIT.target}/333333333333", "333333333333", HIT.region)
MONITORING: dict[str, Any] = {
    "targets": ({**TARGETS[0], "linked_accounts": ["all"]}, TARGETS[1]),
    "sources": {"dimensions": {"refresh_seconds": 300}},
}
SEND = f"aws_ses_dimension_send_total{{{HIT.labels},ses_configuration_set="


def with_sets(world: World) -> None:
    """Let mail flow in two configuration sets of each place too."""
    world.sets += [Mail(place, world.aws, name) for place in (HIT, OTHER) for name in ("letters", "offers")]
    flowing(world)


def with_linked(world: World) -> None:
    """Let mail flow in an account that is linked to the first."""
    world.mails[LINKED] = Mail(LINKED, world.aws)
    link(world)
    flowing(world)


def link(world: World, *accounts: str) -> None:
    world.aws.cloudwatch.links[HIT.account] = {LINKED.account, *accounts}


def edited(change: Callable[[dict[str, Any]], object]) -> Edited:
    def changed(answer: dict[str, Any]) -> dict[str, Any]:
        change(answer)
        return answer

    return Edited(changed)


def listed(**metric: Any) -> Edited:
    """Return the fault that has one more *metric* in the list."""
    plain = {"MetricName": "Send", "Dimensions": [{"Name": "ses:configuration-set", "Value": "x"}]}
    return edited(lambda answer: answer["Metrics"].append({**plain, **metric}))


ENDLESS = "tokens that never end"
ENDLESS_SECONDS = 600.0
"""How long a list may take."""
FAILURES: dict[str, tuple[Fault, Reason]] = {
    "throttled": (THROTTLING, Reason.THROTTLED),
    "denied": (DENIED, Reason.ACCESS_DENIED),
    "a server error": (INTERNAL, Reason.INTERNAL),
    "a page of a proxy": (HTML, Reason.INVALID_RESPONSE),
    "half of it": (Truncated(), Reason.INVALID_RESPONSE),
    "silence": (Stall(), Reason.TIMEOUT),
    "silence after the headers": (Hang(), Reason.TIMEOUT),
    "a reset": (Reset(), Reason.CONNECTION),
    "a reset in the body": (CutShort(), Reason.CONNECTION),
    "a token that repeats": (RepeatToken(), Reason.INVALID_RESPONSE),
    ENDLESS: (EndlessTokens(), Reason.TIMEOUT),
    "no list": (edited(lambda answer: answer.update(Metrics=None)), Reason.INVALID_RESPONSE),
    "a token that is none": (edited(lambda answer: answer.update(NextToken=["x"])), Reason.INVALID_RESPONSE),
}
ODD: dict[str, tuple[Fault, Reason]] = {
    "a metric that is none": (listed(MetricName=None), Reason.INVALID_RESPONSE),
    "no dimensions": (listed(Dimensions=None), Reason.INVALID_RESPONSE),
    "a number for a value": (listed(Dimensions=[{"Name": "x", "Value": 7}]), Reason.INVALID_RESPONSE),
    "a list for a name": (listed(Dimensions=[{"Name": ["x"], "Value": "x"}]), Reason.INVALID_RESPONSE),
    "an empty name": (listed(Dimensions=[{"Name": "", "Value": "x"}]), Reason.INVALID_RESPONSE),
    "half a character": (listed(Dimensions=[{"Name": "x", "Value": "\ud800"}]), Reason.INVALID_RESPONSE),
}
OWNERS: dict[str, tuple[Fault, Reason]] = {
    "owners that are none": (edited(lambda answer: answer.update(OwningAccounts=7)), Reason.INVALID_RESPONSE),
    "an owner that is no account": (
        edited(lambda answer: answer["OwningAccounts"].append("all")),
        Reason.INVALID_RESPONSE,
    ),
}


async def met(world: World, source: str, faults: dict[str, tuple[Fault, Reason]]) -> None:
    """Let the lists of *source* meet each of *faults*."""
    for what, (fault, reason) in faults.items():
        world.aws.fail(fault, region=HIT.region, operation="ListMetrics", times=None)
        slow_seconds = ENDLESS_SECONDS if what == ENDLESS else 0.0
        await suffer(world, HIT, {(source, reason.value)}, what, slow_seconds=slow_seconds)


def of(source: str, faults: dict[str, tuple[Fault, Reason]]) -> set[tuple[str, str]]:
    return {(source, reason.value) for _, reason in faults.values()}


def test_a_list_of_dimensions_that_fails_in_any_way_is_told_and_takes_nothing_from_the_data() -> None:
    faults = FAILURES | ODD

    world = play(lambda world: met(world, "dimensions", faults), mail=with_sets, **LIST)
    holds(world, of("dimensions", faults), hit=[HIT], data_untouched=True)


def test_a_list_that_is_denied_from_the_start_delays_neither_readiness_nor_data_and_brings_everything_later() -> None:
    async def story(world: World) -> None:
        world.aws.fail(DENIED, region=HIT.region, operation="ListMetrics", times=None)
        await world.kill()
        await world.passing(MINUTE)
        assert world.daemon is not None
        assert (await get(world.daemon.app, "/-/ready"))[0] == 200
        await world.passing(HOUR)
        last = world.prometheus.scrapes[-1].samples
        assert not [name for name in last if name.startswith(SEND)]
        assert last[f"aws_ses_send_total{{{HIT.labels}}}"] > 0

    world = play(story, mail=with_sets, **LIST)
    holds(world, {("dimensions", Reason.ACCESS_DENIED.value)}, hit=[HIT], data_untouched=True)


def test_a_set_that_comes_while_the_list_is_down_is_counted_from_its_first_mail() -> None:
    def mail(world: World) -> None:
        with_sets(world)
        world.sets.append(Mail(HIT, world.aws, "news"))
        for minute in range(20, 100, 7):
            moment = int(world.start) // MINUTE * MINUTE + minute * MINUTE
            world.sets[-1].put("Send", moment, float(minute), moment + MINUTE)
            world.sets[-1].put("Bounce", moment, 1.0, moment + MINUTE)
            world.sets[-1].put(RATE, moment, minute / 1e4, moment + MINUTE)

    async def story(world: World) -> None:
        world.aws.fail(THROTTLING, region=HIT.region, operation="ListMetrics", times=None)
        await world.passing(2 * HOUR)
        assert f'{SEND}"news"}}' not in world.prometheus.scrapes[-1].samples

    world = play(story, mail=mail, **LIST)
    holds(world, {("dimensions", Reason.THROTTLED.value)}, hit=[HIT], data_untouched=True)
    assert world.prometheus.scrapes[-1].samples[f'{SEND}"news"}}'] == sum(range(20, 100, 7))


def test_dimensions_whose_labels_are_the_same_are_one_series_and_never_a_page_that_cannot_be_read() -> None:
    names = ("ses_configuration_set", "Ses:Configuration-Set", "account_id")

    async def story(world: World) -> None:
        for name in names:
            world.aws.fail(listed(Dimensions=[{"Name": name, "Value": "letters"}]), operation="ListMetrics", times=None)
        await world.passing(HOUR)

    holds(play(story, mail=with_sets, **LIST), (), hit=[HIT], seen_down=False, data_untouched=True)


def test_looking_for_linked_accounts_fails_in_any_way_and_takes_nothing_from_those_that_were_found() -> None:
    few = ("denied", "silence", "a token that repeats")
    faults = (FAILURES if SOAK else {what: FAILURES[what] for what in few}) | OWNERS

    world = play(lambda world: met(world, "linked", faults), mail=with_linked, **MONITORING)
    holds(world, of("linked", faults), hit=[HIT], data_untouched=True)


def test_an_account_that_is_unlinked_fails_alone_and_comes_back_with_everything_once_it_is_linked_again() -> None:
    async def story(world: World) -> None:
        world.aws.cloudwatch.links.clear()
        await world.passing(HOUR)
        assert f"aws_ses_up{{{LINKED.labels}}}" not in world.prometheus.scrapes[-1].samples
        link(world)
        await world.passing(HOUR)

    sources = {"dimensions": {"refresh_seconds": 1800}}
    world = play(story, mail=with_linked, **{**MONITORING, "sources": sources})
    holds(world, {("cloudwatch", Reason.ACCESS_DENIED.value)}, hit=[LINKED])


@pytest.mark.parametrize("fault", [THROTTLING, INTERNAL], ids=["throttled", "a server error"])
def test_a_monitoring_account_whose_data_fails_takes_those_linked_to_it_along_and_all_recover(fault: Error) -> None:
    async def story(world: World) -> None:
        world.aws.fail(fault, region=HIT.region, operation="GetMetricData", times=None)
        await world.passing(HOUR)

    reason = Reason.THROTTLED if fault is THROTTLING else Reason.INTERNAL
    holds(play(story, mail=with_linked, **MONITORING), {("cloudwatch", reason.value)}, hit=[HIT, LINKED])
