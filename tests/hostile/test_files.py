"""Hostile files: what a path can lead to besides a file, for the configuration, the web's, and what that names."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from exporter.config import files
from tests.effort import examples
from tests.hostile.dialects import DIALECTS, dumped, refusal
from tests.hostile.invariant import harmless


def _fifo(path: Path) -> Path:
    os.mkfifo(path)
    return path


def _loop(path: Path) -> Path:
    path.symlink_to(path)
    return path


def _far(path: Path) -> Path:
    path.symlink_to("x" * 50)
    return path


def _listens(path: Path) -> Path:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path.name)
    return path


def _folder(path: Path) -> Path:
    path.mkdir()
    return path


def _below_a_file(path: Path) -> Path:
    path.write_text("")
    return path / "config.yml"


def _vanished(path: Path) -> Path:
    path.mkdir()
    file = path / "config.yml"
    file.write_text(DIALECTS["native"].text())
    shutil.rmtree(path)
    return file


KINDS: dict[str, Callable[[Path], Path]] = {
    "folder": _folder,
    "pipe": _fifo,
    "loop": _loop,
    "dangling": _far,
    "socket": _listens,
    "below_a_file": _below_a_file,
    "vanished": _vanished,
    "endless": lambda _: Path("/dev/zero"),
    "no_text": lambda _: Path("/dev/urandom"),
    "memory_of_the_process": lambda _: Path("/proc/self/mem"),
    "too_long": lambda path: path / ("x" * 300),
    "far_too_long": lambda path: Path("/x" * 3_000),
    "nul": lambda path: Path(f"{path}\0x"),
    "surrogate": lambda path: Path(f"{path}\udcff\ud800"),
    "line_ends": lambda path: Path(f"{path}\n\r\x1b[31m"),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", DIALECTS)
def test_what_is_no_file_is_refused(kind: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "SILENCE_SECONDS", 0.01)
    monkeypatch.chdir(tmp_path)
    path = KINDS[kind](tmp_path / "it")
    said = refusal(lambda: DIALECTS[name].read(path))
    assert said
    harmless(said, files=(str(path)[:900], '"'))


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_certificate_is_refused(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "SILENCE_SECONDS", 0.01)
    monkeypatch.chdir(tmp_path)
    path = KINDS[kind](tmp_path / "it")
    web = tmp_path / "web.yml"
    group = dict.fromkeys(("cert_file", "key_file", "client_ca_file"), str(path))
    web.write_bytes(dumped({"tls_server_config": group}).encode(errors="replace"))
    said = refusal(lambda: DIALECTS["web"].read(web))
    assert said
    harmless(said, files=(str(web),))


def test_a_key_in_place_of_the_name_of_its_file_is_not_shown(tmp_path: Path) -> None:
    web = tmp_path / "web.yml"
    web.write_text(dumped({"tls_server_config": {"cert_file": "x", "key_file": "-----BEGIN PRIVATE KEY-----\nMIGHAg"}}))
    said = refusal(lambda: DIALECTS["web"].read(web))
    assert "key_file = <secret>: " in said
    assert "MIGH" not in said


def test_a_file_that_changes_while_it_is_read_gives_settings_or_lines(tmp_path: Path) -> None:
    rng, dialect = Random("changes"), DIALECTS["native"]
    file = tmp_path / "config.yml"
    for _ in range(examples(30)):
        data = dialect.text().encode()
        file.write_bytes(data[: rng.randrange(len(data))] + b"\0" * rng.randrange(3) + data[: rng.randrange(len(data))])
        harmless(refusal(lambda: dialect.read(file)), files=(str(file),))
