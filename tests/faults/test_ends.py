"""The end of the process at any moment, by kill -9 or as asked, and its next life, held to the invariant throughout."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from itertools import product
from pathlib import Path
from random import Random

import pytest

from tests.effort import SOAK, examples
from tests.fakes.aws import Delay
from tests.faults.held import told_again
from tests.faults.invariant import holds
from tests.faults.real import HIT, LIMIT_SECONDS, Real, real
from tests.processes import until

ANSWER_SECONDS = 0.3
START_SECONDS = 1.5
"""What it takes from nothing to the first polls."""
RELOAD_SECONDS = 0.1
WITHOUT_STDERR = ("sh", "-c", 'exec "$@" 2<&-', "sh")


def starting(_: Real, chance: Random) -> None:
    """Be somewhere between the first import and the first polls."""
    time.sleep(chance.uniform(0, START_SECONDS))


def before_an_answer(world: Real, chance: Random) -> None:
    world.aws.fail(Delay(ANSWER_SECONDS), region=HIT.region, times=None)
    asked = len(world.requests)
    until(lambda: any(request.region == HIT.region for request in world.requests[asked:]), LIMIT_SECONDS, world.log)
    time.sleep(ANSWER_SECONDS * chance.random())


def between_answers(world: Real, chance: Random) -> None:
    """Be in a poll of which one page is there and another one is not."""
    world.aws.cloudwatch.page_size = 3
    world.aws.fail(Delay(ANSWER_SECONDS), region=HIT.region, times=None)
    asked = len(world.requests)
    until(lambda: any("NextToken" in request.body for request in world.requests[asked:]), LIMIT_SECONDS, world.log)
    time.sleep(ANSWER_SECONDS * chance.random())


def reloading(world: Real, chance: Random) -> None:
    world.running.process.send_signal(signal.SIGHUP)
    time.sleep(RELOAD_SECONDS * chance.random())


def anything(_: Real, chance: Random) -> None:
    """Be scraped, poll or rest."""
    time.sleep(chance.random())


State = Callable[[Real, Random], None]
STATES: tuple[State, ...] = (starting, before_an_answer, between_answers, reloading, anything)
ENDS = tuple(product(STATES, (signal.SIGKILL, signal.SIGTERM)))
SAMPLE = ((between_answers, signal.SIGKILL), (starting, signal.SIGKILL), (reloading, signal.SIGTERM))


@pytest.mark.parametrize("seed", range(examples(1)))
@told_again
def test_ended_at_random_moments_it_comes_back_with_every_mail_counted_once(tmp_path: Path, seed: int) -> None:
    """The last life has no stderr."""
    chance = Random(seed)
    with real(tmp_path) as world:
        for state, number in chance.sample(ENDS, len(SAMPLE)) if SOAK else SAMPLE:
            if state is not starting:
                come_back(world)
            state(world, chance)
            code = world.end(number)
            before_our_first_line = state is starting and number is signal.SIGTERM and code == -signal.SIGTERM
            assert before_our_first_line or code == (0 if number is signal.SIGTERM else -signal.SIGKILL), world.log()
            world.aws.heal()
            world.aws.cloudwatch.page_size = None
            time.sleep(chance.choice([0.0, chance.random()]))
            world.launch(*WITHOUT_STDERR)
        come_back(world)
        world.heal()
        world.finish()
        assert world.running.stop() == 0
    holds(world, (), hit=())


def come_back(world: Real) -> None:
    """Wait until it is there, and has been scraped with every number in its place."""
    world.arrive()
    known = world.prometheus.scrapes[0].samples.keys()
    assert not {name for name in known - world.next_scrape().samples.keys() if "_exporter_" not in name}
