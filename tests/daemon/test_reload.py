from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field, replace

import pytest
from prometheus_client import CollectorRegistry

from exporter.config.load import Loaded
from exporter.config.settings import Settings
from exporter.config.web.access import WebAccess
from exporter.daemon.door import Door
from exporter.daemon.reload import MAX_REST_SECONDS, MIN_REST_SECONDS, Reloader
from exporter.errors import ConfigError, ExporterError, Problem
from exporter.telemetry import Telemetry
from tests.daemon.world import loaded, settings
from tests.threads import without_threads


@dataclass
class Stage:
    """A reloader whose *load* gives *loads*, and which puts settings in force by noting them.

    A reload *takes_seconds*; *rests* are how long it rested, each until *rested* is set.
    """

    loads: Loaded | Exception = field(default_factory=lambda: loaded(settings("new")))
    in_force: list[str] = field(default_factory=list)
    under_way: int = 0
    go_on: asyncio.Event = field(default_factory=asyncio.Event)
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    takes_seconds: float = 0.0
    passed_seconds: float = 0.0
    rests: list[float] = field(default_factory=list)
    rested: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.go_on.set()
        self.rested.set()
        telemetry = Telemetry(self.registry, price_per_thousand_metrics_dollars=0.01)
        self.door = Door(WebAccess(), telemetry)
        self.reloader = Reloader(
            self.load,
            self.replace,
            loaded=loaded(settings("old")),
            door=self.door,
            telemetry=telemetry,
            clock=lambda: 1_750_000_000.0,
            monotonic=lambda: self.passed_seconds,
            sleep=self.rest,
        )

    def load(self) -> Loaded:
        if isinstance(self.loads, Exception):
            raise self.loads
        return self.loads

    async def rest(self, seconds: float) -> None:
        self.rests.append(seconds)
        await self.rested.wait()

    async def replace(self, new: Settings) -> None:
        assert self.under_way == 0, "reloads are one at a time"
        self.under_way += 1
        await asyncio.sleep(0)
        await self.go_on.wait()
        self.under_way -= 1
        self.passed_seconds += self.takes_seconds
        self.in_force.append(new.targets[0].label)

    def value(self, name: str) -> float | None:
        return self.registry.get_sample_value(f"aws_ses_exporter_config_{name}")


async def test_it_begins_with_the_configuration_of_the_start() -> None:
    stage = Stage()
    task = asyncio.create_task(stage.reloader.run())
    await stage.reloader.reload()
    task.cancel()
    await asyncio.wait((task,))
    assert stage.in_force == ["old", "new"]
    assert stage.reloader.loaded.settings.targets[0].label == "new"
    assert stage.value("last_reload_success_timestamp_seconds") == 1_750_000_000


async def test_who_waits_for_a_reload_shares_the_next_one() -> None:
    stage = Stage()
    task = asyncio.create_task(stage.reloader.run())
    for _ in range(2):
        await asyncio.gather(*(stage.reloader.reload() for _ in range(5)))
    task.cancel()
    await asyncio.wait((task,))
    assert stage.in_force == ["old", "new", "new"]


@pytest.mark.parametrize(("takes_seconds", "rest"), [(0.02, MIN_REST_SECONDS), (7.5, 7.5), (3600, MAX_REST_SECONDS)])
async def test_who_waits_is_answered_at_once_and_who_comes_in_the_rest_shares_the_next_reload(
    takes_seconds: float, rest: float
) -> None:
    stage = Stage(takes_seconds=takes_seconds)
    task = asyncio.create_task(stage.reloader.run())
    stage.rested.clear()
    await stage.reloader.reload()
    assert stage.in_force == ["old", "new"], "the first one does not wait"
    wishes = [stage.reloader.wish() for _ in range(3)]
    while not stage.rests:  # noqa: ASYNC110 - one turn of the loop
        await asyncio.sleep(0)
    assert stage.rests == [pytest.approx(rest)]
    assert not any(wish.done() for wish in wishes)
    assert stage.in_force == ["old", "new"]
    stage.rested.set()
    assert await asyncio.gather(*wishes) == [None] * 3
    task.cancel()
    await asyncio.wait((task,))
    assert stage.in_force == ["old", "new", "new"]


async def test_wishes_that_the_end_overtakes_in_the_rest_are_told_so() -> None:
    stage = Stage()
    task = asyncio.create_task(stage.reloader.run())
    stage.rested.clear()
    await stage.reloader.reload()
    wishes = [stage.reloader.wish() for _ in range(3)]
    while not stage.rests:  # noqa: ASYNC110 - one turn of the loop
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait((task,))
    assert [str(wish.result()) for wish in wishes] == ["the exporter is stopping"] * 3
    assert stage.in_force == ["old", "new"]


async def test_after_a_refused_configuration_it_rests_too() -> None:
    stage = Stage(ConfigError((Problem("config.yaml", "wrong"),)))
    task = asyncio.create_task(stage.reloader.run())
    for _ in range(2):
        with pytest.raises(ConfigError):
            await stage.reloader.reload()
    task.cancel()
    await asyncio.wait((task,))
    assert stage.rests[:1] == [MIN_REST_SECONDS]


