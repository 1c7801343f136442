"""Credentials of the machine: an instance metadata service that hangs while keys end and at the start, and answers."""

from __future__ import annotations

import json
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from exporter.errors import Reason
from tests.faults.held import told_again
from tests.faults.invariant import holds
from tests.faults.machine import Clock
from tests.faults.real import HIT, real

LIFETIME = timedelta(minutes=25)
"""The SDK asks anew when a quarter of an hour of it is left, and has to from ten minutes on; less it stretches."""


@contextmanager
def metadata_service(awake: threading.Event, now: Clock) -> Iterator[str]:
    """Serve the keys of a role as an instance does while *awake*; else take the connection and say nothing.

    *now* is the time that the keys end by.
    """

    def keys() -> str:
        return json.dumps(
            {
                "Code": "Success",
                "Type": "AWS-HMAC",
                "AccessKeyId": "AKIDINSTANCE",
                "SecretAccessKey": "planted-secret",
                "Token": "planted-token",
                "Expiration": (datetime.fromtimestamp(now(), UTC) + LIFETIME).strftime("%Y-%m-%dT%H:%M:%SZ"),
            }
        )

    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            self.answer("token")

        def do_GET(self) -> None:
            self.answer("reader" if self.path.endswith("/") else keys())

        def answer(self, text: str) -> None:
            awake.wait()
            self.send_response(200)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def handle(self) -> None:
            try:
                super().handle()
            except OSError:
                self.close_connection = True  # the client has given up

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        awake.set()
        server.shutdown()
        server.server_close()


@told_again
def test_a_metadata_service_that_hangs_fails_its_target_alone_until_it_answers(tmp_path: Path) -> None:
    without_keys = {(source, Reason.CREDENTIALS.value) for source in ("cloudwatch", "account")}
    awake = threading.Event()
    awake.set()
    now = Clock(time.time())
    with metadata_service(awake, now) as url, real(tmp_path, now=now, metadata_url=url) as world:
        awake.clear()
        world.suffer(without_keys, heal=awake.set)
        assert world.end(signal.SIGTERM) == 0
        awake.clear()
        world.launch()
        world.arrive()
        world.suffer(without_keys, heal=awake.set)
        world.finish()
        assert world.running.stop() == 0
    holds(world, without_keys, hit=[HIT])
    assert "AKIDINSTANCE" in {request.access_key for request in world.requests}
