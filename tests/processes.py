"""Real processes for tests: the exporter as an operator starts it. Each is ended with its `with`, killed if need be."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.loops import LIMIT_SECONDS

START_SECONDS = 120.0
STOP_SECONDS = 60.0
COMMAND = (sys.executable, "-m", "exporter")
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_EC2_METADATA_DISABLED": "true"}


@dataclass
class Answer:
    """What HTTP said."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


@dataclass
class Running:
    """A process that has said where it listens. *lines* is its stderr so far."""

    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)
    address: str = ""
    tls: ssl.SSLContext | None = None
    """What a client demands of it; None: no TLS."""
    authorization: str = ""
    """What a client says of itself."""

    def get(self, path: str, *, method: str = "GET", **headers: str) -> Answer:
        """Ask it; `accept_encoding="gzip"` becomes `Accept-Encoding: gzip`."""
        connection = self._connection()
        if self.authorization:
            headers = {"authorization": self.authorization, **headers}
        try:
            connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()

    def _connection(self) -> http.client.HTTPConnection:
        if self.tls is None:
            return http.client.HTTPConnection(self.address, timeout=60)
        return http.client.HTTPSConnection(self.address, timeout=60, context=self.tls)

    def events(self) -> list[dict[str, Any]]:
        """Return its log as far as it is JSON."""
        return [json.loads(line) for line in self.lines if line.startswith("{")]

    def wait_ready(self, seconds: float = START_SECONDS) -> None:
        """Return when every target was tried."""
        until(lambda: self.get("/-/ready").status == http.client.OK, seconds, lambda: "".join(self.lines))

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and return the exit code."""
        self.process.send_signal(number)
        return self.process.wait(STOP_SECONDS)


def until(condition: Any, seconds: float = LIMIT_SECONDS, explain: Any = lambda: "") -> None:
    """Return when *condition* is true; fail with *explain* when it is not so within *seconds*."""
    limit = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > limit:
            raise AssertionError(f"not so within {seconds} s\n{explain()}")
        time.sleep(0.05)


def environment(**variables: str) -> dict[str, str]:
    """Return an environment without this machine's AWS settings, with test credentials and *variables*."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "COLUMNS"))}
    return {
        **kept,
        **CREDENTIALS,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        **variables,
    }


@contextlib.contextmanager
def process(
    arguments: Sequence[str] = (),
    *,
    environ: Mapping[str, str],
    command: Sequence[str] = COMMAND,
    cwd: Path | None = None,
) -> Iterator[Running]:
    """Start *command* with *arguments*; what it says on stderr is kept, and it is gone at the end."""
    child = subprocess.Popen(
        [*command, *arguments], env=dict(environ), cwd=cwd, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    running = Running(child)
    reader = threading.Thread(target=lambda: running.lines.extend(child.stderr or ()), daemon=True)
    reader.start()
    try:
        yield running
    finally:
        child.kill()
        child.wait()
        reader.join(STOP_SECONDS)
        for stream in (child.stdout, child.stderr):
            assert stream is not None
            stream.close()


@contextlib.contextmanager
def exporter(
    *arguments: str, environ: Mapping[str, str], command: Sequence[str] = COMMAND, cwd: Path | None = None
) -> Iterator[Running]:
    """Start the exporter on a free port of 127.0.0.1 with a JSON log, and wait until it listens."""
    flags = ("--web.listen-address=127.0.0.1:0", "--log.format=json", *arguments)
    with process(flags, environ=environ, command=command, cwd=cwd) as running:
        until(lambda: _listens(running) or running.process.poll() is not None, START_SECONDS, lambda: running.lines)
        assert running.address, f"exit code {running.process.poll()}\n{''.join(running.lines)}"
        yield running


def _listens(running: Running) -> bool:
    for event in running.events():
        if event["msg"] == "listening":
            running.address = event["address"]
    return bool(running.address)
