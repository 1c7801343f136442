"""Files that people wrote, read as text: whole, not too large, and UTF-8."""

from __future__ import annotations

import os
import select
from pathlib import Path

from exporter.errors import ConfigError, Problem

MAX_BYTES = 1_048_576
SILENCE_SECONDS = 10.0
"""How long a pipe may say nothing: whoever waits for it for ever reads no configuration again."""


def read_text(path: Path, where: str) -> str:
    """Return what is in the file *path*, which problems call *where*.

    Raises:
        ConfigError: it cannot be read, or is too large, or is no text.
    """
    return as_text(read_bytes(path, where), where)


def as_text(data: bytes, where: str) -> str:
    """Return *data* as text; raises ConfigError where it is none."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError((Problem(where, f"is not UTF-8 (byte 0x{data[error.start]:02x})", line=line),)) from None


def read_bytes(path: Path, where: str) -> bytes:
    """Return the bytes of the file *path*; raises as `read_text`."""
    try:
        data = _read(path)
    except OSError as error:
        raise ConfigError((Problem(where, f"cannot be read: {(error.strerror or str(error)).lower()}"),)) from None
    except ValueError as error:
        raise ConfigError((Problem(where, f"cannot be read: {error}"),)) from None
    if len(data) > MAX_BYTES:
        raise ConfigError((Problem(where, f"is over {MAX_BYTES} bytes (1 MiB)"),))
    return data


def _read(path: Path) -> bytes:
    """Return what is in *path*, one byte more than is allowed at most; raises OSError and ValueError."""
    data = bytearray()
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        waiting = select.poll()
        waiting.register(descriptor, select.POLLIN)
        while len(data) <= MAX_BYTES:
            if not waiting.poll(SILENCE_SECONDS * 1_000):
                raise TimeoutError(f"nothing came for {SILENCE_SECONDS:g} s")
            part = _part(descriptor, MAX_BYTES + 1 - len(data))
            if part == b"":
                break
            data += part or b""
    finally:
        os.close(descriptor)
    return bytes(data)


def _part(descriptor: int, size: int) -> bytes | None:
    """Return the next bytes, empty at the end, None where another reader of the pipe took them."""
    try:
        return os.read(descriptor, size)
    except BlockingIOError:
        return None
