"""The probe against answers and hang-ups of every kind; tests/e2e/test_who_may_come_in.py has it ask the exporter."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator

import pytest

from exporter import probe
from tests.certificates import authority

KNOWN = {probe.VARIABLE: "alice:word"}


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the probe wait for a machine that is held up."""
    monkeypatch.setattr(probe, "TIMEOUT_SECONDS", 60.0)


@contextlib.contextmanager
def at(said: bytes, *, tls: ssl.SSLContext | None = None) -> Iterator[tuple[str, list[bytes]]]:
    """Yield an address where each connection gets *said*, and what was heard there, in the clear where through TLS."""
    heard: list[bytes] = []

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with contextlib.suppress(OSError), connection:
                connection.settimeout(60)
                through = connection if tls is None else tls.wrap_socket(connection, server_side=True)
                with through:
                    heard.append(through.recv(4_096))
                    through.sendall(said)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"127.0.0.1:{listener.getsockname()[1]}/-/healthy", heard
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(5)


def answer(status: int, *headers: str) -> bytes:
    return "\r\n".join((f"HTTP/1.1 {status} Word", *headers, "content-length: 2", "", "ok")).encode()


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority(tmp_path_factory.mktemp("ours")).ca.issue_cert("exporter").configure_cert(context)
    return context


@pytest.mark.parametrize("secure", [False, True])
@pytest.mark.parametrize(
    ("said", "stranger", "user"),
    [
        (answer(200), 0, 0),
        (answer(401), 0, 1),
        (answer(404), 1, 1),
        (answer(429), 0, 0),
        (answer(503, "retry-after: 1"), 0, 0),
        (answer(503), 1, 1),
        (answer(500), 1, 1),
    ],
)
def test_an_exporter_that_answers_is_well_unless_it_says_otherwise(
    context: ssl.SSLContext, said: bytes, stranger: int, user: int, secure: bool
) -> None:
    with at(said, tls=context if secure else None) as (address, _):
        assert probe.main([address], {}) == stranger
        assert probe.main([address], KNOWN) == user


def test_tls_is_asked_for_first_so_that_nothing_plain_reaches_it(context: ssl.SSLContext) -> None:
    with at(answer(200), tls=context) as (address, heard):
        assert probe.main([address], KNOWN) == 0
        assert [words.split(b"\r\n")[0] for words in heard] == [b"GET /-/healthy HTTP/1.1"]
        assert b"Authorization: Basic" in heard[0]


def test_a_password_is_sent_in_clear_to_this_machine_only(monkeypatch: pytest.MonkeyPatch) -> None:
    with at(answer(200)) as (address, heard):
        assert probe.main([address], KNOWN) == 0
        assert b"Authorization" not in heard[0]
        assert b"Authorization" in heard[1]
        monkeypatch.setattr(probe, "_is_here", lambda _: False)
        assert probe.main([f"http://{address}"], KNOWN) == 0
        assert b"Authorization" not in heard[2]


@pytest.mark.parametrize(
    ("host", "here"),
    [("127.0.0.1", True), ("127.8.8.8", True), ("::1", True), ("localhost", True), ("10.0.0.1", False), ("x", False)],
)
def test_this_machine_is_known_by_its_addresses(host: str, here: bool) -> None:
    assert probe._is_here(host) is here


def test_who_hangs_up_on_tls_asks_for_a_certificate_and_on_anything_plain_is_not_well() -> None:
    with at(b"") as (address, _):
        assert probe.main([address], KNOWN) == 0
        assert probe.main([f"https://{address}"], KNOWN) == 0
        assert probe.main([f"http://{address}"], KNOWN) == 1


def test_what_is_asked_through_tls_and_speaks_none_is_not_well(capsys: pytest.CaptureFixture[str]) -> None:
    with at(answer(200)) as (address, _):
        assert probe.main([f"https://{address}"], {}) == 1
    assert "does not speak TLS" in capsys.readouterr().err


@pytest.mark.parametrize("address", ["127.0.0.1:1/", "127.0.0.1:x/", "http://127.0.0.1:99999/"])
def test_where_nobody_is_nobody_is_well(address: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert probe.main([address], {}) == 1
    assert "cannot be asked" in capsys.readouterr().err
