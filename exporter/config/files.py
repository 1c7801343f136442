"""Files that people wrote, read as text: whole, not too large, and UTF-8."""

from __future__ import annotations

from pathlib import Path

from exporter.errors import ConfigError, Problem

MAX_BYTES = 1_048_576


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
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ConfigError((Problem(where, f"cannot be read: {(error.strerror or str(error)).lower()}"),)) from None
    except ValueError as error:
        raise ConfigError((Problem(where, f"cannot be read: {error}"),)) from None
    if len(data) > MAX_BYTES:
        raise ConfigError((Problem(where, f"is over {MAX_BYTES} bytes (1 MiB)"),))
    return data
