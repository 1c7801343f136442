"""A bare app of the same web server, as a process of its own: what serving so many ready bytes costs by itself.

`python -m benchmarks.bare PLAIN GZIP` serves the content of these two files on `/plain` and `/gzip` and prints its
address.
"""

from __future__ import annotations

import socket
import sys
from pathlib import Path

import uvicorn
from starlette.types import Receive, Scope, Send


class Bare:
    """Answers with bytes."""

    def __init__(self, plain: bytes, pressed: bytes) -> None:
        """Keep what is answered."""
        kind = (b"content-type", b"text/plain; version=0.0.4; charset=utf-8")
        gzip = (b"content-encoding", b"gzip")
        self._answers = {
            "/plain": (plain, [kind, (b"content-length", b"%d" % len(plain))]),
            "/gzip": (pressed, [kind, gzip, (b"content-length", b"%d" % len(pressed))]),
        }

    async def __call__(self, scope: Scope, _: Receive, send: Send) -> None:
        """Answer one request."""
        content, headers = self._answers[scope["path"]]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": content})


def main() -> None:
    """Serve until killed."""
    plain, pressed = (Path(name).read_bytes() for name in sys.argv[1:])
    config = uvicorn.Config(
        Bare(plain, pressed), loop="uvloop", http="httptools", ws="none", lifespan="off", log_config=None
    )
    listener = socket.create_server(("127.0.0.1", 0), backlog=16)
    print("{}:{}".format(*listener.getsockname()), flush=True)  # noqa: T201 - whoever started it reads it
    uvicorn.Server(config).run([listener])


if __name__ == "__main__":
    main()
