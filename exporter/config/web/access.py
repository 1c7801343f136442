"""What a web configuration comes to: TLS, users, headers, a rate. Nothing of it is ever printed."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

Stamp: TypeAlias = tuple[int, int, int, int]
"""Inode, size, and times (ns) of its content and of any change: another one after every way to change a file.

The first time can be set to what it was, as `cp -p` and `rsync -t` do; the second one cannot.
"""


@dataclass(frozen=True, slots=True)
class Tls:
    """How connections are secured. Two are equal when they were made of the same, which *digest* is of.

    *allowed_sans* are names of which a client's certificate has to have one, if any; *not_after* (unix seconds) is
    until when the certificate is valid, None where that is not known.
    """

    context: ssl.SSLContext = field(compare=False)
    digest: bytes = field(repr=False)
    allowed_sans: frozenset[str] = frozenset()
    not_after: float | None = None


@dataclass(frozen=True, slots=True)
class Rate:
    """One request every *interval_seconds* on average, *burst* at once."""

    interval_seconds: float
    burst: int


@dataclass(frozen=True, slots=True)
class WebAccess:
    """A web configuration in force; without a file everybody may come in, without TLS.

    *users* have the bcrypt hashes of their passwords. *stamps* are of every file that was read, the configuration's
    own first, taken before it was read. *doubts* are readable lines.
    """

    tls: Tls | None = None
    users: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    headers: tuple[tuple[str, str], ...] = ()
    rate: Rate | None = None
    stamps: Mapping[Path, Stamp | None] = field(default_factory=dict)
    doubts: tuple[str, ...] = ()


def weaker(before: WebAccess, after: WebAccess) -> tuple[str, ...]:
    """Return what protects *before* and would no longer protect *after*, each as a noun; empty where nothing does."""
    levels = zip(_protection(before).items(), _protection(after).values(), strict=True)
    return tuple(name for (name, was), will_be in levels if will_be < was)


def _protection(access: WebAccess) -> dict[str, int]:
    """Return how much there is of each protection; greater is stricter."""
    context = access.tls.context if access.tls is not None else None
    return {
        "TLS": context is not None,
        "users": bool(access.users),
        "certificates of clients": context.verify_mode if context is not None else 0,
        "names of clients": bool(access.tls is not None and access.tls.allowed_sans),
        "min_version": context.minimum_version if context is not None else 0,
        "rate_limit": access.rate is not None,
    }


def stamp(path: Path) -> Stamp | None:
    """Return the stamp of what *path* leads to, None where there is nothing to be seen."""
    try:
        seen = path.stat()
    except (OSError, ValueError):
        return None
    return seen.st_ino, seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns
