"""A process that serves a page of 3 MB as the exporter does: `python -m tests.hostile.large [CERTIFICATE KEY]`.

What costs seconds, to poll for so much, is left out: the page is made up, the app and the server are the exporter's.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import sys
import time
from collections.abc import Generator, Sequence

import uvloop

from exporter.config.web.access import Tls
from exporter.web.app import Faces, create_app
from exporter.web.listen import address_of, open_sockets
from exporter.web.server import create_server, serve

LINES = 30_000
"""Of the first part: 2.4 MB; the second has 1 MB."""

TEXT = b"x" * 500_000
"""Of the configuration."""


def _content() -> bytes:
    return b"".join(
        [
            b'aws_ses_send_total{account_id="123456789012",region="us-east-1",x="%06d"} 1.0\n' % number
            for number in range(LINES)
        ]
    )


class LargePage:
    """A page that stays as it is; of *names* it is made anew each time, as the real one."""

    def __init__(self) -> None:
        self._known = _content()
        self._own = b"aws_ses_exporter_polls_total 1.0\n" * 30_000

    def kept(self, *, openmetrics: bool) -> bytes | None:
        return self._known

    def known_in_steps(self, *, openmetrics: bool, names: frozenset[str] | None) -> Generator[None, None, bytes]:
        if names is None:
            return self._known
        yield
        return b"".join((self._known[:100], self._known[100:]))

    def own(self, *, openmetrics: bool, names: frozenset[str] | None) -> tuple[bytes, bytes]:
        return self._own, b"process_cpu_seconds_total 1.0\n"


async def _text() -> bytes:
    return TEXT


async def _run(papers: Sequence[str]) -> None:
    tls = None
    if papers:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*papers)
        tls = Tls(context, b"")
    faces = Faces(
        page=LargePage(),
        rows=tuple,
        unhealthy=tuple,
        missing=tuple,
        config_text=_text,
        reload=None,
        refused=lambda _: None,
        clock=time.time,
    )
    listeners = open_sockets(["127.0.0.1:0"])
    listeners[0].setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16_384)  # the system takes megabytes on one machine
    print(address_of(listeners[0]), flush=True)  # noqa: T201 - whoever started it reads it
    await serve(create_server(create_app(faces, telemetry_path="/metrics"), tls=lambda: tls), listeners)


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_run(sys.argv[1:]))
