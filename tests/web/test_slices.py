from __future__ import annotations

import pytest
from starlette.types import Message, Receive, Scope, Send

from exporter.web.slices import in_slices

SLICE_BYTES = 1_000


async def nothing() -> Message:
    raise AssertionError


async def sent(*bodies: bytes) -> list[Message]:
    """Return what an app that sends *bodies* sends, in slices."""
    messages: list[Message] = []

    async def app(_: Scope, __: Receive, send: Send) -> None:
        await send(
            {
                "type": "http.response.start",
                "status": 200,
                "headers": [(b"Content-Length", b"%d" % sum(map(len, bodies)))],
            }
        )
        for body in bodies[:-1]:
            await send({"type": "http.response.body", "body": body, "more_body": True})
        await send({"type": "http.response.body", "body": bodies[-1]})

    async def send(message: Message) -> None:
        messages.append(message)

    await in_slices(app, SLICE_BYTES, begins=lambda length: messages.append({"type": "begins", "length": length}))(
        {}, nothing, send
    )
    return messages


@pytest.mark.parametrize(
    "sizes", [(0,), (SLICE_BYTES,), (SLICE_BYTES + 1,), (3 * SLICE_BYTES, 5), (5, 2 * SLICE_BYTES)]
)
async def test_an_answer_is_the_same_in_slices(sizes: tuple[int, ...]) -> None:
    bodies = [bytes([65 + number]) * size for number, size in enumerate(sizes)]
    begins, head, *rest = await sent(*bodies)
    assert begins == {"type": "begins", "length": sum(sizes)}, "it is told before anything may wait"
    assert head["type"] == "http.response.start"
    assert b"".join(message["body"] for message in rest) == b"".join(bodies)
    assert all(len(message["body"]) <= SLICE_BYTES for message in rest)
    assert [message.get("more_body", False) for message in rest] == [True] * (len(rest) - 1) + [False]


async def test_a_slice_is_no_copy() -> None:
    body = b"x" * 2 * SLICE_BYTES
    *_, slice_, _ = await sent(body)
    assert slice_["body"].obj is body
