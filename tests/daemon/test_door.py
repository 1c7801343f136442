from __future__ import annotations

import logging
import os
from pathlib import Path

import pytest
from cryptography import x509

from exporter.config.web.access import WebAccess
from exporter.config.web.read import read_web_file
from tests.daemon.looks import Look


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


async def test_a_change_in_place_that_keeps_size_and_time_is_taken(look: Look) -> None:
    look.write(users=HASHED)
    await look.settled()
    before = look.web.stat()
    with look.web.open("r+b") as file:
        file.write(look.web.read_bytes().replace(b"alice", b"carol"))
    os.utime(look.web, ns=(before.st_atime_ns, before.st_mtime_ns))
    after = look.web.stat()
    assert (after.st_ino, after.st_size, after.st_mtime_ns) == (before.st_ino, before.st_size, before.st_mtime_ns)
    assert set((await look.settled()).users) == {"carol"}


async def test_connections_stay_open_while_what_secures_them_stays_the_same(look: Look) -> None:
    before = look.door.access
    look.door.take(read_web_file(look.web))
    look.web.chmod(0o600)
    (look.folder / "link").hardlink_to(look.papers.key)
    assert await look.settled() is not before, "a spare look"
    look.write(users=HASHED, rest=RATE)
    assert (await look.settled()).users
    assert (look.changes, look.failures) == (0, 0)
    look.write(users=HASHED, rest=RATE, tls=", min_version: TLS13")
    await look.settled()
    assert look.changes == 1


async def test_users_are_taken_from_the_file_without_a_signal(look: Look) -> None:
    hashed = "$2y$10$mDwo.lAisC94iLAyP81MCesa29IzH37oigHC/42V2pdJlUprsJPze"
    look.write(users=f"{{alice: {hashed}}}")
    assert set((await look.settled()).users) == {"alice"}


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
