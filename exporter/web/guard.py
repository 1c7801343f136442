"""Who may come in: every request is counted against the rate, has to name a user, and gets the configured headers."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from exporter.config.web.access import Rate, WebAccess
from exporter.errors import Refusal
from exporter.web.passwords import BusyError, Passwords
from exporter.web.plain import come_again, plain
from exporter.web.waiting import hung_up

CHALLENGE = 'Basic realm="aws-ses-exporter", charset="UTF-8"'


class Guard:
    """The application *app* behind its door. *access* is asked for at each request, *refused* told of each refusal."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        access: Callable[[], WebAccess],
        passwords: Passwords,
        monotonic: Callable[[], float],
        refused: Callable[[Refusal], None],
    ) -> None:
        """Let everybody in until *access* says otherwise."""
        self._app = app
        self._access = access
        self._passwords = passwords
        self._bucket = _Bucket(monotonic)
        self._refused = refused

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or have the application answer it."""
        access = self._access()
        answer: ASGIApp = self._app
        if access.rate is not None and not self._bucket.takes(access.rate):
            answer = self._no(Refusal.RATE, plain("Too many requests.\n", 429))
        elif access.users:
            answer = await self._judged(access, scope, receive)
        await answer(scope, receive, _adding(access.headers, send) if access.headers else send)

    async def _judged(self, access: WebAccess, scope: Scope, receive: Receive) -> ASGIApp:
        peer, *_ = scope.get("client") or ("",)
        try:
            named = _named(Headers(scope=scope).get("authorization", ""))
            if named is not None and await self._passwords.is_right(
                access.users, *named, peer=peer, leaves=lambda: hung_up(receive)
            ):
                return self._app
        except BusyError:
            return self._no(Refusal.BUSY, come_again("Too many passwords to check.\n"))
        ask = plain("A user and a password are needed.\n", 401, {"www-authenticate": CHALLENGE})
        return self._no(Refusal.PASSWORD, ask)

    def _no(self, why: Refusal, answer: Response) -> ASGIApp:
        self._refused(why)
        return answer


class _Bucket:
    """A token bucket, full at first; another rate begins anew."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._rate: Rate | None = None
        self._tokens = 0.0
        self._at = 0.0

    def takes(self, rate: Rate) -> bool:
        now = self._monotonic()
        if rate != self._rate:
            self._rate, self._tokens = rate, float(rate.burst)
        else:
            self._tokens = min(rate.burst, self._tokens + (now - self._at) / rate.interval_seconds)
        self._at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


def _named(authorization: str) -> tuple[str, bytes] | None:
    """Return user and password of a header, None where it does not name any."""
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, colon, password = base64.b64decode(token.strip(), validate=True).partition(b":")
        return (user.decode(), password) if colon else None
    except (binascii.Error, ValueError):
        return None


def _adding(headers: tuple[tuple[str, str], ...], send: Send) -> Send:
    """Return *send*, but that every answer has *headers*, in place of what it had under their names."""

    async def sends(message: Message) -> None:
        if message["type"] == "http.response.start":
            present = MutableHeaders(scope=message)
            for name, value in headers:
                present[name] = value
        await send(message)

    return sends
