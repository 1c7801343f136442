"""Hostile clients of the real process. All meet one exporter; what it has grown by is looked at in the end."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from random import Random

import pytest

from tests.effort import SOAK, examples
from tests.hostile import requests
from tests.hostile.requests import request
from tests.hostile.world import GROWTH_KIB, HASH, PASSWORD, World, slam, world
from tests.processes import until

VARIANTS = 8
FEW: dict[requests.Make, int] = {requests.reload_bodies: 3}
"""Each of them has the exporter open everything anew."""
CROWD = 520
"""More than the exporter keeps connections."""
CLIENT_HELLO = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(200))
HOST = b"Host: x\r\n"
LOCKED = json.dumps({"basic_auth_users": {"alice": HASH}})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("hostile")


@pytest.fixture(scope="module")
def here(folder: Path) -> Iterator[World]:
    with world(folder) as here:
        yield here


@pytest.fixture(scope="module")
def secured(folder: Path, here: World) -> tuple[str, ssl.SSLContext]:
    """Return the web configuration with TLS, and a client's side of it."""
    papers = {"cert_file": str(folder / "ours" / "server.pem"), "key_file": str(folder / "ours" / "server.key")}
    return json.dumps({"tls_server_config": papers}), ssl.create_default_context(cafile=str(folder / "ours" / "ca.pem"))


def _rng(name: str) -> Random:
    return Random(os.urandom(8).hex() if SOAK else name)


def _attack(
    here: World, payloads: list[bytes], tls: ssl.SSLContext | None = None, *, through: ssl.SSLContext | None = None
) -> None:
    """Send each of *payloads* on a connection of its own, *through* TLS where there is any.

    A scrape behind each, with *tls*, has to be answered.
    """
    for payload in payloads:
        with _secured(here.connect(), through) as client:
            with contextlib.suppress(ConnectionError, ssl.SSLError):
                client.sendall(payload)
            here.unharmed(tls=tls)  # whatever the exporter had to do for it is done by then
            here.unharmed([_there(client)], tls=tls)
            slam(client)


def _secured(client: socket.socket, tls: ssl.SSLContext | None) -> socket.socket:
    return client if tls is None else tls.wrap_socket(client, server_hostname="exporter")


def _answer(here: World, payload: bytes) -> bytes:
    """Return the beginning of the answer to *payload*, nothing where the connection was cut."""
    with here.connect() as client, contextlib.suppress(ConnectionError):
        client.sendall(payload)
        return client.recv(65_536)
    return b""


def _there(client: socket.socket) -> bytes:
    """Return what has come, without waiting."""
    client.setblocking(False)
    parts = []
    with contextlib.suppress(ConnectionError, BlockingIOError, ssl.SSLError):
        while part := client.recv(65_536):
            parts.append(part)
    return b"".join(parts)


@pytest.mark.parametrize("make", requests.CLASSES, ids=lambda make: make.__name__)
def test_hostile_requests_are_refused_and_everybody_else_is_served(here: World, make: requests.Make) -> None:
    rng = _rng(make.__name__)
    _attack(here, [make(rng) for _ in range(examples(FEW.get(make, VARIANTS)))])


def test_answers_are_of_the_kind_they_should_be(here: World) -> None:
    expected = {
        request("/metrics"): b" 200 ",
        request("/%2e%2e/etc/passwd"): b" 404 ",
        request("/metrics", method="DELETE"): b" 405 ",
        request("/metrics", "Content-Length: 1", "Content-Length: 2"): b" 400 ",
        request("/metrics", "Content-Length: 5", "Transfer-Encoding: chunked"): b" 400 ",
        request("/metrics", *["a: b"] * 200): b" 431 ",
        request("/" + "a" * 70_000): b" 431 ",
    }
    for payload, status in expected.items():
        with here.connect() as client:
            client.sendall(payload)
            assert status in client.recv(100), payload[:100]


def test_hostile_passwords_are_refused(here: World) -> None:
    here.use(LOCKED)
    rng = _rng("locked")
    here.unharmed()  # who is known waits for nobody; of all others on this machine one password is checked at a time
    for _ in range(examples(VARIANTS)):
        answer = _answer(here, requests.passwords(rng))
        assert answer == b"" or re.match(rb"HTTP/1\.1 (400|401|431) ", answer), answer[:200]
        here.unharmed()
    _attack(here, [make(rng) for make in requests.CLASSES])
    with here.connect() as client:
        client.sendall(request("/-/reload", "Content-Length: 10", method="POST"))
        assert b" 401 " in client.recv(100)
    here.use("")


def test_hostile_requests_of_who_knows_a_password_come_through_tls_to_nothing_too(
    here: World, secured: tuple[str, ssl.SSLContext]
) -> None:
    text, tls = secured
    here.use(json.dumps(json.loads(text) | json.loads(LOCKED)))
    rng = _rng("inside")
    payloads = [make(rng) for make in requests.CLASSES for _ in range(examples(1))]
    _attack(here, [payload.replace(HOST, HOST + PASSWORD, 1) for payload in payloads], tls, through=tls)
    here.use("")


