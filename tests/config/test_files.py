"""What the file may be as a file: missing, unreadable, too large, with a byte order mark."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest

from exporter.config import files
from exporter.config.files import MAX_BYTES
from exporter.config.load import load
from exporter.errors import ConfigError

ONE_TARGET = "targets: [{regions: [us-east-1]}]\n"


def lines(path: Path) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(path, environ={}, flags={}, default_region=lambda: "us-east-1")
    return [str(problem) for problem in caught.value.problems]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config.yaml"


def test_a_byte_order_mark_and_yes_and_on_are_fine(file: Path) -> None:
    file.write_bytes(b"\xef\xbb\xbfsources: {account: {enabled: no}}\nweb: {enable_lifecycle: On}\n")
    settings = load(file, environ={}, flags={}, default_region=lambda: "us-east-1").settings
    assert (settings.sources.account.enabled, settings.web.enable_lifecycle) == (False, True)


def test_a_file_that_is_not_there_or_no_file_says_so(tmp_path: Path) -> None:
    missing = tmp_path / "missing.yaml"
    assert lines(missing) == [f"{missing}: cannot be read: no such file or directory"]
    assert lines(tmp_path) == [f"{tmp_path}: cannot be read: is a directory"]
    assert lines(Path("a\0b")) == ['"a\\u0000b": cannot be read: embedded null byte']


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file: run the tests as another user")
def test_a_file_without_permission_says_so(file: Path) -> None:
    file.chmod(stat.S_IWUSR)
    assert lines(file) == [f"{file}: cannot be read: permission denied"]


def test_a_file_the_system_refuses_says_so(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    assert lines(file) == [f"{file}: cannot be read: permission denied"]


def test_a_file_over_one_mebibyte_is_refused_and_one_just_under_is_read(file: Path) -> None:
    file.write_text(ONE_TARGET + "#" * (MAX_BYTES - len(ONE_TARGET)), encoding="utf-8")
    assert load(file, environ={}, flags={}, default_region=lambda: "us-east-1").settings.targets[0].regions == (
        "us-east-1",
    )
    with file.open("a", encoding="utf-8") as more:
        more.write("#")
    assert lines(file) == [f"{file}: is over 1048576 bytes (1 MiB)"]


def test_a_pipe_that_says_nothing_is_given_up_and_one_that_speaks_is_read(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(file)
    monkeypatch.setattr(files, "SILENCE_SECONDS", 0.02)
    assert lines(file) == [f"{file}: cannot be read: nothing came for 0.02 s"]
    monkeypatch.setattr(files, "SILENCE_SECONDS", 20.0)
    writer = threading.Thread(target=lambda: file.write_text(ONE_TARGET, encoding="utf-8"))
    writer.start()
    settings = load(file, environ={}, flags={}, default_region=lambda: None).settings
    writer.join()
    assert settings.targets[0].regions == ("us-east-1",)


def test_a_device_without_end_is_too_large() -> None:
    assert lines(Path("/dev/zero")) == ["/dev/zero: is over 1048576 bytes (1 MiB)"]
    assert "is empty" in lines(Path("/dev/null"))[0]
