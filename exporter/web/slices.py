"""Answers in slices, each written when the one before is read.

Of what is written at once, TLS keeps a copy for each connection until it is read, and so does asyncio's own loop.
"""

from __future__ import annotations

from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

SLICE_BYTES = 64 * 1024
"""Smaller ones take longer to write."""


def in_slices(app: ASGIApp, begun: Callable[[], None]) -> ASGIApp:
    """Return *app*, but that it sends a slice at a time, which is no copy; *begun* is called after the head."""

    async def sliced(scope: Scope, receive: Receive, send: Send) -> None:
        async def sends(message: Message) -> None:
            body, more = message.get("body", b""), message.get("more_body", False)
            if len(body) <= SLICE_BYTES:
                await send(message)
            else:
                view = memoryview(body)
                for end in range(SLICE_BYTES, len(body) + SLICE_BYTES, SLICE_BYTES):
                    part = view[end - SLICE_BYTES : end]
                    await send({**message, "body": part, "more_body": more or end < len(body)})
            if message["type"] == "http.response.start":
                begun()

        await app(scope, receive, sends)

    return sliced
