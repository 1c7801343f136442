"""The whole daemon in a world that jumps through time: fake AWS, real SDK, simulated Prometheus, scripted stories.

Everything is the exporter's own, put together by `daemon.parts` as for real, but for the sockets on both sides: the SDK
talks to the fake AWS by `tests.fakes.memory`, Prometheus asks the app itself. A story is a coroutine that plays faults
and lets time pass; when it ends, the faults are healed and the daemon has time to recover by itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, TypeVar

from exporter.aws.clients import Aws
from exporter.config.load import Loaded
from exporter.config.settings import AwsSettings, Settings
from exporter.daemon.parts import Parts, put_together
from exporter.daemon.tools import Tools
from exporter.errors import ConfigError
from tests.fakes.aws import DEFAULT_ACCOUNT, FACTS, FakeAws, Request
from tests.fakes.memory import plug
from tests.faults.loop import Loop
from tests.faults.mail import COUNTS, DAY, HOUR, MINUTE, RATE, Mail, Place, moment
from tests.faults.prometheus import Prometheus, get, parsed
from tests.faults.seen import Failure, Slack, Strain, failures

T = TypeVar("T")

ROLE = "arn:aws:iam::210987654321:role/reader"
HIT = Place("hit", DEFAULT_ACCOUNT, "us-east-1")
OTHER = Place("other", "210987654321", "eu-west-1")
START = moment("2026-06-17T09:31:07")
HISTORY_SECONDS = DAY + 7 * HOUR
SCRAPE_SECONDS = 150
ASIDE_SECONDS = 0.5
"""Polls are at whole seconds, and no scrape is while one is under way."""
BETWEEN_POLLS_SECONDS = 130
"""Stories begin, and go on in whole minutes, when no poll is under way; what hits one in its middle says so."""
RECOVERY_SECONDS = 10 * MINUTE
"""How long after the last fault everything has to be well again: an interval, and the longest pause after failures."""
LOOK_SECONDS = HOUR + 10 * MINUTE
"""How long after the last fault everything has to be counted: the next hourly look."""

TARGETS: tuple[dict[str, Any], ...] = (
    {"name": HIT.target, "regions": [HIT.region]},
    {"name": OTHER.target, "regions": [OTHER.region], "role_arn": ROLE},
)


@dataclass
class World:
    """What a story acts on, and what was seen."""

    start: float
    aws: FakeAws
    settings: Settings
    interval: int
    mails: dict[Place, Mail] = field(default_factory=dict)
    sets: list[Mail] = field(default_factory=list)
    """The mail of configuration sets; none unless a story adds some."""
    facts: dict[Place, list[Mapping[str, Any]]] = field(default_factory=dict)
    prometheus: Prometheus = field(default_factory=Prometheus)
    strains: list[Strain] = field(default_factory=list)
    clock_offset: float = 0.0
    asleep_seconds: float = 0.0
    life: int = 0
    daemon: Parts | None = None
    healed_at: float = 0.0
    loads: Callable[[], Loaded] | None = None
    """What a reload reads; None: the same settings again."""
    scrape_seconds: int = SCRAPE_SECONDS
    recovery_seconds: float = RECOVERY_SECONDS
    slack: Slack = field(default_factory=Slack)

    @property
    def requests(self) -> Sequence[Request]:
        """Return what AWS was asked."""
        return self.aws.requests

    @property
    def now(self) -> float:
        """The true time, which AWS and Prometheus have."""
        return self.start + self.asleep_seconds + asyncio.get_running_loop().time()

    def clock(self) -> float:
        """Return the time that the daemon's machine has."""
        return self.now + self.clock_offset

    async def passing(self, seconds: float) -> None:
        """Let time pass."""
        await asyncio.sleep(seconds)

    def sleep_on(self, seconds: float) -> None:
        """Suspend the machine: time passes, and nothing of it is seen by timers."""
        self.asleep_seconds += seconds

    def state_facts(self, place: Place, **changes: Any) -> None:
        """Let GetAccount say this from now on."""
        facts = {**self.facts[place][-1], **changes}
        self.facts[place].append(facts)
        self.aws.facts[place.account, place.region] = facts

    async def failures(self, place: Place) -> dict[Failure, float]:
        """Return how often each source of *place* failed for each reason, by the page."""
        return failures(await self._page(), place)

    async def up(self, place: Place) -> bool:
        """Return whether the page says that *place* is up."""
        return (await self._page()).get(f"aws_ses_up{{{place.labels}}}") == 1

    async def _page(self) -> dict[str, float]:
        assert self.daemon is not None
        _, text = await get(self.daemon.app, "/metrics")
        return parsed(text)

    async def reload(self) -> None:
        """Reload the configuration, as SIGHUP does; a refusal is no failure of the story's."""
        assert self.daemon is not None
        with contextlib.suppress(ConfigError):
            await self.daemon.reloader.reload()

    async def kill(self) -> None:
        """End everything in order, at whatever moment, and begin anew with nothing known; for kill -9: test_ends."""
        await self.down()
        await self.up_again()

    async def up_again(self) -> None:
        self.life += 1
        self._living = _daemon(self)
        self.daemon = await self._living.__aenter__()

    async def down(self) -> None:
        self.daemon = None
        await self._living.__aexit__(None, None, None)

    async def _scrape(self) -> None:
        await asyncio.sleep(ASIDE_SECONDS)
        while True:
            await asyncio.sleep(self.scrape_seconds)
            if self.daemon is None:
                continue
            before = asyncio.get_running_loop().time()
            await self.prometheus.scrape(self.daemon.app, self.now, self.life)
            assert asyncio.get_running_loop().time() == before, "a scrape waited"
            self.strains.append(Strain(len(asyncio.all_tasks()), descriptors(), resident_bytes()))


