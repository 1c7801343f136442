"""Certificates and keys in PEM: read from files, shown to OpenSSL as files, and until when a certificate is valid."""

from __future__ import annotations

import os
import re
import ssl
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from exporter.config.files import read_bytes
from exporter.errors import ConfigError, Problem

_CERTIFICATE = re.compile(rb"-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----")
_VERSION = 0xA0
_TIMES = {0x17: "%y%m%d%H%M%SZ", 0x18: "%Y%m%d%H%M%SZ"}
"""UTCTime and GeneralizedTime, as certificates have to write them (RFC 5280, 4.1.2.5)."""


def read_regular(path: Path, where: str) -> bytes:
    """Return the bytes of the file *path*, which problems call *where*. A pipe could keep who reads it for ever.

    Raises:
        ConfigError: it cannot be read, or is no regular file.
    """
    try:
        regular = not path.exists() or path.is_file()
    except (OSError, ValueError):
        regular = True  # what is wrong with it is told by the attempt to read it
    if not regular:
        raise ConfigError((Problem(where, "is no regular file"),))
    return read_bytes(path, where)


def certificates(data: bytes) -> list[bytes]:
    """Return the certificates in *data*, each in PEM, not looked into."""
    return _CERTIFICATE.findall(data)


def trust(context: ssl.SSLContext, blocks: list[bytes]) -> None:
    """Have *context* trust the certificates *blocks*.

    Raises:
        ValueError: there is none, or one that cannot be read.
    """
    try:
        context.load_verify_locations(cadata=b"\n".join(blocks).decode())
    except ssl.SSLError as error:
        raise ValueError(error.reason) from error


def not_after(certificate: bytes) -> float:
    """Return the time (unix seconds) until which *certificate*, in PEM, is valid.

    Raises:
        ValueError: it is not to be found there.
    """
    try:
        ((_, whole),) = _elements(ssl.PEM_cert_to_DER_cert(certificate.decode()))
        (_, signed), *_ = _elements(whole)
        _, _, _, validity = [content for tag, content in _elements(signed) if tag != _VERSION][:4]
        _, (tag, text) = _elements(validity)
        return datetime.strptime(text.decode(), _TIMES[tag]).replace(tzinfo=UTC).timestamp()
    except LookupError as error:
        raise ValueError("is not in the form of a certificate") from error


def _elements(der: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield tag and content of each element of *der* (X.690)."""
    at = 0
    while at < len(der):
        tag, length, at = der[at], der[at + 1], at + 2
        if length & 0x80:
            count = length & 0x7F
            length, at = int.from_bytes(der[at : at + count]), at + count
        yield tag, der[at : at + length]
        at += length


@contextmanager
def as_file(data: bytes) -> Iterator[str]:
    """Yield a path at which OpenSSL finds *data*, in memory where the system can, else for this moment only.

    Raises:
        OSError: there is no room for it, or no descriptor.
    """
    make: Callable[[str], int] | None = getattr(os, "memfd_create", None)
    if make is None or not Path("/proc/self/fd").is_dir():
        with tempfile.NamedTemporaryFile() as file:
            file.write(data)
            file.flush()
            yield file.name
        return
    descriptor = make("pem")
    try:
        with os.fdopen(descriptor, "wb", closefd=False) as file:
            file.write(data)
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)
