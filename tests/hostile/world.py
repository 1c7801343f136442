"""One exporter at work that every hostile client is sent to, and what has to hold of it afterwards."""

from __future__ import annotations

import contextlib
import json
import re
import signal
import socket
import ssl
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.certificates import authority
from tests.effort import SOAK
from tests.fakes.aws import FakeAws
from tests.hostile.invariant import harmless
from tests.processes import Running, environment, exporter, until

HASH = "$2b$04$mdStSc7C/vq4w3L0Zco3Ke7REfPV1yASc65TPDxojPO6INRWWWnAK"
"""Of alice123, at the least cost."""
GROWTH_KIB = (256 if SOAK else 96) * 1024
"""What the process may grow by over all hostile input, some 55 MiB as a rule; without a limit on headers, or with what
a reload leaves behind, it is 500 and more. Crowds of 520 through TLS, some 100 KiB each, come with SOAK=1 only."""
PASSWORD = b"Authorization: Basic YWxpY2U6YWxpY2UxMjM=\r\n"
PAGE = b"GET /metrics HTTP/1.1\r\nHost: x\r\n" + PASSWORD
_RELOADED = re.compile(r'"msg": "((web )?configuration in force|configuration is doubtful)"')
"""What whoever may reload can write into the log."""
_STATUS = re.compile(rb"HTTP/1\.1 ([0-9]{3}) ")


@dataclass
class World:
    """The exporter, its web configuration file, and what was on its page before anybody came."""

    running: Running
    web: Path
    page: list[str] = field(default_factory=list)
    lines: int = 0
    resident_kib: int = 0

    @property
    def address(self) -> tuple[str, int]:
        host, _, port = self.running.address.rpartition(":")
        return host, int(port)

    def connect(self) -> socket.socket:
        return socket.create_connection(self.address, timeout=20)

    def use(self, text: str) -> None:
        """Put the web configuration *text* in force."""
        before = self._in_force()
        self.web.write_text(text)
        self.running.process.send_signal(signal.SIGHUP)
        until(lambda: self._in_force() > before, explain=lambda: "".join(self.running.lines[-5:]))

    def scrape(self, tls: ssl.SSLContext | None = None) -> tuple[int, list[str]]:
        """Ask for the metrics as Prometheus does; return the status, and what AWS says on the page."""
        status, page = self._ask(PAGE, tls)
        own = ("aws_ses_exporter_", "process_", "python_", "#")
        return status, [line for line in page.decode().splitlines() if line.strip() and not line.startswith(own)]

    def unharmed(self, answers: Iterable[bytes] = (), tls: ssl.SSLContext | None = None) -> None:
        """Check that *answers* are no failures of ours, and that the exporter does what it did before."""
        for answer in answers:
            said = answer.decode("latin-1")
            assert "Traceback" not in said
            harmless("", statuses=[int(code) for code in _STATUS.findall(answer)])
        assert self.scrape(tls) == (200, self.page)
        assert [line for line in self.running.lines[self.lines :] if not _RELOADED.search(line)] == []

    def resident(self) -> int:
        """Return the memory of the process, in KiB."""
        status = Path(f"/proc/{self.running.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+([0-9]+)", status)[1])  # type: ignore[index]  # every process has it

    def _in_force(self) -> int:
        return sum(event["msg"] == "configuration in force" for event in self.running.events())

    def _ask(self, head: bytes, tls: ssl.SSLContext | None) -> tuple[int, bytes]:
        with contextlib.ExitStack() as stack:
            client = stack.enter_context(self.connect())
            if tls is not None:
                client = stack.enter_context(tls.wrap_socket(client, server_hostname="exporter"))
            client.sendall(head + b"Connection: close\r\n\r\n")
            answer = read_all(client)
        head, _, body = answer.partition(b"\r\n\r\n")
        found = _STATUS.match(head)
        return int(found[1]) if found else 0, body


def read_all(client: socket.socket) -> bytes:
    """Return all that comes until the connection ends, in whatever way."""
    parts = []
    with contextlib.suppress(ConnectionError, ssl.SSLError):
        while part := client.recv(65_536):
            parts.append(part)
    return b"".join(parts)


def slam(client: socket.socket) -> None:
    """End a connection with a reset."""
    with contextlib.suppress(OSError):
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


@contextlib.contextmanager
def world(folder: Path) -> Iterator[World]:
    """Start the exporter, with reload over HTTP, and wait until its page is whole."""
    web = folder / "web.yml"
    web.write_text("")
    ours = authority(folder / "ours")
    ours.issue("server", "exporter")
    assert ours.file.exists()
    with FakeAws() as aws:
        environ = environment(
            AWS_ENDPOINT_URL=aws.url,
            AWS_SES_EXPORTER__TARGETS=json.dumps([{"regions": ["us-east-1"]}]),
            AWS_SES_EXPORTER__POLL_INTERVAL_SECONDS="3600",
        )
        with exporter(f"--web.config.file={web}", "--web.enable-lifecycle", environ=environ) as running:
            running.wait_ready()
            here = World(running, web)
            here.page = here.scrape()[1]
            assert any(line.startswith("aws_ses_send_quota_max") for line in here.page)
            here.lines, here.resident_kib = len(running.lines), here.resident()
            yield here
