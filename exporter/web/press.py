"""Gzip of a page whose first part seldom changes, as one member: some clients read only the first of several."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

from exporter.aside import in_a_thread

LEVEL = 4
"""Half the time of the usual 6 for a page a few per cent larger."""
LARGE_BYTES = 64 * 1024
"""What takes a millisecond or more to compress is left to a thread."""

_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"


@dataclass(frozen=True, slots=True)
class _Pressed:
    content: bytes
    deflated: bytes
    crc: int


class Press:
    """Compresses a page of two parts, and the first part again only when it is another object."""

    def __init__(self) -> None:
        """Keep nothing yet."""
        self._kept = _Pressed(b"", b"", 0)

    def gzip(self, first: bytes, second: bytes) -> bytes:
        """Return *first* and *second* as one gzip member."""
        if first is not self._kept.content:
            self._kept = _pressed(first)
        return _finished(self._kept, second)

    async def gzip_aside(self, first: bytes, second: bytes) -> bytes:
        """Return what `gzip` does; what is large is compressed in a thread if there is one: others are served."""
        if len(second) >= LARGE_BYTES or (first is not self._kept.content and len(first) >= LARGE_BYTES):
            return await in_a_thread(lambda: self.gzip(first, second))
        return self.gzip(first, second)


def _pressed(first: bytes) -> _Pressed:
    # a full flush ends at a byte and forgets the window, so that anything may follow
    return _Pressed(first, _deflated(first, zlib.Z_FULL_FLUSH), zlib.crc32(first))


def _finished(kept: _Pressed, second: bytes) -> bytes:
    length = len(kept.content) + len(second)
    trailer = struct.pack("<LL", zlib.crc32(second, kept.crc), length & 0xFFFFFFFF)
    return b"".join((_HEADER, kept.deflated, _deflated(second, zlib.Z_FINISH), trailer))


def _deflated(data: bytes, end: int) -> bytes:
    compressor = zlib.compressobj(LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    return compressor.compress(data) + compressor.flush(end)
