"""Answers in slices, each written when the one before is read: TLS keeps a copy of what is written at once."""

from __future__ import annotations

from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send


def in_slices(app: ASGIApp, slice_bytes: int, *, begins: Callable[[int], None]) -> ASGIApp:
    """Return *app*, but that it sends at most *slice_bytes* at once, not copied; *begins* is told an answer's length.

    That is before its head is sent, which may wait for the reader of the answer before, while the content is held.
    """

    async def sliced(scope: Scope, receive: Receive, send: Send) -> None:
        async def sends(message: Message) -> None:
            if message["type"] == "http.response.start":
                begins(_length(message))
            body, more = message.get("body", b""), message.get("more_body", False)
            if len(body) <= slice_bytes:
                await send(message)
            else:
                view = memoryview(body)
                for end in range(slice_bytes, len(body) + slice_bytes, slice_bytes):
                    part = view[end - slice_bytes : end]
                    await send({**message, "body": part, "more_body": more or end < len(body)})

        await app(scope, receive, sends)

    return sliced


def _length(message: Message) -> int:
    return next((int(value) for name, value in message.get("headers", ()) if name.lower() == b"content-length"), 0)
