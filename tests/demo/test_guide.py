from __future__ import annotations

import io
import os
import signal
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from rich.console import Console

from exporter.demo import guide as module
from exporter.demo.excerpt import WHOLE
from exporter.demo.guide import Guide, Place
from exporter.errors import ListenError

PAGE = "".join(f'{name}{{region="us-east-1"}} 1.0\n' for name in WHOLE)


class Page(BaseHTTPRequestHandler):
    """Answers with what is left of `answers`, the last one for good."""

    answers: list[tuple[int, str]]

    def do_GET(self) -> None:
        assert self.path == "/metrics"
        status, text = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        self.send_response(status)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def answers() -> list[tuple[int, str]]:
    return [(200, PAGE)]


@pytest.fixture
def place(answers: list[tuple[int, str]]) -> Iterator[Place]:
    handler = type("BoundPage", (Page,), {"answers": answers})
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield Place(f"127.0.0.1:{server.server_port}")
        server.shutdown()
        thread.join()


@pytest.fixture
def signals(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    sent: list[int] = []
    monkeypatch.setattr(os, "kill", lambda pid, number: sent.append(number) if pid == os.getpid() else None)
    return sent


def guide(place: Place, *, once: bool) -> tuple[Guide, io.StringIO]:
    said = io.StringIO()
    return Guide(Console(file=said), place, ("us-east-1",), once), said


def test_it_shows_the_page_once_it_is_whole(place: Place, answers: list[tuple[int, str]], signals: list[int]) -> None:
    answers[:] = [(503, "not yet"), (200, "aws_ses_up 1.0\n"), (200, PAGE)]
    looking, said = guide(place, once=False)

    looking.run()

    assert looking.shown.is_set()
    assert f"http://{place.address}/metrics says" in said.getvalue()
    assert "End: Ctrl-C" in said.getvalue()
    assert signals == []


def test_with_once_it_ends_the_process_as_ctrl_c_does(place: Place, signals: list[int]) -> None:
    looking, said = guide(place, once=True)

    looking.run()

    assert signals == [signal.SIGINT]
    assert "Ctrl-C" not in said.getvalue()


def test_a_page_that_never_gets_whole_is_said_and_not_shown(
    place: Place, answers: list[tuple[int, str]], signals: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    answers[:] = [(200, "")]
    monkeypatch.setattr(module, "READY_SECONDS", 0.5)
    looking, said = guide(place, once=True)

    looking.run()

    assert not looking.shown.is_set()
    assert f"http://{place.address}/ says why" in said.getvalue()
    assert signals == [signal.SIGINT]


def test_it_says_nothing_when_the_exporter_is_gone(signals: list[int]) -> None:
    looking, said = guide(Place("127.0.0.1:1"), once=True)
    looking.ended.set()

    looking.run()

    assert said.getvalue() == ""
    assert signals == []


def test_port_0_becomes_a_free_port() -> None:
    place = Place.settle("127.0.0.1:0")

    assert int(place.address.removeprefix("127.0.0.1:")) > 0
    assert place.page() is None


def test_an_address_of_another_is_not_ours() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(ListenError):
        Place.settle(f"127.0.0.1:{taken.getsockname()[1]}")


@pytest.mark.parametrize(
    ("address", "url"),
    [
        (":9199", "http://127.0.0.1:9199/"),
        ("0.0.0.0:9199", "http://127.0.0.1:9199/"),
        ("[::]:9199", "http://[::1]:9199/"),
        ("[::1]:80", "http://[::1]:80/"),
        ("mail.example:9199", "http://mail.example:9199/"),
    ],
)
def test_the_url_is_one_to_click_on(address: str, url: str) -> None:
    assert Place(address).url == url
