from __future__ import annotations

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.web.press import LARGE_BYTES, Press
from tests.threads import without_threads


@given(st.lists(st.tuples(st.binary(), st.binary()), min_size=1))
def test_a_reader_of_one_member_gets_both_parts(pages: list[tuple[bytes, bytes]]) -> None:
    press = Press()
    for first, second in pages:
        for _ in range(2):
            reader = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
            assert reader.decompress(press.gzip(first, second)) == first + second
            assert reader.eof
            assert reader.unused_data == b""


def test_the_first_part_is_compressed_once_while_it_is_the_same_object() -> None:
    press = Press()
    first = b"aws_ses_send_total 1\n" * 100_000
    before = press.gzip(first, b"x 1\n")
    assert gzip.decompress(press.gzip(first, b"x 2\n")) == first + b"x 2\n"
    assert len(before) < len(first) / 100
    equal = bytes(bytearray(first))
    assert press.gzip(equal, b"x 1\n") == before


def test_a_page_that_begins_empty_is_right() -> None:
    assert gzip.decompress(Press().gzip(b"", b"")) == b""
    assert gzip.decompress(Press().gzip(b"", b"a")) == b"a"


async def test_without_a_thread_it_is_compressed_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    page = b"x" * LARGE_BYTES
    with monkeypatch.context() as patched:
        without_threads(patched)
        assert gzip.decompress(await Press().gzip_aside(page, b"y")) == page + b"y"


@pytest.mark.parametrize("sizes", [(10, 10), (LARGE_BYTES, 10), (10, LARGE_BYTES)])
async def test_what_is_compressed_in_a_thread_is_the_same(sizes: tuple[int, int]) -> None:
    first, second = (b"x" * size for size in sizes)
    press = Press()
    for _ in range(2):
        assert await press.gzip_aside(first, second) == Press().gzip(first, second)
