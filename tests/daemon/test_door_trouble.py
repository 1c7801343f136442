"""Web configurations that cannot be used, and machines on which none can be read: the one in force stays."""

from __future__ import annotations

import errno
import itertools
import logging
import os
import re
from pathlib import Path

import pytest

from exporter.config.web.access import WebAccess
from exporter.errors import ConfigError, Problem
from tests.daemon.looks import Look
from tests.threads import without_threads


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


@pytest.mark.parametrize("error", [OSError(errno.EMFILE, "too many open files"), MemoryError()])
@pytest.mark.parametrize("where", ["read_web_file", "stamp"])
async def test_a_shortage_is_told_and_ends_nothing(
    look: Look,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: OSError | MemoryError,
    where: str,
) -> None:
    first = look.door.access
    look.ours.issue("server", "exporter")

    def short(_: Path) -> WebAccess:
        raise error

    with monkeypatch.context() as broken:
        broken.setattr(f"exporter.daemon.door.{where}", short)
        assert await look.settled(3) is first
    assert look.failures == 1
    (told,) = [getattr(record, "problem", "") for record in caplog.records]
    assert re.search("cannot be looked at: too (many open files|little memory)$", told)
    if where == "stamp":
        await look.once()
    assert await look.once() is not first


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
