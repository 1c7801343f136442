"""Answers of bounded length: what is longer than any that AWS gives is cut off before it fills the memory."""

from __future__ import annotations

from aiohttp import ClientResponse

MAX_BYTES = 8 << 20
"""The longest answer, 100 800 datapoints of GetMetricData, is under 5 MB as JSON."""


class TooLongError(Exception):
    """An answer was longer than *MAX_BYTES*."""


class BoundedResponse(ClientResponse):
    """A response whose body is read up to a limit, for a `ClientSession`."""

    async def read(self) -> bytes:
        """Return the body.

        Raises:
            TooLongError: it is longer than the limit; the connection is closed.
            ClientPayloadError: it ended early.
        """
        if self._body is None:
            body = bytearray()
            async for chunk in self.content.iter_any():
                body += chunk
                if len(body) > MAX_BYTES:
                    self.close()
                    raise TooLongError(f"more than {MAX_BYTES >> 20} MB")
            self._body = bytes(body)
        return self._body
