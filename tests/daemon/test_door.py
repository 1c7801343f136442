from __future__ import annotations

import asyncio
import errno
import logging
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from exporter.config.web.access import WebAccess
from exporter.config.web.read import read_web_file
from exporter.daemon.door import LOOK_SECONDS, Door
from exporter.telemetry import Telemetry
from tests.certificates import Authority, Papers, authority
from tests.threads import without_threads


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
        self.web.write_text(f"tls_server_config: {{cert_file: {self.papers.cert}, key_file: {self.papers.key}}}")
        self._go, self._slept = asyncio.Semaphore(0), asyncio.Semaphore(0)
        telemetry = Telemetry(self.registry, price_per_thousand_metrics_dollars=0.01)
        self.door = Door(read_web_file(self.web), telemetry, tls_changed=self.changed)

    def changed(self) -> None:
        self.changes += 1

    async def sleep(self, seconds: float) -> None:
        assert seconds == LOOK_SECONDS
        self._slept.release()
        await self._go.acquire()

    async def once(self) -> WebAccess:
        """Return what is in force after one look."""
        await self._slept.acquire()
        self._go.release()
        await self._slept.acquire()
        self._slept.release()
        return self.door.access

    @property
    def failures(self) -> float | None:
        return self.registry.get_sample_value("aws_ses_exporter_web_config_reload_failures_total")


@pytest.fixture
async def look(tmp_path: Path) -> AsyncIterator[Look]:
    ours = authority(tmp_path / "ours")
    look = Look(tmp_path, ours, ours.issue("server", "exporter"))
    task = asyncio.create_task(look.door.watch(look.sleep))
    yield look
    task.cancel()
    await asyncio.wait((task,))


async def test_nothing_is_read_again_while_no_file_changes(look: Look) -> None:
    first = look.door.access
    assert await look.once() is first
    assert (look.failures, look.changes) == (0, 0)


async def test_a_renewed_certificate_is_taken(look: Look) -> None:
    first = look.door.access
    look.ours.issue("server", "exporter")
    second = await look.once()
    assert second is not first
    assert (await look.once()) is second
    assert (look.failures, look.changes) == (0, 1)


async def test_users_are_taken_from_the_file_without_a_signal(look: Look) -> None:
    hashed = "$2y$10$mDwo.lAisC94iLAyP81MCesa29IzH37oigHC/42V2pdJlUprsJPze"
    look.web.write_text(f"basic_auth_users: {{alice: {hashed}}}")
    assert set((await look.once()).users) == {"alice"}


async def test_what_is_broken_changes_nothing_is_told_once_and_heals(
    look: Look, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    first, good = look.door.access, look.papers.cert.read_bytes()
    look.papers.cert.write_text("broken")
    for _ in range(3):
        assert await look.once() is first
    assert look.failures == 1
    look.papers.cert.unlink()
    assert await look.once() is first
    assert look.failures == 2
    look.web.unlink()
    assert await look.once() is first
    refusals = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert [getattr(record, "problem", "").rpartition(": ")[2] for record in refusals] == [
        "holds no certificate in PEM",
        "no such file or directory",
        "no such file or directory",
    ]
    look.papers.cert.write_bytes(good)
    look.web.write_text(f"tls_server_config: {{cert_file: {look.papers.cert}, key_file: {look.papers.key}}}")
    assert await look.once() is not first
    assert caplog.records[-1].message == "web configuration in force"


async def test_a_reload_that_was_faster_is_not_overwritten(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    newer = WebAccess()
    look.ours.issue("server", "exporter")

    def overtaken(path: Path) -> WebAccess:
        look.door.access = newer
        return read_web_file(path)

    monkeypatch.setattr("exporter.daemon.door.read_web_file", overtaken)
    assert await look.once() is newer


async def test_without_a_file_there_is_nothing_to_look_at(look: Look) -> None:
    look.door.take(WebAccess())
    assert look.changes == 1
    assert await look.once() == WebAccess()


async def test_without_a_thread_to_look_in_nothing_changes_until_there_is_one(
    look: Look, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    first = look.door.access
    look.ours.issue("server", "exporter")
    with monkeypatch.context() as patched:
        without_threads(patched)
        for _ in range(3):
            assert await look.once() is first
    assert look.failures == 1
    assert [getattr(record, "problem", "") for record in caplog.records] == ["[Errno 11] no thread can be started"]
    assert await look.once() is not first


async def test_without_a_descriptor_to_load_it_with_a_new_certificate_waits_until_there_is_one(
    look: Look, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(_: str) -> int:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    first = look.door.access
    look.ours.issue("server", "exporter")
    with monkeypatch.context() as patched:
        patched.setattr(os, "memfd_create", refuse, raising=False)
        for _ in range(3):
            assert await look.once() is first
    (record,) = caplog.records
    assert "cannot be loaded: too many open files" in getattr(record, "problem", "")
    assert await look.once() is not first
