"""Answers in slices, each written when the one before is read: TLS keeps a copy of what is written at once."""

from __future__ import annotations

from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send


def in_slices(app: ASGIApp, slice_bytes: int, *, begun: Callable[[], None]) -> ASGIApp:
    """Return *app*, but that it sends at most *slice_bytes* at once, not copied; *begun* is called after the head."""

    async def sliced(scope: Scope, receive: Receive, send: Send) -> None:
        async def sends(message: Message) -> None:
            body, more = message.get("body", b""), message.get("more_body", False)
            if len(body) <= slice_bytes:
                await send(message)
            else:
                view = memoryview(body)
                for end in range(slice_bytes, len(body) + slice_bytes, slice_bytes):
                    part = view[end - slice_bytes : end]
                    await send({**message, "body": part, "more_body": more or end < len(body)})
            if message["type"] == "http.response.start":
                begun()

        await app(scope, receive, sends)

    return sliced
