from __future__ import annotations

import asyncio
import errno
import itertools
import logging
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from cryptography import x509
from prometheus_client import CollectorRegistry

from exporter.config.web.access import WebAccess
from exporter.config.web.read import read_web_file
from exporter.daemon.door import LOOK_SECONDS, Door
from exporter.errors import ConfigError, Problem
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
    second = await look.settled()
    assert second is not first
    assert (await look.once()) is second
    assert (look.failures, look.changes) == (0, 1)


async def test_users_are_taken_from_the_file_without_a_signal(look: Look) -> None:
    hashed = "$2y$10$mDwo.lAisC94iLAyP81MCesa29IzH37oigHC/42V2pdJlUprsJPze"
    look.write(users=f"{{alice: {hashed}}}")
    assert set((await look.settled()).users) == {"alice"}


async def test_what_is_broken_changes_nothing_is_told_once_and_heals(
    look: Look, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    first, good = look.door.access, look.papers.cert.read_bytes()
    look.papers.cert.write_text("broken")
    assert await look.settled(3) is first
    assert (look.failures, look.sample("config_last_reload_successful")) == (1, 0)
    assert await look.settled(3) is first
    assert look.failures == 1
    look.papers.cert.unlink()
    assert await look.settled(3) is first
    assert look.failures == 2
    look.web.unlink()
    assert await look.settled(3) is first
    refusals = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert [getattr(record, "problem", "").rpartition(": ")[2] for record in refusals] == [
        "holds no certificate in PEM",
        "no such file or directory",
        "no such file or directory",
    ]
    look.papers.cert.write_bytes(good)
    look.write()
    assert await look.settled() is not first
    assert caplog.records[-1].message == "web configuration in force"
    assert look.sample("config_last_reload_successful") == 1


async def test_what_is_being_written_is_not_read(look: Look) -> None:
    first = look.door.access
    hashed = "$2y$10$mDwo.lAisC94iLAyP81MCesa29IzH37oigHC/42V2pdJlUprsJPze"
    for count in range(1, 4):
        look.write(users=f"{{{', '.join(f'user{number}: {hashed}' for number in range(count))}}}")
        assert await look.once() is first
    assert len((await look.once()).users) == 3
    assert look.failures == 0


async def test_a_key_that_comes_a_little_after_its_certificate_is_no_failure(look: Look) -> None:
    first = look.door.access
    old = look.papers.key.read_bytes()
    look.ours.issue("server", "exporter")
    new = look.papers.key.read_bytes()
    look.papers.key.write_bytes(old)
    assert await look.settled() is first, "the certificate is new, the key is not"
    look.papers.key.write_bytes(new)
    assert await look.settled() is not first
    assert (look.failures, look.sample("config_last_reload_successful")) == (0, 1)


STRICT = ", client_auth_type: RequireAndVerifyClientCert, client_ca_file: {ca}, client_allowed_sans: [prometheus]"
HASHED = "{alice: $2y$10$mDwo.lAisC94iLAyP81MCesa29IzH37oigHC/42V2pdJlUprsJPze}"
RATE = "rate_limit: {interval: 1s, burst: 3}"


@pytest.mark.parametrize(
    ("less", "lost"),
    [
        (None, "TLS, users, certificates of clients, names of clients, min_version, rate_limit"),
        ({"tls": STRICT, "rest": RATE}, "users"),
        ({"users": HASHED, "rest": RATE}, "certificates of clients, names of clients"),
        ({"tls": STRICT.replace(", client_allowed_sans: [prometheus]", ""), "users": HASHED, "rest": RATE}, "names of"),
        ({"tls": STRICT, "users": HASHED}, "rate_limit"),
    ],
)
async def test_less_protection_takes_a_reload(
    look: Look, less: dict[str, str] | None, lost: str, caplog: pytest.LogCaptureFixture
) -> None:
    strict = STRICT.format(ca=look.ours.file)
    look.write(tls=f"{strict}, min_version: TLS13", users=HASHED, rest=RATE)
    first = await look.settled()
    if less is None:
        look.web.write_text("")
    else:
        tls = less.get("tls", "").format(ca=look.ours.file) + ", min_version: TLS13"
        look.write(**{**less, "tls": tls})
    assert await look.settled(4) is first
    assert (look.failures, look.sample("config_last_reload_successful")) == (1, 0)
    told = [getattr(record, "problem", "") for record in caplog.records if record.levelno == logging.WARNING]
    assert len(told) == 1
    assert f"takes away what is in force: {lost}" in told[0]
    look.door.take(read_web_file(look.web))
    assert await look.settled() is look.door.access
    assert look.sample("config_last_reload_successful") == 1


@pytest.mark.parametrize("shortage", [OSError(errno.EMFILE, "Too many open files"), MemoryError()], ids=repr)
async def test_a_shortage_is_told_and_ends_nothing(
    look: Look, monkeypatch: pytest.MonkeyPatch, shortage: Exception
) -> None:
    first = look.door.access
    look.ours.issue("server", "exporter")

    def short(_: Path) -> WebAccess:
        raise shortage

    with monkeypatch.context() as broken:
        broken.setattr("exporter.daemon.door.read_web_file", short)
        assert await look.settled(3) is first
    assert look.failures == 1
    assert await look.once() is not first


async def test_what_is_doubtful_is_told_when_it_comes_into_force(look: Look, caplog: pytest.LogCaptureFixture) -> None:
    look.write(rest="http_server_config: {http2: true}")
    await look.settled()
    told = [getattr(record, "problem", "") for record in caplog.records if record.levelno == logging.WARNING]
    assert len(told) == 1
    assert "is not offered" in told[0]


async def test_the_end_of_the_certificate_is_a_metric_while_there_is_one(look: Look) -> None:
    certificate = x509.load_pem_x509_certificate(look.papers.cert.read_bytes())
    assert look.sample("certificate_not_after_timestamp_seconds") == certificate.not_valid_after_utc.timestamp()
    look.door.take(WebAccess())
    assert look.sample("certificate_not_after_timestamp_seconds") is None


async def test_a_reload_that_was_faster_is_not_overwritten(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    newer = WebAccess()
    look.ours.issue("server", "exporter")

    def overtaken(path: Path) -> WebAccess:
        look.door.access = newer
        return read_web_file(path)

    monkeypatch.setattr("exporter.daemon.door.read_web_file", overtaken)
    assert await look.settled() is newer


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
    (told,) = [getattr(record, "problem", "") for record in caplog.records]
    assert told.endswith("web.yml: cannot be looked at: no thread can be started")
    assert await look.once() is first, "what may still be written is looked at once more"
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


async def test_problems_that_take_turns_are_told_once_each(
    look: Look, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def short(path: Path) -> WebAccess:
        raise ConfigError((Problem(str(path), next(problems)),))

    problems = itertools.cycle(["cannot be read", "cannot be loaded", "cannot be loaded", "cannot be read"])
    look.ours.issue("server", "exporter")
    with monkeypatch.context() as patched:
        patched.setattr("exporter.daemon.door.read_web_file", short)
        await look.settled(12)
    told = [getattr(record, "problem", "").rpartition(": ")[2] for record in caplog.records]
    assert told == ["cannot be loaded", "cannot be read"]
    assert look.failures == len(told)
    look.ours.issue("server", "exporter")
    await look.settled()
    assert look.sample("config_last_reload_successful") == 1
