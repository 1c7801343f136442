"""Answers of bounded length: what is longer than any that AWS gives is cut off before it fills the memory."""

from __future__ import annotations

from aiohttp import ClientResponse

MAX_BYTES = 8 << 20
"""The longest answer, 100 800 datapoints of GetMetricData, is under 5 MB as JSON."""


class TooLongError(Exception):
    """An answer was longer than *MAX_BYTES*, or than there is memory for."""


class BoundedResponse(ClientResponse):
    """A response whose body is read up to a limit, for a `ClientSession`."""

    async def read(self) -> bytes:
        """Return the body.

        Raises:
            TooLongError: it is longer than the limit, or than there is memory for.
            ClientPayloadError: it ended early. Whatever is raised, the connection is closed.
        """
        if self._body is None:
            try:
                self._body = await self._whole()
            except MemoryError as error:
                self.close()
                raise TooLongError("more than there is memory for") from error
            except BaseException:
                self.close()
                raise
        return self._body

    async def _whole(self) -> bytes:
        body = bytearray()
        async for chunk in self.content.iter_any():
            body += chunk
            if len(body) > MAX_BYTES:
                raise TooLongError(f"more than {MAX_BYTES >> 20} MB")
        return bytes(body)
