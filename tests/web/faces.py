"""What the app shows in its tests: a world that a test changes, and how it is asked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator
from dataclasses import dataclass, field

import httpx

from exporter.errors import ConfigError, ExporterError, Problem, Refusal
from exporter.web.app import Faces
from exporter.web.status import Row, State

Browse = Callable[..., httpx.AsyncClient]


@dataclass
class World:
    stuck: list[str] = field(default_factory=list)
    untried: list[str] = field(default_factory=list)
    problems: tuple[Problem, ...] = ()
    reloads: int = 0
    asked: list[tuple[bool, frozenset[str] | None]] = field(default_factory=list)
    broken: bool = False
    stopping: bool = False
    refused: list[Refusal] = field(default_factory=list)
    go_on: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.go_on.set()

    def kept(self, *, openmetrics: bool) -> bytes | None:
        return None

    def known_in_steps(self, *, openmetrics: bool, names: frozenset[str] | None) -> Generator[None, None, bytes]:
        if self.broken:
            raise RuntimeError("secret detail")
        self.asked.append((openmetrics, names))
        yield
        return b"aws_ses_"

    def own(self, *, openmetrics: bool, names: frozenset[str] | None) -> tuple[bytes, bytes]:
        assert self.asked[-1] == (openmetrics, names)
        return b"up ", b"1\n"

    async def reload(self) -> None:
        if self.stopping:
            raise ExporterError("the exporter is stopping")
        if self.problems:
            raise ConfigError(self.problems)
        self.reloads += 1
        await self.go_on.wait()

    async def config_text(self) -> bytes:
        return b"external_id: <secret>\n"

    def rows(self) -> list[Row]:
        return [Row("default", None, "eu-west-1", "account", State.WAITING, None, None)]


def faces(world: World, *, lifecycle: bool = True) -> Faces:
    return Faces(
        page=world,
        rows=world.rows,
        unhealthy=lambda: world.stuck,
        missing=lambda: world.untried,
        config_text=world.config_text,
        reload=world.reload if lifecycle else None,
        refused=world.refused.append,
        clock=lambda: 1_767_225_600.0,
    )
