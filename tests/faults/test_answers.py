"""What AWS may answer instead of the truth: errors of every code, and bodies and pages of every kind."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from exporter.aws.codes import ERROR_OF_CODE
from exporter.errors import Reason
from tests.effort import SOAK
from tests.fakes.aws import (
    HTML,
    INTERNAL,
    THROTTLING,
    Body,
    CutShort,
    Delay,
    Edited,
    EndlessTokens,
    Error,
    Fault,
    Hang,
    RepeatToken,
    Reset,
    Results,
    Stale,
    Stall,
    Truncated,
)
from tests.faults.invariant import holds
from tests.faults.mail import HOUR, MINUTE, RATE
from tests.faults.world import HIT, World, play, suffer

BOTH = ("cloudwatch", "account")
SOURCES = {"GetMetricData": "cloudwatch", "GetAccount": "account"}

Case = tuple[str, Fault, Reason]


def failing(reason: Reason, *sources: str) -> set[tuple[str, str]]:
    return {(source, reason.value) for source in sources or BOTH}


def suffers(cases: Iterable[Case], *operations: str) -> World:
    """Play each of *cases* for some polls, with time to recover, and check everything at each scrape and in the end."""
    cases = list(cases)
    sources = [SOURCES[operation] for operation in operations]

    async def story(world: World) -> None:
        for what, fault, reason in cases:
            for operation in operations:
                world.aws.fail(fault, region=HIT.region, operation=operation, times=None)
            await suffer(world, HIT, failing(reason, *sources), what)

    world = play(story, settle_seconds=RECOVERED_SECONDS)
    holds(world, {each for _, _, reason in cases for each in failing(reason, *sources)}, hit=[HIT])
    return world


def taken(fault: Fault, **options: Any) -> World:
    """Play *fault* to GetMetricData, and check that it does no harm at all."""

    async def story(world: World) -> None:
        world.aws.fail(fault, region=HIT.region, operation="GetMetricData", times=None)
        await world.passing(20 * MINUTE)

    world = play(story)
    holds(world, (), hit=[HIT], seen_down=False, **options)
    return world


RECOVERED_SECONDS = 16 * MINUTE
LAG_SECONDS = 30 * MINUTE


def test_throttling_for_an_hour_loses_nothing() -> None:
    async def story(world: World) -> None:
        world.aws.fail(THROTTLING, region=HIT.region, during=(world.now, world.now + HOUR))
        await world.passing(HOUR)

    world = play(story)
    holds(world, failing(Reason.THROTTLED), hit=[HIT])
    last = world.prometheus.scrapes[-1].samples
    throttles = 'aws_ses_exporter_api_throttles_total{operation="GetMetricData",region="us-east-1",target="hit"}'
    assert last[throttles] > 20


CODES = {code: error.reason for code, error in ERROR_OF_CODE.items()} | {
    "ValidationError": Reason.OTHER,
    "InvalidNextToken": Reason.OTHER,
    "BadRequestException": Reason.OTHER,
    "NotFoundException": Reason.OTHER,
}


ONE_OF_EACH_REASON = sorted({reason: code for code, reason in sorted(CODES.items())}.values())


@pytest.mark.parametrize(
    "codes",
    [sorted(CODES)[::2], sorted(CODES)[1::2]] if SOAK else [ONE_OF_EACH_REASON],
    ids=["even", "odd"] if SOAK else ["one of each reason"],
)
def test_every_code_of_aws_is_counted_under_its_reason_and_harms_nothing(codes: list[str]) -> None:
    suffers([(code, Error(code, "no", 400), CODES[code]) for code in codes], "GetMetricData", "GetAccount")


def test_server_errors_with_and_without_aws_s_words() -> None:
    cases = [
        case
        for status in ((500, 502, 503, 504) if SOAK else (500, 503))
        for case in (
            (f"a page with {status}", Body("<html>Bad Gateway</html>", "text/html", status), Reason.INTERNAL),
            (f"{status}", Error("InternalFailure", "no", status), Reason.INTERNAL),
        )
    ]
    suffers(cases, "GetMetricData", "GetAccount")


def nested(depth: int) -> str:
    return '{"MetricDataResults":' * depth + "[]" + "}" * depth


BODIES: dict[str, Body | Truncated] = {
    "a page of a proxy": HTML,
    "half of it": Truncated(),
    "nothing": Body("", "application/json", 200),
    "null": Body("null", "application/json", 200),
    "a list": Body("[1, 2]", "application/json", 200),
    "a number": Body("7", "application/json", 200),
    "an empty object": Body("{}", "application/json", 200),
    "deeper than Python goes": Body("[" * 20_000 + "]" * 20_000, "application/json", 200),
    "deep objects": Body(nested(5_000), "application/json", 200),
    "no text": Body("\x00\x01\ufffd" * 1000, "application/json", 200),
    "a quota of 400 digits": Body('{"SendQuota": {"MaxSendRate": 1%s}}' % ("0" * 400), "application/json", 200),
    "results that are none": Body('{"MetricDataResults": 5, "SendQuota": 7}', "application/json", 200),
    "a result without anything": Body('{"MetricDataResults": [{}]}', "application/json", 200),
}


def test_an_answer_that_is_none_replaces_nothing() -> None:
    suffers([(what, fault, Reason.INVALID_RESPONSE) for what, fault in BODIES.items()], "GetMetricData")


def test_facts_that_are_none_replace_nothing() -> None:
    kinds = ("a page of a proxy", "half of it", "nothing", "an empty object", "deep objects", "a quota of 400 digits")
    suffers([(what, BODIES[what], Reason.INVALID_RESPONSE) for what in kinds], "GetAccount")


def edited(change: Callable[[dict[str, Any]], object]) -> Edited:
    """Return the fault that has *change* at each result that has values."""

    def at_each(answer: dict[str, Any]) -> dict[str, Any]:
        for result in answer["MetricDataResults"]:
            if result["Values"]:
                change(result)
        return answer

    return Edited(at_each)


def shifted(result: dict[str, Any], seconds: float) -> None:
    result["Timestamps"] = [moment + seconds for moment in result["Timestamps"]]


RESULTS: dict[str, Fault] = {
    "NaN": edited(lambda result: result.update(Values=[math.nan] * len(result["Values"]))),
    "infinite": edited(lambda result: result["Values"].__setitem__(0, math.inf)),
    "minus infinite": edited(lambda result: result["Values"].__setitem__(0, -math.inf)),
    "a text for a number": edited(lambda result: result["Values"].__setitem__(0, "many")),
    "a truth for a number": edited(lambda result: result["Values"].__setitem__(0, True)),
    "null for a number": edited(lambda result: result["Values"].__setitem__(0, None)),
    "more digits than a float has": edited(lambda result: result["Values"].__setitem__(0, 10**400)),
    "finite, but not their sum": edited(lambda result: result.update(Values=[1.7e308] * len(result["Values"]))),
    "less than none": edited(lambda result: result["Values"].__setitem__(0, -1.0)),
    "one value less": edited(lambda result: result["Values"].pop()),
    "one time less": edited(lambda result: result["Timestamps"].pop()),
    "in the future": edited(lambda result: shifted(result, 86400)),
    "before the window": edited(lambda result: shifted(result, -40 * 86400)),
    "between two minutes": edited(lambda result: shifted(result, 7)),
    "no time at all": edited(lambda result: result["Timestamps"].__setitem__(0, "soon")),
    "a time beyond all calendars": edited(lambda result: result["Timestamps"].__setitem__(0, 1e300)),
    "an unknown id": edited(lambda result: result.update(Id="q_unknown")),
    "an id that is none": edited(lambda result: result.update(Id=None)),
    "a state that is none": edited(lambda result: result.update(StatusCode="Perhaps")),
    "a token that repeats": RepeatToken(),
}


def test_results_that_cannot_be_are_not_believed() -> None:
    suffers([(what, fault, Reason.INVALID_RESPONSE) for what, fault in RESULTS.items()], "GetMetricData")


def test_tokens_that_never_end_end_with_the_poll() -> None:
    long = ("endless, and too long", EndlessTokens(padding=100_000), Reason.INVALID_RESPONSE)
    suffers([("endless", EndlessTokens(), Reason.TIMEOUT), long], "GetMetricData")


def doubled(answer: dict[str, Any]) -> dict[str, Any]:
    answer["MetricDataResults"] = [*answer["MetricDataResults"], *answer["MetricDataResults"]]
    for result in answer["MetricDataResults"]:
        result["Timestamps"], result["Values"] = result["Timestamps"] * 2, result["Values"] * 2
    return answer


def turned(answer: dict[str, Any]) -> dict[str, Any]:
    answer["MetricDataResults"].reverse()
    for result in answer["MetricDataResults"]:
        order = sorted(range(len(result["Values"])), key=lambda index: (index * 7) % 5)
        result["Timestamps"] = [result["Timestamps"][index] for index in order]
        result["Values"] = [result["Values"][index] for index in order]
    return answer


def with_more(answer: dict[str, Any]) -> dict[str, Any]:
    return {
        **answer,
        "New": {"deep": [json.loads("[" * 50 + "]" * 50)]},
        "MetricDataResults": answer["MetricDataResults"],
    }


@pytest.mark.parametrize("fault", [Edited(doubled), Edited(turned), Edited(with_more), Delay(5.0)])
def test_an_answer_that_is_right_in_another_form_is_taken(fault: Fault) -> None:
    taken(fault)


def test_a_replica_of_cloudwatch_that_lags_takes_nothing_back() -> None:
    world = taken(Stale(LAG_SECONDS), lag_seconds=LAG_SECONDS)
    smaller = 'aws_ses_exporter_smaller_answers_total{region="us-east-1",target="hit"}'
    assert world.prometheus.scrapes[-1].samples[smaller] > 0


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ("PartialData", Reason.INVALID_RESPONSE),
        ("InternalError", Reason.INTERNAL),
        ("Forbidden", Reason.ACCESS_DENIED),
    ],
)
def test_partial_results_at_each_page_replace_no_whole_ones(status: str, reason: Reason) -> None:
    async def story(world: World) -> None:
        world.aws.cloudwatch.page_size = 3
        for metrics in ({"Send"}, {"Bounce"}, {RATE}, None):
            fault = Results(status, metrics=metrics, keep=0.5)
            world.aws.fail(fault, region=HIT.region, operation="GetMetricData", times=None)
            await suffer(world, HIT, failing(reason, "cloudwatch"), f"{status} of {metrics}")
        world.aws.cloudwatch.page_size = None

    holds(play(story), failing(reason, "cloudwatch"), hit=[HIT])


def test_messages_that_an_answer_may_be_incomplete_are_heard() -> None:
    fault = Results("Complete", keep=0.2, overall=(("ArgumentError", "some"),))
    suffers([("messages", fault, Reason.INVALID_RESPONSE)], "GetMetricData")


def test_silence_and_cut_connections() -> None:
    cases: list[Case] = [
        ("silence", Stall(), Reason.TIMEOUT),
        ("silence after the headers", Hang(), Reason.TIMEOUT),
        ("a reset", Reset(), Reason.CONNECTION),
        ("a reset in the body", CutShort(), Reason.CONNECTION),
    ]
    suffers(cases, "GetMetricData", "GetAccount")


def test_internal_errors_of_one_poll_in_three_show_and_lose_nothing() -> None:
    async def story(world: World) -> None:
        for _ in range(6):
            world.aws.fail(INTERNAL, region=HIT.region, operation="GetMetricData", times=3)
            await world.passing(13 * MINUTE)

    holds(play(story), failing(Reason.INTERNAL, "cloudwatch"), hit=[HIT], seen_down=False)
