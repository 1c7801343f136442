"""Crowds that never read a large page: what is held for them all together is bounded."""

from __future__ import annotations

import contextlib
import socket
import ssl
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.certificates import authority
from tests.effort import SOAK
from tests.hostile.requests import request
from tests.hostile.world import slam
from tests.processes import environment, process, until

CROWD = 500 if SOAK else 100
MOST_MIB = 40
"""What the process may grow by; where each reader has a copy of the page, it is 3 and more for each of them."""
FILTERED = "/metrics?name[]=aws_ses_send_total"


@contextlib.contextmanager
def _serving(*papers: Path) -> Iterator[tuple[int, tuple[str, int]]]:
    """Start a process with a large page, and yield its id and its address."""
    command = (sys.executable, "-m", "tests.hostile.large", *map(str, papers))
    with process(command=command, environ=environment()) as running:
        assert running.process.stdout is not None
        host, _, port = running.process.stdout.readline().strip().rpartition(":")
        yield running.process.pid, (host, int(port))


def _resident_mib(pid: int) -> float:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4_096 / 2**20


def _asked(address: tuple[str, int], payload: bytes, tls: ssl.SSLContext | None) -> socket.socket:
    """Return a connection that has asked, and been answered, with little room for an answer."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2_048)
    client.settimeout(20)
    client.connect(address)
    if tls is not None:
        client = tls.wrap_socket(client, server_hostname="exporter")
    client.sendall(payload)
    assert client.recv(12) == b"HTTP/1.1 200"
    return client


@pytest.mark.parametrize(
    ("path", "secure"), [("/metrics", False), (FILTERED, False), ("/metrics", True), ("/config", True)]
)
def test_a_crowd_that_never_reads_a_large_page_takes_little_memory(path: str, secure: bool, tmp_path: Path) -> None:
    with ExitStack() as stack:
        papers: tuple[Path, ...] = ()
        tls = None
        if secure:
            ours = authority(tmp_path)
            made = ours.issue("server", "exporter")
            papers, tls = (made.cert, made.key), ssl.create_default_context(cafile=str(ours.file))
        pid, address = stack.enter_context(_serving(*papers))
        _asked(address, request("/metrics"), tls).close()
        before = _resident_mib(pid)
        for _ in range(CROWD):
            stack.callback(slam, _asked(address, request(path), tls))
        _asked(address, request("/metrics"), tls).close()
        until(
            lambda: _resident_mib(pid) - before < MOST_MIB,
            explain=lambda: f"{_resident_mib(pid) - before:.0f} MiB more",
        )
