"""An exporter at work whose web configuration changes, and the papers of clients that want to come in."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.certificates import Authority, Papers, authority
from tests.fakes.aws import FakeAws
from tests.processes import Running, environment, exporter, until
from tests.tools import require_tool

EXAMPLE = """\
# TLS and basic authentication configuration example.
#
# Additionally, a certificate and a key file are needed.
tls_server_config:
  cert_file: server.crt
  key_file: server.key

# Usernames and passwords required to connect.
# Passwords are hashed with bcrypt: https://github.com/prometheus/exporter-toolkit/blob/master/docs/web-configuration.md#about-bcrypt.
basic_auth_users:
  alice: $2y$10$mDwo.lAisC94iLAyP81MCesa29IzH37oigHC/42V2pdJlUprsJPze
  bob: $2y$10$hLqFl9jSjoAAy95Z/zw8Ye8wkdMBM8c5Bn1ptYqP/AXyV0.oy0S8m
"""
"""docs/web-config.yml of github.com/prometheus/exporter-toolkit (Apache License 2.0), but for its last group."""
RATE = """
rate_limit:
  interval: "1s"
  burst: 20
"""
"""The last group of it."""
ALICE = ("--user", "alice:alice123")


@dataclass
class House:
    """An exporter at work whose web configuration changes, and what a client needs to come in."""

    running: Running
    web: Path
    ours: Authority
    theirs: Authority
    server: Papers
    client: Papers
    stranger: Papers
    reloads: int = field(default=1)

    def use(self, text: str) -> None:
        """Put the web configuration *text* in force."""
        self.web.write_text(text)
        self.running.process.send_signal(signal.SIGHUP)
        self.reloads += 1
        until(lambda: self.in_force() >= self.reloads, explain=lambda: "".join(self.running.lines[-5:]))

    def refused(self) -> list[str]:
        """Return what the look-out has refused so far."""
        events = self.running.events()
        return [event["problem"] for event in events if event["msg"].startswith("web configuration refused")]

    def in_force(self) -> int:
        return sum(event["msg"] == "configuration in force" for event in self.running.events())

    def curl(self, path: str = "/metrics", *options: str, plain: bool = False) -> tuple[int, str]:
        """Return status, 0 when there was no answer, and head and body or curl's error."""
        scheme = "http" if plain else "https"
        port = self.running.address.rpartition(":")[2]
        done = subprocess.run(
            [
                require_tool("curl", debian="curl"),
                *("--silent", "--show-error", "--include", "--max-time", "20", "--noproxy", "*"),
                *("--cacert", str(self.ours.file), "--resolve", f"exporter:{port}:127.0.0.1"),
                *options,
                f"{scheme}://exporter:{port}{path}",
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        match = re.match(r"HTTP/1\.1 ([0-9]{3})", done.stdout)
        return (int(match[1]), done.stdout) if match else (0, done.stderr)

    def refusals(self, reason: str, *options: str) -> float:
        _, page = self.curl("/metrics", *options)
        match = re.search(rf'^aws_ses_exporter_web_refused_total{{reason="{reason}"}} ([0-9.]+)', page, re.MULTILINE)
        assert match is not None, page
        return float(match[1])


@contextmanager
def open_house(folder: Path) -> Iterator[House]:
    """Start the exporter in *folder* with a web configuration that asks for nothing."""
    ours, theirs = authority(folder / "ours"), authority(folder / "theirs")
    web = folder / "web.yml"
    web.write_text("")
    server = ours.issue("server", "exporter", "127.0.0.1")
    shutil.copy(server.cert, folder / "server.crt")
    shutil.copy(server.key, folder / "server.key")
    with FakeAws() as aws, exporter(f"--web.config.file={web}", environ=_environment(aws)) as running:
        running.wait_ready()
        client = ours.issue("client", "prometheus.example", "10.0.0.7", "2001:db8::7", "who@prometheus.example")
        yield House(running, web, ours, theirs, server, client, theirs.issue("stranger", "prometheus.example"))


def _environment(aws: FakeAws) -> dict[str, str]:
    return environment(AWS_ENDPOINT_URL=aws.url, AWS_SES_EXPORTER__TARGETS=json.dumps([{"regions": ["us-east-1"]}]))


def tls(house: House, **more: object) -> str:
    return json.dumps(
        {"tls_server_config": {"cert_file": str(house.server.cert), "key_file": str(house.server.key), **more}}
    )


def shows(papers: Papers) -> tuple[str, ...]:
    return ("--cert", str(papers.cert), "--key", str(papers.key))
