from __future__ import annotations

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.web.press import LARGE_BYTES, STORED_BYTES, Press
from tests.threads import without_threads

PART = st.binary() | st.integers(0, 2 * STORED_BYTES).map(lambda size: b"x" * size)
PAGE = st.tuples(PART, PART, PART) | st.tuples(PART, PART) | st.tuples(PART)


@given(st.lists(PAGE, min_size=1), st.data())
def test_a_reader_of_one_member_gets_all_parts_whichever_changed(
    pages: list[tuple[bytes, ...]], data: st.DataObject
) -> None:
    press = Press()
    before: tuple[bytes, ...] = ()
    for page in pages:
        kept = data.draw(st.integers(0, min(len(before), len(page))))
        parts = before[:kept] + page[kept:]
        for _ in range(2):
            reader = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
            assert reader.decompress(b"".join(press.gzip(parts))) == b"".join(parts)
            assert reader.eof
            assert reader.unused_data == b""
        before = parts


def test_a_part_is_compressed_once_while_it_and_those_before_are_the_same_objects(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pressed: list[bytes] = []

    def deflated(data: bytes, _: int) -> bytes:
        pressed.append(data)
        return b""

    monkeypatch.setattr("exporter.web.press._deflated", deflated)
    press = Press()
    one, two, three = b"one", b"two", b"three"
    for parts in ((one, two, b"x"), (one, two, b"y"), (one, three, b"y"), (one, three, b"y"), (two, three, b"y")):
        press.gzip(parts)
    assert pressed == [one, two, three, two, three]


def test_what_is_kept_is_what_would_be_made_anew() -> None:
    press = Press()
    first = b"aws_ses_send_total 1\n" * 100_000
    before = press.gzip((first, b"x 1\n"))
    after = press.gzip((first, b"x 2\n"))
    assert gzip.decompress(b"".join(after)) == first + b"x 2\n"
    assert after[0] is before[0], "to copy it takes longer than all the rest"
    assert sum(map(len, before)) < len(first) / 100
    equal = bytes(bytearray(first))
    assert press.gzip((equal, b"x 1\n")) == before


async def test_without_a_thread_it_is_compressed_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    page = b"x" * LARGE_BYTES
    with monkeypatch.context() as patched:
        without_threads(patched)
        assert gzip.decompress(b"".join(await Press().gzip_aside((page, b"y")))) == page + b"y"


@pytest.mark.parametrize("sizes", [(10, 10, 10), (LARGE_BYTES, 10, 10), (10, LARGE_BYTES, 10), (10, 10, LARGE_BYTES)])
async def test_what_is_compressed_in_a_thread_is_the_same(sizes: tuple[int, ...]) -> None:
    parts = [b"x" * size for size in sizes]
    press = Press()
    for _ in range(2):
        assert await press.gzip_aside(parts) == Press().gzip(parts)
