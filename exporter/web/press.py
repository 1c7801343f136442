"""Gzip of a page whose first parts seldom change, as one member: some clients read only the first of several."""

from __future__ import annotations

import asyncio
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from exporter.aside import in_a_thread

LEVEL = 4
"""Half the time of the usual 6 for a page a few per cent larger."""
LARGE_BYTES = 64 * 1024
"""What takes a millisecond or more to compress is left to a thread."""
STORED_BYTES = 2048
"""A last part up to this is taken as it is: to compress it takes longer than to send a kilobyte."""

_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
_LAST_STORED_BLOCK = 1


@dataclass(frozen=True, slots=True)
class _Pressed:
    """A part; *crc* and *length* are those of everything up to its end."""

    content: bytes
    deflated: bytes
    crc: int
    length: int


_BEGINNING = _Pressed(b"", _HEADER, 0, 0)


class Press:
    """Compresses a page in parts, and these again only from the first one on that is another object."""

    def __init__(self) -> None:
        """Keep nothing yet."""
        self._kept: tuple[_Pressed, ...] = ()
        self._pressing = asyncio.Lock()

    def gzip(self, parts: Sequence[bytes]) -> Sequence[bytes]:
        """Return *parts* together as one gzip member, in pieces. The last part changes each time and is not kept."""
        kept = list(self._same(parts))
        for content in parts[len(kept) : -1]:
            kept.append(_pressed(content, kept[-1] if kept else _BEGINNING))
        self._kept = tuple(kept)
        return _finished(kept, parts[-1])

    async def gzip_aside(self, parts: Sequence[bytes]) -> Sequence[bytes]:
        """Return what `gzip` does; what is large is compressed in a thread if there is one: others are served.

        Of several calls at once, each waits for those before, and compresses no more what they did.
        """
        async with self._pressing:
            if sum(map(len, parts[len(self._same(parts)) :])) >= LARGE_BYTES:
                return await in_a_thread(lambda: self.gzip(parts))
            return self.gzip(parts)

    def _same(self, parts: Sequence[bytes]) -> tuple[_Pressed, ...]:
        """Return what is kept of the first of *parts* that are the same objects as before."""
        for number, (kept, content) in enumerate(zip(self._kept, parts[:-1], strict=False)):
            if kept.content is not content:
                return self._kept[:number]
        return self._kept[: len(parts) - 1]


def _pressed(content: bytes, before: _Pressed) -> _Pressed:
    # a full flush ends at a byte and forgets the window, so that anything may follow
    deflated = _deflated(content, zlib.Z_FULL_FLUSH)
    if before is _BEGINNING:
        deflated = _HEADER + deflated
    return _Pressed(content, deflated, zlib.crc32(content, before.crc), before.length + len(content))


def _finished(kept: Sequence[_Pressed], last: bytes) -> Sequence[bytes]:
    """Return the member; what is kept of the first part is a piece by itself, as to copy it takes longer than all."""
    before = kept[-1] if kept else _BEGINNING
    trailer = struct.pack("<LL", zlib.crc32(last, before.crc), (before.length + len(last)) & 0xFFFFFFFF)
    others = (each.deflated for each in kept[1:])
    return (kept or [before])[0].deflated, b"".join((*others, _ending(last), trailer))


def _ending(last: bytes) -> bytes:
    if len(last) > STORED_BYTES:
        return _deflated(last, zlib.Z_FINISH)
    return struct.pack("<BHH", _LAST_STORED_BLOCK, len(last), len(last) ^ 0xFFFF) + last


def _deflated(data: bytes, end: int) -> bytes:
    compressor = zlib.compressobj(LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    return compressor.compress(data) + compressor.flush(end)