def test_hostile_handshakes_are_cut(here: World, secured: tuple[str, ssl.SSLContext]) -> None:
    text, tls = secured
    here.use(text)
    rng = _rng("handshakes")
    payloads = [
        requests.request("/metrics"),
        b"",
        b"\x80\x2e\x01\x03\x01",
        b"\x15\x03\x01\x00\x02\x02\x28",
        b"\0" * 70_000,
    ]
    for _ in range(examples(VARIANTS)):
        hello = bytearray(CLIENT_HELLO)
        hello[rng.randrange(len(hello))] = rng.randrange(256)
        payloads += [bytes(hello), bytes(hello[: rng.randrange(len(hello))]), rng.randbytes(500)]
    _attack(here, payloads, tls)
    here.use("")


def test_what_is_no_tls_after_a_good_handshake_is_cut(here: World, secured: tuple[str, ssl.SSLContext]) -> None:
    text, tls = secured
    here.use(text)
    for garbage in (b"GET / HTTP/1.1\r\n\r\n", b"\x17\x03\x03\xff\xff" + b"x" * 70_000, b"\x17\x03\x03\x00\x05hello"):
        client = tls.wrap_socket(here.connect(), server_hostname="exporter")
        plain = socket.socket(fileno=client.detach())
        with contextlib.suppress(ConnectionError):
            plain.sendall(garbage)
        here.unharmed(tls=tls)
        slam(plain)
    here.use("")


SLOW = (
    b"",
    b"GET /metrics HTTP/1.1\r\nHost: x\r\nX: ",
    b"POST /-/healthy HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
    b"GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /-/healthy HTTP/1.1\r\nHost: x\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n",
    CLIENT_HELLO[:40],
    b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n",
)
"""Says nothing; no end of a head, a body, a chunk; asks and stays; another protocol; TLS; asks and never reads."""


@pytest.mark.parametrize("secure", [False, True] if SOAK else [False])
@pytest.mark.parametrize("kind", range(len(SLOW)))
def test_a_crowd_of_one_kind_keeps_nobody_out(
    here: World, secured: tuple[str, ssl.SSLContext], kind: int, secure: bool
) -> None:
    text, tls = secured if secure else ("", None)
    if secure:
        here.use(text)
    with ExitStack() as crowd:
        for number in range(CROWD):
            client = socket.socket()
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2_048)
            client.settimeout(20)
            client.connect(here.address)
            client = _secured(client, tls)
            crowd.callback(slam, client)
            client.sendall(SLOW[kind])
            if number % 130 == 129:
                here.unharmed(tls=tls)
    here.unharmed(tls=tls)
    if secure:
        here.use("")


def test_a_crowd_of_handshakes_that_never_end_keeps_nobody_out(
    here: World, secured: tuple[str, ssl.SSLContext]
) -> None:
    text, tls = secured
    here.use(text)
    with ExitStack() as crowd:
        for number in range(CROWD):
            client = here.connect()
            crowd.callback(slam, client)
            client.sendall(CLIENT_HELLO[: number % 100])
            if number % 100 == 99:
                here.unharmed(tls=tls)
    here.unharmed(tls=tls)
    here.use("")


@pytest.mark.parametrize("patient", [False, True])
def test_a_crowd_that_asks_for_reloads_keeps_nobody_out(here: World, patient: bool) -> None:
    with ExitStack() as crowd:
        for number in range(CROWD + 80):
            client = here.connect()
            crowd.callback(slam, client)
            client.sendall(request("/-/reload", method="POST"))
            if not patient:
                client.close()
            if number % 100 == 99:
                here.unharmed()
        assert patient or here.running.get("/-/reload", method="POST").status == http.client.OK
    here.unharmed()


def test_connections_that_come_and_go_leave_nothing(here: World) -> None:
    before = _descriptors(here)
    for number in range(examples(300)):
        client = here.connect()
        client.sendall(SLOW[number % len(SLOW)])
        slam(client)
    here.unharmed()
    until(lambda: _descriptors(here) <= before + 5, explain=lambda: f"{_descriptors(here)}, {before} before")


def _descriptors(here: World) -> int:
    return len(list(Path(f"/proc/{here.running.process.pid}/fd").iterdir()))


def test_all_of_that_took_little_memory_and_was_counted(here: World) -> None:
    _attack(here, [b"none\r\n\r\n"])  # whatever else this process met: the tests may be shared out
    assert here.resident() - here.resident_kib < GROWTH_KIB
    assert 'aws_ses_exporter_web_refused_total{reason="request"} 0.0' not in here.running.get("/metrics").text
    assert here.running.process.poll() is None