async def test_a_bad_configuration_is_not_put_in_force() -> None:
    stage = Stage(ConfigError((Problem("config.yaml", "wrong"),)))
    task = asyncio.create_task(stage.reloader.run())
    with pytest.raises(ConfigError, match=r"config\.yaml: wrong"):
        await stage.reloader.reload()
    task.cancel()
    await asyncio.wait((task,))
    assert stage.in_force == ["old"]
    assert stage.reloader.loaded.settings.targets[0].label == "old"
    assert stage.value("last_reload_successful") == 0


async def test_without_a_thread_to_read_in_nothing_changes_and_a_later_reload_goes_well(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stage = Stage()
    task = asyncio.create_task(stage.reloader.run())
    with monkeypatch.context() as patched:
        without_threads(patched)
        with pytest.raises(ExporterError, match="cannot be read: no thread can be started"):
            await stage.reloader.reload()
    assert stage.in_force == ["old"]
    assert stage.value("last_reload_successful") == 0
    await stage.reloader.reload()
    task.cancel()
    await asyncio.wait((task,))
    assert stage.in_force == ["old", "new"]


async def test_without_memory_to_read_in_nothing_changes_and_a_later_reload_goes_well(
    caplog: pytest.LogCaptureFixture,
) -> None:
    stage = Stage(loads=MemoryError())
    task = asyncio.create_task(stage.reloader.run())
    with pytest.raises(ExporterError, match="cannot be read: too little memory"):
        await stage.reloader.reload()
    assert stage.in_force == ["old"]
    assert stage.value("last_reload_successful") == 0
    assert [record.message for record in caplog.records if record.levelno == logging.WARNING] == [
        "configuration refused, the old one stays in force"
    ]
    stage.loads = loaded(settings("new"))
    await stage.reloader.reload()
    task.cancel()
    await asyncio.wait((task,))
    assert stage.in_force == ["old", "new"]


async def test_wishes_that_the_end_overtakes_are_told_so() -> None:
    stage = Stage()
    task = asyncio.create_task(stage.reloader.run())
    await stage.reloader.reload()
    stage.go_on.clear()
    wishes = [stage.reloader.wish() for _ in range(3)]
    gone = asyncio.create_task(stage.reloader.reload())
    await asyncio.sleep(0)
    gone.cancel()
    while stage.under_way == 0:  # noqa: ASYNC110 - the reload loads in a thread first
        await asyncio.sleep(0.001)
    task.cancel()
    await asyncio.wait((task,))
    assert [str(wish.result()) for wish in wishes] == ["the exporter is stopping"] * 3
    with pytest.raises(ExporterError, match="stopping"):
        await stage.reloader.reload()


async def test_a_client_that_went_away_takes_no_reload_with_it() -> None:
    stage = Stage()
    task = asyncio.create_task(stage.reloader.run())
    stage.rested.clear()
    await stage.reloader.reload()
    many = [asyncio.create_task(stage.reloader.reload()) for _ in range(3)]
    await asyncio.sleep(0)
    asked = stage.reloader.wish()
    for gone in many:
        gone.cancel()
    await asyncio.wait(many)
    assert stage.reloader.wish() is asked, "however many ask, one wish is kept"
    stage.rested.set()
    assert await asked is None
    task.cancel()
    await asyncio.wait((task,))
    assert stage.in_force == ["old", "new", "new"]


async def test_a_bug_while_putting_in_force_goes_up_and_answers_who_waits() -> None:
    stage = Stage(ZeroDivisionError("a bug"))
    task = asyncio.create_task(stage.reloader.run())
    with pytest.raises(ExporterError, match="stopping"):
        await stage.reloader.reload()
    with pytest.raises(ZeroDivisionError):
        await task


async def test_what_is_in_force_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    stage = Stage()
    task = asyncio.create_task(stage.reloader.run())
    await stage.reloader.reload()
    task.cancel()
    await asyncio.wait((task,))
    facts = [(record.targets, record.regions) for record in caplog.records if hasattr(record, "sha256")]  # type: ignore[attr-defined]  # given as extra
    assert facts == [(1, 1), (1, 1)]


async def test_a_reload_takes_the_web_configuration_and_another_file_of_it_but_no_other_address(
    caplog: pytest.LogCaptureFixture,
) -> None:
    web = {"config_file": "other.yml", "telemetry_path": "/elsewhere"}
    access = WebAccess(users={"alice": b"hash"})
    stage = Stage(replace(loaded(settings("new", web=web)), web=access))
    task = asyncio.create_task(stage.reloader.run())
    await stage.reloader.reload()
    assert stage.door.access is access
    stage.loads = ConfigError((Problem("web.yml", "wrong"),))
    with pytest.raises(ConfigError):
        await stage.reloader.reload()
    task.cancel()
    await asyncio.wait((task,))
    assert stage.door.access is access
    in_force = stage.reloader.loaded.settings.web
    assert (in_force.config_file, in_force.telemetry_path) == ("other.yml", "/metrics")
    held_back = [getattr(record, "settings", None) for record in caplog.records if "next start" in record.message]
    assert held_back == [["web.telemetry_path"]]
