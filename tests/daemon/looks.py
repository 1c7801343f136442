"""The look-out for changes of a web configuration, which looks when a test says so."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

from prometheus_client import CollectorRegistry

from exporter.config.web.access import WebAccess
from exporter.config.web.read import read_web_file
from exporter.daemon.door import LOOK_SECONDS, Door
from exporter.telemetry import Telemetry
from tests.certificates import Authority, Papers


@dataclass
class Look:
    """A door that looks for changes each time the test says so."""

    folder: Path
    ours: Authority
    papers: Papers
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    changes: int = 0

    def __post_init__(self) -> None:
        self.web = self.folder / "web.yml"
        self.write()
        self._go, self._slept = asyncio.Semaphore(0), asyncio.Semaphore(0)
        telemetry = Telemetry(self.registry, price_per_thousand_metrics_dollars=0.01)
        self.door = Door(read_web_file(self.web), telemetry)
        self.door.tls_changed = self.changed

    def write(self, *, tls: str = "", users: str = "", rest: str = "") -> None:
        """Write a file with TLS, *tls* in its group, with *users*, and with the *rest*."""
        group = f"tls_server_config: {{cert_file: {self.papers.cert}, key_file: {self.papers.key}{tls}}}\n"
        self.web.write_text(f"{group}basic_auth_users: {users}\n{rest}\n")

    def changed(self) -> None:
        self.changes += 1

    async def sleep(self, seconds: float) -> None:
        assert seconds == LOOK_SECONDS
        self._slept.release()
        await self._go.acquire()

    async def settled(self, looks: int = 2) -> WebAccess:
        """Return what is in force when a change has been seen and, as nothing moved since, was read."""
        for _ in range(looks):
            found = await self.once()
        return found

    async def once(self) -> WebAccess:
        """Return what is in force after one look."""
        await self._slept.acquire()
        self._go.release()
        await self._slept.acquire()
        self._slept.release()
        return self.door.access

    @property
    def failures(self) -> float | None:
        return self.sample("config_reload_failures_total")

    def sample(self, name: str) -> float | None:
        return self.registry.get_sample_value(f"aws_ses_exporter_web_{name}")
