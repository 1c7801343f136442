"""A simulated Prometheus: it scrapes the exporter's app in process, by the world's clock, and records everything."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from starlette.types import ASGIApp, Message, Scope

Samples = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Scrape:
    """What was served at a moment (unix seconds, as Prometheus's clock has it), by the process number *life*."""

    at: float
    life: int
    samples: Samples
    healthy: bool
    begun: float
    """When it was asked for; what it was served at is between that and *at*."""


@dataclass
class Prometheus:
    """Records scrapes; a sample is named as on the page, labels included."""

    scrapes: list[Scrape] = field(default_factory=list)

    async def scrape(self, app: ASGIApp, at: float, life: int) -> None:
        """Scrape *app* now; anything but a page fails."""
        status, text = await get(app, "/metrics")
        assert status == 200, text
        health, _ = await get(app, "/-/healthy")
        self.scrapes.append(Scrape(at, life, parsed(text), health == 200, begun=at))

    def values(self, name: str) -> list[tuple[float, float]]:
        """Return (moment, value) of *name* at each scrape that had it."""
        return [(each.at, each.samples[name]) for each in self.scrapes if name in each.samples]

    def increase(self, name: str) -> float:
        """Return what PromQL's `increase` is without its extrapolation: a fall is a reset to 0."""
        values = [value for _, value in self.values(name)]
        return sum(after - before if after >= before else after for before, after in pairwise(values))


def parsed(page: str) -> dict[str, float]:
    """Return the samples of *page*, each there once and a number."""
    found: dict[str, float] = {}
    for line in page.splitlines():
        if not line.startswith("#"):
            name, _, value = line.rpartition(" ")
            assert name not in found, f"twice on the page: {name}"
            found[sys.intern(name)] = float(value)
    return found


async def get(app: ASGIApp, path: str, method: str = "GET") -> tuple[int, str]:
    """Return status and text of what *app* answers."""
    status, parts = 0, []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
        else:
            parts.append(message.get("body", b""))

    scope: Scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 9199),
    }
    await app(scope, receive, send)
    return status, b"".join(parts).decode()
