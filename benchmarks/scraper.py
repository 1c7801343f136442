"""A client that scrapes as Prometheus does, over one connection, and takes little time itself."""

from __future__ import annotations

import re
import socket
import time
from types import TracebackType
from typing import Self

_ACCEPT = "application/openmetrics-text;version=1.0.0;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
_LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)


class Scraper:
    """One connection to *address*, asking for *path*, with or without gzip."""

    def __init__(self, address: str, path: str = "/metrics", *, gzip: bool = True) -> None:
        """Connect."""
        host, port = address.rsplit(":", 1)
        self._socket = socket.create_connection((host, int(port)), timeout=600)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        coding = "gzip" if gzip else "identity"
        self._request = (
            f"GET {path} HTTP/1.1\r\nHost: {address}\r\nUser-Agent: Prometheus/2.42.0\r\n"
            f"Accept: {_ACCEPT}\r\nAccept-Encoding: {coding}\r\nX-Prometheus-Scrape-Timeout-Seconds: 10\r\n\r\n"
        ).encode()
        self._buffer = bytearray(1 << 20)

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        """Close the connection."""
        self._socket.close()

    def seconds(self) -> float:
        """Scrape once and return how long it took, from the request to the last byte; any status but 200 raises."""
        begun = time.perf_counter()
        self._exchange()
        return time.perf_counter() - begun

    def body(self) -> bytes:
        """Scrape once and return what was answered."""
        return self._exchange(keep=True)

    def _exchange(self, *, keep: bool = False) -> bytes:
        self._socket.sendall(self._request)
        got = b""
        while (end := got.find(b"\r\n\r\n")) < 0:
            got += self._socket.recv(65_536)
        length = _LENGTH.search(got, 0, end)
        if not got.startswith(b"HTTP/1.1 200") or length is None:
            raise AssertionError(got[:end].decode())
        pieces = [got[end + 4 :]]
        left = int(length[1]) - len(pieces[0])
        while left > 0:
            count = self._socket.recv_into(self._buffer, min(left, len(self._buffer)))
            left -= count
            if keep:
                pieces.append(bytes(self._buffer[:count]))
        return b"".join(pieces)
