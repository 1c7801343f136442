"""The health check finds where an exporter listens, from the kernel's tables alone."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

import pytest

from exporter import probe
from exporter.whereabouts import listening
from tests.fakes.aws import FakeAws
from tests.processes import environment, exporter

DEFAULT = "127.0.0.1:9199"
EXPORTER = ("/opt/exporter/bin/python3", "/opt/exporter/bin/aws-ses-exporter", "9106", "config.yml")


def native(packed: bytes) -> str:
    """Return an address as the kernel prints it on this machine."""
    words = (packed[start : start + 4] for start in range(0, len(packed), 4))
    return "".join(f"{int.from_bytes(word, sys.byteorder):08X}" for word in words)


def tables(proc: Path, sockets: dict[str, tuple[str, int, str]]) -> None:
    """Write the tables of TCP: inode to address, port and state."""
    (proc / "net").mkdir(parents=True)
    for name, family in (("tcp", socket.AF_INET), ("tcp6", socket.AF_INET6)):
        lines = ["  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode"]
        for inode, (address, port, state) in sockets.items():
            if (":" in address) == (family is socket.AF_INET6):
                local = f"{native(socket.inet_pton(family, address))}:{port:04X}"
                lines.append(f"   0: {local} 0:0000 {state} 0:0 00:0 0 0 0 {inode} 1 0 100 0 0 10 0")
        (proc / "net" / name).write_text("\n".join(lines) + "\n")


def runs(proc: Path, number: int, words: tuple[str, ...], *inodes: str) -> None:
    folder = proc / str(number) / "fd"
    folder.mkdir(parents=True)
    (folder.parent / "cmdline").write_text("".join(f"{word}\0" for word in words))
    (folder / "0").symlink_to("/dev/null")
    for place, inode in enumerate(inodes, start=3):
        (folder / str(place)).symlink_to(f"socket:[{inode}]")


@pytest.mark.parametrize(
    ("bound", "asked"),
    [
        ("0.0.0.0", ["127.0.0.1:9106"]),
        ("192.0.2.7", ["192.0.2.7:9106"]),
        ("::", ["127.0.0.1:9106", "[::1]:9106"]),
        ("::1", ["[::1]:9106"]),
        ("2001:db8::7", ["[2001:db8::7]:9106"]),
    ],
)
@pytest.mark.parametrize("words", [EXPORTER, ("python", "-m", "exporter", "--web.listen-address=:9106"), EXPORTER[1:]])
def test_an_exporter_is_asked_where_it_listens(
    bound: str, asked: list[str], words: tuple[str, ...], tmp_path: Path
) -> None:
    tables(tmp_path, {"71": (bound, 9106, "0A")})
    runs(tmp_path, 1, words, "70", "71")

    assert listening(tmp_path, DEFAULT) == asked


def test_what_others_listen_on_and_what_does_not_listen_is_left_alone(tmp_path: Path) -> None:
    tables(tmp_path, {"71": ("0.0.0.0", 80, "0A"), "72": ("127.0.0.1", 5555, "01"), "73": ("127.0.0.1", 5000, "0A")})
    runs(tmp_path, 1, ("/sbin/tini", "--", "nginx"), "71")
    runs(tmp_path, 8, ("python", "-m", "exporter.probe"), "71")
    runs(tmp_path, 9, EXPORTER, "72", "73")

    assert listening(tmp_path, DEFAULT) == ["127.0.0.1:5000"]


def test_the_usual_port_is_asked_first_where_the_process_has_more_of_them(tmp_path: Path) -> None:
    tables(tmp_path, {"71": ("127.0.0.1", 5555, "0A"), "72": ("0.0.0.0", 9199, "0A")})
    runs(tmp_path, 1, EXPORTER, "71", "72")

    assert listening(tmp_path, DEFAULT) == [DEFAULT, "127.0.0.1:5555"]


def test_where_nothing_can_be_seen_it_is_the_usual_port(tmp_path: Path) -> None:
    (tmp_path / "1").mkdir()  # ended meanwhile, as good as another user's
    runs(tmp_path, 2, EXPORTER, "71")

    assert listening(tmp_path, DEFAULT) == [DEFAULT]
    assert listening(tmp_path / "nowhere", DEFAULT) == [DEFAULT]


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="no /proc: the health check asks port 9199")
def test_the_health_check_finds_an_exporter_at_whatever_port_it_got(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    proc = tmp_path / "proc"
    proc.mkdir()
    (proc / "net").symlink_to("/proc/net")
    with FakeAws() as aws, exporter(environ=environment(AWS_ENDPOINT_URL=aws.url, AWS_REGION="us-east-1")) as running:
        number = str(running.process.pid)
        (proc / number).symlink_to(f"/proc/{number}")
        running.wait_ready()

        assert listening(proc, DEFAULT) == [running.address]
        assert probe.main([], os.environ, proc) == 0
        assert probe.main(["/-/ready"], os.environ, proc) == 0
        assert probe.main(["/nothing"], os.environ, proc) == 1
        assert f"{running.address}/nothing: 404" in capsys.readouterr().err
        running.stop()
        assert probe.main([f"{running.address}/-/healthy"], os.environ, proc) == 1
