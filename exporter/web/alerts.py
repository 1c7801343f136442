"""Alerts of TLS: whoever is refused is told why, as `certificate required` or `protocol version`.

The event loops, uvloop 0.23 and asyncio's of Python 3.11, send what TLS has to say while a handshake goes on, and drop
it when that fails. So one that failed goes on until the client hangs up, for a moment.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar

GRACE_SECONDS = 1.0
"""How long who was refused may take to hang up: cut at once, he may lose the alert to what is on its way already.

Who sends more after the alert is cut at once.
"""

_NO_TLS = frozenset({"HTTP_REQUEST", "HTTPS_PROXY_REQUEST"})
"""OpenSSL has no alert for plain HTTP."""
_handshake: ContextVar[list[tuple[asyncio.Timeout, Callable[[], None]]]] = ContextVar("handshake")
"""Holds what ends the handshake in whose context this is, and who is told that it failed, as long as that goes on: the
connection keeps the context."""


@asynccontextmanager
async def alerting(context: ssl.SSLContext, refused: Callable[[], None]) -> AsyncIterator[None]:
    """Have the handshake in the `with`, one of *context*, tell the client why it fails; *refused* is called then.

    What TLS has no alert for only raises.

    Raises:
        TimeoutError: it failed, and the client did not hang up.
    """
    context.sslobject_class = _AlertingObject
    async with asyncio.timeout(None) as end:
        handshake = [(end, refused)]
        _handshake.set(handshake)
        try:
            yield
        finally:
            handshake.clear()


class _AlertingObject(ssl.SSLObject):
    """TLS of one connection."""

    _refused = False

    def do_handshake(self) -> None:
        """Go on with the handshake; one that fails asks for more first, so that the loop sends the alert."""
        if self._refused:
            raise ssl.SSLError("the handshake failed before")
        try:
            super().do_handshake()
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise
        except ssl.SSLError as error:
            if error.reason in _NO_TLS:
                raise
            self._refused = True
            for end, refused in _handshake.get():
                end.reschedule(asyncio.get_running_loop().time() + GRACE_SECONDS)
                refused()
            raise ssl.SSLWantReadError from error
