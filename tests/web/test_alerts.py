from __future__ import annotations

import asyncio
import contextlib
import gc
import ssl
import weakref
from collections.abc import Callable
from pathlib import Path

import pytest
import uvloop

from exporter.web import alerts as module
from exporter.web import entrance
from tests.certificates import authority
from tests.loops import LIMIT_SECONDS, until
from tests.web.secure_sites import SecureSite, secure_site
from tests.web.sites import answer

ALERT = b"\x15"
"""How an alert of TLS begins."""


async def refused(site: SecureSite) -> asyncio.StreamReader:
    """Begin a handshake that fails, and return once the alert came."""
    reader = await site.connect()
    site.writers[-1].write(b"\x16\x03\x01\x00\x05hello")
    assert await reader.readexactly(1) == ALERT
    return reader


@pytest.mark.parametrize(
    ("garbage", "alert"),
    [(b"GET / HTTP/1.1\r\n\r\n", b""), (b"\x16\x03\x01\x00\x05hello", ALERT), (b"\x00" * 600, b"")],
)
async def test_what_is_no_tls_is_cut_soon(
    site: SecureSite, monkeypatch: pytest.MonkeyPatch, garbage: bytes, alert: bytes
) -> None:
    monkeypatch.setattr(module, "GRACE_SECONDS", 0.05)
    reader = await site.connect()
    site.writers[-1].write(garbage)
    told = b""
    with contextlib.suppress(ConnectionError):
        told = await asyncio.wait_for(reader.read(), LIMIT_SECONDS)
    assert told[:1] == alert
    await until(lambda: not site.server._entrance._under_way)
    assert site.refused == 1


async def test_who_is_refused_and_goes_on_all_the_same_is_cut_at_once(
    site: SecureSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "GRACE_SECONDS", 600)
    monkeypatch.setattr(entrance, "HANDSHAKE_SECONDS", 600)
    reader = await refused(site)
    assert site.server._entrance._under_way
    site.writers[-1].write(b"x")
    await answer(reader)
    await until(lambda: not site.server._entrance._under_way)
    assert site.refused == 1


async def test_who_is_refused_is_counted_once_also_when_he_gives_way_before_he_hangs_up(
    site: SecureSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "GRACE_SECONDS", 600)
    monkeypatch.setattr(entrance, "MAX_HANDSHAKES", 2)
    readers = [await refused(site) for _ in range(6)]
    assert site.refused == 6
    site.server.part_with_all()
    for reader in readers:
        await answer(reader)
    await until(lambda: not site.server._entrance._under_way)
    assert site.refused == 6


@pytest.mark.parametrize("loop_factory", [asyncio.new_event_loop, uvloop.new_event_loop])
@pytest.mark.parametrize(
    ("shown", "newest", "told"),
    [
        ("none", ssl.TLSVersion.TLSv1_3, "TLSV13_ALERT_CERTIFICATE_REQUIRED"),
        ("none", ssl.TLSVersion.TLSv1_2, "SSLV3_ALERT_HANDSHAKE_FAILURE"),
        ("strange", ssl.TLSVersion.TLSv1_3, "TLSV1_ALERT_UNKNOWN_CA"),
        ("strange", ssl.TLSVersion.TLSv1_2, "TLSV1_ALERT_UNKNOWN_CA"),
        ("right", ssl.TLSVersion.TLSv1_2, "TLSV1_ALERT_PROTOCOL_VERSION"),
    ],
)
def test_who_is_refused_is_told_why(
    tmp_path: Path,
    loop_factory: Callable[[], asyncio.AbstractEventLoop],
    shown: str,
    newest: ssl.TLSVersion,
    told: str,
) -> None:
    async def story() -> None:
        async with secure_site(tmp_path) as site:
            assert await told_why(site, shown, newest) == told
            assert site.refused == 1
            assert site.server.server_state.total_requests == 0

    with asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(story())


async def told_why(site: SecureSite, shown: str, newest: ssl.TLSVersion) -> str:
    """Return what a client is told that shows such a certificate, and speaks TLS up to *newest*."""
    site.tls = site.named("prometheus.example")
    client = site.client(*(["prometheus.example"] if shown == "right" else []))
    client.maximum_version = newest
    if shown == "right":
        site.tls.context.minimum_version = ssl.TLSVersion.TLSv1_3
    elif shown == "strange":
        authority(site.ours.folder / "other").ca.issue_cert("prometheus.example").configure_cert(client)
    with pytest.raises(ssl.SSLError) as caught:
        await (await site.connect(client)).read()
    return caught.value.reason


async def test_nothing_of_a_handshake_that_ended_waits_for_the_garbage_collector(site: SecureSite) -> None:
    under_way = site.server._entrance._under_way
    seen = []
    gc.disable()
    try:
        for _ in range(3):
            await site.connect()
            await until(lambda: under_way)
            seen.append(weakref.ref(next(iter(under_way))))
            site.writers[-1].close()
            await until(lambda: not under_way)
    finally:
        gc.enable()
    assert [task() for task in seen[:-1]] == [None, None], "the last one is known to who accepts until the next one"
