"""bcrypt hashes as Go's golang.org/x/crypto/bcrypt reads them, made into what Python's bcrypt takes.

Go computes the same for `$2$`, `$2a$`, `$2b$`, `$2x$` and `$2y$`, and drops the last four bits of the salt's 22nd
character, which are beyond its 16 bytes; Python's bcrypt raises for the first, and for such bits. Both compare the
checksum as text: one with bits beyond its 23 bytes is that of no password.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_ALPHABET = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_HASH = re.compile(
    r"\$2[abxy]?\$(?P<cost>0[4-9]|[12][0-9]|3[01])\$(?P<salt>[./A-Za-z0-9]{21})(?P<end>[./A-Za-z0-9])"
    r"(?P<checksum>[./A-Za-z0-9]{31})",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Hash:
    """A hash that can be checked, *text*; *cost* is the binary logarithm of its rounds, 4 to 31."""

    cost: int
    text: bytes = field(repr=False)


def read_hash(text: str) -> Hash | None:
    """Return the hash *text*, None where it is none."""
    match = _HASH.fullmatch(text)
    if match is None:
        return None
    end = _ALPHABET[_ALPHABET.index(match["end"]) & 0b110000]
    return Hash(int(match["cost"]), f"$2b${match['cost']}${match['salt']}{end}{match['checksum']}".encode())
