"""The HTTP session of all clients: they share one TLS context, since each takes 1 MB and 20 ms; answers are bounded."""

from __future__ import annotations

import ssl
import threading
from typing import Any

from aiobotocore.httpsession import AIOHTTPSession
from aiohttp import ClientSession

from exporter.aws.bounded import BoundedResponse

_Contexts = tuple[ssl.SSLContext, ssl.SSLContext | None]


def make_http_session_class() -> type[AIOHTTPSession]:
    """Return a class of HTTP session for `AioConfig(http_session_cls=...)` whose instances share their TLS contexts.

    There is one context for each set of authorities, client certificate and proxy: in practice, one. The SDK builds it,
    so host names are verified and `AWS_CA_BUNDLE`, `REQUESTS_CA_BUNDLE` and a profile's `ca_bundle` work as ever.
    An answer is read up to a limit.
    """
    contexts: dict[tuple[Any, ...], _Contexts] = {}
    lock = threading.Lock()  # the SDK builds contexts in threads

    class HttpSession(AIOHTTPSession):
        _verify: bool | str
        _cert_file: str | None
        _key_file: str | None

        async def _get_session(self, proxy_url: str | None) -> ClientSession:
            session: ClientSession = await super()._get_session(proxy_url)  # type: ignore[misc]
            session._response_class = BoundedResponse  # noqa: SLF001 - the SDK lets nobody give it to the session
            return session

        def _build_ssl_contexts(self, proxy_url: str | None) -> _Contexts:
            key = (self._verify, self._cert_file, self._key_file, proxy_url)
            with lock:
                if key not in contexts:
                    contexts[key] = super()._build_ssl_contexts(proxy_url)  # type: ignore[misc]
                return contexts[key]

    return HttpSession