async def suffer(
    world: World, place: Place, failing: Collection[Failure], what: str, *, slow_seconds: float = 0.0
) -> None:
    """Let a fault that is on be met by a poll of each source, see that it is counted as *failing*, and heal it.

    *slow_seconds* is how long such a poll takes besides.
    """
    before = await world.failures(place)
    await world.passing(world.interval + SCRAPE_SECONDS + MINUTE + slow_seconds)
    after = await world.failures(place)
    found = {each for each, number in after.items() if number > before[each]}
    assert found == set(failing), f"{what}: counted as {found}"
    world.aws.heal()
    await world.passing(world.interval + 90)
    assert await world.up(place), f"{what}: no recovery"


Story = Callable[[World], Awaitable[None]]


def play(
    story: Story,
    *,
    start: float = START,
    interval: int = 300,
    targets: tuple[dict[str, Any], ...] = TARGETS,
    settle_seconds: float = LOOK_SECONDS,
    mail: Callable[[World], None] | None = None,
    scrape_seconds: int = SCRAPE_SECONDS,
    **settings: Any,
) -> World:
    """Play *story* to a daemon that was well for a while, heal all, and let *settle_seconds* pass."""
    wanted: dict[str, Any] = {
        "targets": targets,
        "poll_interval_seconds": interval,
        "metrics": [{"name": name} for name in (*COUNTS, RATE)],
        **settings,
    }
    world = World(start, FakeAws(), Settings.model_validate(wanted), interval, scrape_seconds=scrape_seconds)
    with asyncio.Runner(loop_factory=Loop) as runner:
        runner.run(_play(world, story, settle_seconds, mail or flowing))
    return world


def flowing(world: World) -> None:
    """Let mail flow in both places, from the day before to half a day from now; a story may add to it."""
    for mails in (*world.mails.values(), *world.sets):
        mails.flow(world.start - HISTORY_SECONDS, world.start - 3 * HOUR, Random(mails.labels), share=0.02)
        mails.flow(world.start - 3 * HOUR, world.start + 12 * HOUR, Random(f"{mails.labels} now"))


async def _play(world: World, story: Story, settle_seconds: float, mail: Callable[[World], None]) -> None:
    world.aws.now = lambda: world.now
    for number, place in enumerate((HIT, OTHER), start=1):
        world.mails[place] = Mail(place, world.aws)
        quota = {"Max24HourSend": 50_000.0 * number, "MaxSendRate": 14.0, "SentLast24Hours": 100.0 * number}
        world.facts[place] = [{**FACTS, "SendQuota": quota}]
        world.state_facts(place)
    mail(world)
    await world.up_again()
    scraping = asyncio.create_task(world._scrape())
    try:
        await world.passing(2 * world.interval + BETWEEN_POLLS_SECONDS)
        await story(world)
        world.aws.heal()
        world.clock_offset = 0.0
        world.healed_at = world.now
        await world.passing(settle_seconds)
    finally:
        scraping.cancel()
        await asyncio.wait((scraping,))
        await world.down()
    if not scraping.cancelled():
        scraping.result()


@asynccontextmanager
async def _daemon(world: World) -> AsyncIterator[Parts]:
    def open_aws(settings: AwsSettings) -> Aws:
        aws = Aws(settings, clock=world.clock)
        plug(aws, world.aws)
        return aws

    tools = Tools(world.clock, asyncio.get_running_loop().time, asyncio.sleep, Random(world.life).random, open_aws)
    loaded = Loaded(world.settings, sha256="ab" * 32, warnings=())
    async with asyncio.TaskGroup() as group:
        parts = put_together(lambda: world.loads() if world.loads is not None else loaded, loaded, tools, group)
        reloading = group.create_task(parts.reloader.run())
        yield parts
        reloading.cancel()
        await asyncio.wait((reloading,))
        await parts.close()


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - names are enough


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
