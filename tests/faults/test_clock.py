"""The clock: steps, a suspended machine, and skew against AWS's Date header."""

from __future__ import annotations

import pytest

from exporter.errors import Reason
from tests.fakes.aws import Request
from tests.faults.invariant import holds
from tests.faults.mail import HOUR, MINUTE
from tests.faults.world import HIT, OTHER, World, play

CLOCK = {(source, Reason.CLOCK.value) for source in ("cloudwatch", "account")}
OFFSET = f'aws_ses_exporter_clock_offset_seconds{{region="{HIT.region}",target="{HIT.target}"}}'
OFFSETS = (250.0, -250.0, 3600.0, -3600.0, 86_400.0, 0.0)
EVERYWHERE = (HIT, OTHER)
IN_THE_MIDDLE = {("cloudwatch", Reason.CLOCK.value)}
"""The answer on its way bears the time from before the sleep."""


@pytest.mark.parametrize("step", [-HOUR, HOUR], ids=["back", "forward"])
def test_a_clock_that_is_an_hour_off_fails_every_poll_by_its_reason_and_counts_nothing_twice(step: int) -> None:
    async def story(world: World) -> None:
        world.clock_offset = float(step)
        await world.passing(20 * MINUTE)
        assert world.prometheus.scrapes[-1].samples[OFFSET] == pytest.approx(step, abs=2)

    holds(play(story), CLOCK, hit=EVERYWHERE, clock_offsets=[float(step)])


@pytest.mark.parametrize("skew", [-200.0, 200.0])
def test_a_clock_that_is_a_little_off_is_told_and_harms_nothing(skew: float, caplog: pytest.LogCaptureFixture) -> None:
    async def story(world: World) -> None:
        world.clock_offset = skew
        await world.passing(HOUR)
        assert world.prometheus.scrapes[-1].samples[OFFSET] == pytest.approx(skew, abs=2)

    world = play(story)
    holds(world, (), hit=EVERYWHERE, seen_down=False, clock_offsets=[skew])
    warned = [record for record in caplog.records if record.message == "clock differs from aws"]
    assert len(warned) == 1


@pytest.mark.parametrize("skew", [301.0, -301.0])
def test_a_clock_beyond_five_minutes_fails_the_poll(skew: float) -> None:
    async def story(world: World) -> None:
        world.clock_offset = skew
        await world.passing(20 * MINUTE)

    holds(play(story), CLOCK, hit=EVERYWHERE, clock_offsets=[skew])


@pytest.mark.parametrize("seconds", [20 * MINUTE, 3 * HOUR, 9 * HOUR])
def test_a_suspended_laptop_wakes_up_and_counts_what_it_slept_through(seconds: int) -> None:
    async def story(world: World) -> None:
        world.sleep_on(seconds)
        await world.passing(10 * MINUTE)

    holds(play(story), (), hit=EVERYWHERE, seen_down=False)


def test_a_machine_that_is_suspended_in_the_middle_of_a_poll_polls_again() -> None:
    async def story(world: World) -> None:
        asked = len(world.aws.requests)
        while len(world.aws.requests) == asked:
            await world.passing(0.01)
        world.sleep_on(HOUR)
        await world.passing(10 * MINUTE)

    world = play(story)
    (place,) = {request.region for request in world.aws.requests} - {OTHER.region}
    assert place == HIT.region
    holds(world, IN_THE_MIDDLE, hit=[OTHER], seen_down=False)


def test_a_clock_that_goes_forth_and_back_all_day_loses_nothing() -> None:
    async def story(world: World) -> None:
        for offset in OFFSETS:
            world.clock_offset = offset
            await world.passing(17 * MINUTE)
            world.clock_offset = 0.0
            await world.passing(7 * MINUTE)

    holds(play(story), CLOCK, hit=EVERYWHERE, clock_offsets=OFFSETS)


FIRST_PAGES = ("GetAccount", "GetMetricData")
EACH_PAGE = (*FIRST_PAGES, "the second page")


@pytest.mark.parametrize(
    ("before", "after", "moments"),
    [(0, HOUR, EACH_PAGE), (0, -HOUR, EACH_PAGE), (HOUR, 0, FIRST_PAGES), (-HOUR, 0, FIRST_PAGES)],
    ids=["forward", "back", "right again from ahead", "right again from behind"],
)
def test_a_clock_that_is_set_in_the_middle_of_a_poll_harms_nothing(
    before: float, after: float, moments: tuple[str, ...]
) -> None:
    async def story(world: World) -> None:
        for moment in moments:
            world.clock_offset, world.aws.cloudwatch.page_size = before, 10
            await asked(world, moment)
            world.clock_offset, world.aws.cloudwatch.page_size = after, None
            await world.passing(12 * MINUTE)
            world.clock_offset = 0.0
            await world.passing(7 * MINUTE)

    # a clock that was ahead moves no window; one that is behind keeps a gauge for longer
    offsets = [min(before, after, 0)]
    holds(play(story), CLOCK, hit=EVERYWHERE, seen_down=None, clock_offsets=offsets)


async def asked(world: World, what: str) -> None:
    """Wait until the hit place is asked *what*; no answer has come then."""
    seen, patience = len(world.requests), world.now + 12 * MINUTE
    while not any(request.region == HIT.region and _is(request, what) for request in world.requests[seen:]):
        assert world.now < patience, f"no {what}"
        await world.passing(0.05)


def _is(request: Request, what: str) -> bool:
    if what == "the second page":
        return "NextToken" in request.body
    return request.operation == what
