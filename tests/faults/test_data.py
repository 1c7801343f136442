"""Data that comes late, is revised, or does not come at all."""

from __future__ import annotations

from random import Random

import pytest

from tests.effort import SOAK
from tests.faults.invariant import holds
from tests.faults.mail import COUNTS, DAY, HOUR, MINUTE, RATE
from tests.faults.world import HISTORY_SECONDS, HIT, OTHER, START, World, flowing, play

RATE_NAME = f"aws_ses_reputation_bounce_rate{{{HIT.labels}}}"
TOTAL = f"aws_ses_send_total{{{HIT.labels}}}"


async def nothing(world: World) -> None:
    await world.passing(2 * HOUR)


@pytest.mark.parametrize("late", [10 * MINUTE, 3 * HOUR, 26 * HOUR], ids=["minutes", "hours", "a day"])
def test_mail_that_comes_late_is_counted_once(late: float) -> None:
    def mail(world: World) -> None:
        flowing(world)
        for minute in range(int(START) // MINUTE * MINUTE - 2 * HOUR, int(START) + HOUR, 11 * MINUTE):
            for metric in COUNTS:
                world.mails[HIT].put(metric, minute, 200.0, minute + late)

    a_day = late > DAY
    world = play(
        nothing,
        mail=mail,
        settle_seconds=(42 if a_day else 6) * HOUR,
        interval=1800 if a_day else 300,
        scrape_seconds=600,
    )
    holds(world, (), hit=[HIT], seen_down=False)
    counted = f'aws_ses_exporter_datapoints_late_total{{region="{HIT.region}",target="{HIT.target}"}}'
    assert world.prometheus.scrapes[-1].samples[counted] > 0


def revised(world: World, factor: float) -> None:
    flowing(world)
    mails = world.mails[HIT]
    for minute, revisions in list(mails.revisions["Send"].items()):
        if -HOUR / 2 < minute - world.start < 2 * HOUR and minute % (7 * MINUTE) == 0:
            seen, value = revisions[-1]
            mails.put("Send", minute, float(int(value * factor) + 1), seen + 40 * MINUTE)


def test_mail_that_is_revised_upwards_is_counted_by_its_difference() -> None:
    holds(play(nothing, mail=lambda world: revised(world, 1.5)), (), hit=[HIT], seen_down=False)


def test_mail_that_is_revised_downwards_stays_counted_and_is_told() -> None:
    world = play(nothing, mail=lambda world: revised(world, 0.5))
    holds(world, (), hit=[HIT], seen_down=False)
    smaller = f'aws_ses_exporter_smaller_answers_total{{region="{HIT.region}",target="{HIT.target}"}}'
    assert world.prometheus.scrapes[-1].samples[smaller] > 0


def test_a_region_that_was_never_used_has_counts_of_zero_and_no_rate() -> None:
    def mail(world: World) -> None:
        world.mails[OTHER].flow(world.start - HOUR, world.start + 12 * HOUR, Random(1))

    world = play(nothing, mail=mail)
    holds(world, (), hit=[HIT], seen_down=False)
    for scrape in world.prometheus.scrapes:
        assert scrape.samples[TOTAL] == 0
        assert RATE_NAME not in scrape.samples


SILENT_DAYS, MAX_AGE_DAYS = (20, 14) if SOAK else (3, 2)


def test_a_region_that_falls_silent_for_days_keeps_its_counts_and_loses_its_rate_in_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("exporter.scheduler.CLOCK_CHECK_SECONDS", float(HOUR))  # else it wakes each minute to look
    silence, age = SILENT_DAYS * DAY, MAX_AGE_DAYS * DAY

    def mail(world: World) -> None:
        for mails in world.mails.values():
            mails.flow(world.start - HISTORY_SECONDS, world.start, Random(1), share=0.05)
            mails.flow(world.start + silence + 3 * HOUR, world.start + silence + DAY, Random(2), share=0.2)

    async def story(world: World) -> None:
        await world.passing(silence)
        last = world.prometheus.scrapes[-1].samples
        assert last[TOTAL] == world.mails[HIT].counted("Send", world.now)
        assert RATE_NAME not in last
        held = [scrape.at for scrape in world.prometheus.scrapes if RATE_NAME in scrape.samples]
        silent_since = world.mails[HIT].newest_rate(world.start)
        assert silent_since is not None
        assert age - 4 * HOUR < held[-1] - silent_since[0] < age

    metrics = [{"name": name} for name in COUNTS] + [{"name": RATE, "max_age_seconds": age}]
    world = play(story, mail=mail, interval=3600, settle_seconds=6 * HOUR, scrape_seconds=3 * HOUR, metrics=metrics)
    holds(world, (), hit=[HIT], seen_down=False, max_age_seconds=age)
    assert world.prometheus.scrapes[-1].samples[RATE_NAME] > 0


def test_an_account_that_is_paused_and_resumed_shows_it_and_counts_on() -> None:
    def mail(world: World) -> None:
        for mails in world.mails.values():
            mails.flow(world.start - HISTORY_SECONDS, world.start + HOUR, Random(1))
            mails.flow(world.start + 3 * HOUR, world.start + 12 * HOUR, Random(2))

    async def story(world: World) -> None:
        await world.passing(HOUR)
        world.state_facts(HIT, SendingEnabled=False, EnforcementStatus="SHUTDOWN")
        await world.passing(2 * HOUR)
        paused = world.prometheus.scrapes[-1].samples
        assert paused[f"aws_ses_sending_enabled{{{HIT.labels}}}"] == 0
        assert paused[f'aws_ses_enforcement_status{{{HIT.labels},status="SHUTDOWN"}}'] == 1
        assert paused[f"aws_ses_send_sum{{{HIT.labels}}}"] == 0
        assert paused[RATE_NAME] > 0, "a rate is held while nothing is sent"
        world.state_facts(HIT, SendingEnabled=True, EnforcementStatus="HEALTHY")
        await world.passing(HOUR)

    holds(play(story, mail=mail), (), hit=[HIT], seen_down=False)
