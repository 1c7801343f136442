"""The process as far as no socket is needed: ended at any moment, and reloaded, well or not, under scrapes."""

from __future__ import annotations

from random import Random

import pytest

from exporter.config.load import Loaded
from exporter.config.settings import Settings
from exporter.errors import ConfigError, Problem
from tests.effort import examples
from tests.faults.invariant import holds
from tests.faults.mail import COUNTS, HOUR, MINUTE
from tests.faults.prometheus import get
from tests.faults.world import HIT, OTHER, World, play

EVERYWHERE = (HIT, OTHER)
RELOADS = 200


@pytest.mark.parametrize("seed", range(examples(1)))
def test_ended_at_random_moments_of_a_poll_it_comes_back_with_the_same_numbers(seed: int) -> None:
    random = Random(seed)

    async def story(world: World) -> None:
        for _ in range(12):
            await world.passing(random.choice([random.random(), random.uniform(0, 10), random.uniform(0, 900)]))
            await world.kill()

    world = play(story)
    holds(world, (), hit=EVERYWHERE, seen_down=False)
    for place, mails in world.mails.items():
        for metric in COUNTS:
            name = f"aws_ses_{metric.lower()}_total{{{place.labels}}}"
            (begin, low), *_, (end, high) = world.prometheus.values(name)
            assert world.prometheus.increase(name) == high - low
            assert 0 <= high - low <= mails.counted(metric, end) - mails.counted(metric, begin - 2 * world.interval)


def test_two_hundred_reloads_in_a_row_under_scrapes_change_nothing() -> None:
    async def story(world: World) -> None:
        assert world.daemon is not None
        for number in range(RELOADS):
            await world.reload()
            status, page = await get(world.daemon.app, "/metrics")
            assert status == 200
            assert page.count("aws_ses_up{") == len(EVERYWHERE)
            assert page.count("aws_ses_send_total{") == len(EVERYWHERE)
            await world.passing(0 if number % 10 else random.choice([0.05, 0.15, 5, 60]))

    random = Random(1)
    world = play(story)
    holds(world, (), hit=EVERYWHERE, seen_down=False)


def test_a_reload_to_a_broken_file_changes_nothing() -> None:
    def broken() -> Loaded:
        raise ConfigError((Problem("config.yaml", "unknown key", key="tragets"),))

    async def story(world: World) -> None:
        world.loads = broken
        for _ in range(5):
            await world.reload()
            await world.passing(3 * MINUTE)
        success = "aws_ses_exporter_config_last_reload_successful"
        assert world.prometheus.scrapes[-1].samples[success] == 0
        world.loads = None
        await world.reload()
        await world.passing(3 * MINUTE)
        assert world.prometheus.scrapes[-1].samples[success] == 1

    holds(play(story), (), hit=EVERYWHERE, seen_down=False)


def test_reloads_to_other_settings_and_back_keep_every_count() -> None:
    async def story(world: World) -> None:
        plain = world.settings
        for interval in (600, 60, 300):
            changed = plain.model_copy(update={"poll_interval_seconds": interval})
            world.loads = lambda settings=changed: loaded(settings)
            await world.reload()
            await world.passing(25 * MINUTE)

    holds(play(story), (), hit=EVERYWHERE, seen_down=False)


def loaded(settings: Settings) -> Loaded:
    return Loaded(settings, sha256="cd" * 32, warnings=())


def test_a_day_without_the_process_is_read_back() -> None:
    async def story(world: World) -> None:
        await world.down()
        await world.passing(5 * HOUR)
        await world.up_again()
        await world.passing(10 * MINUTE)

    holds(play(story), (), hit=EVERYWHERE, seen_down=False)
