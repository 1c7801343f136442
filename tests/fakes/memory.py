"""The fake AWS under the whole SDK without a socket, for a clock that jumps: what goes over HTTP goes by call.

    aws = Aws(settings, clock=clock)
    plug(aws, fake)          # from now on its clients talk to the fake

Requests are signed, sent, retried, timed out, translated and parsed as ever; only the connection is missing. Faults of
the connection are the SDK's own exceptions here (`Stall`, `Hang`, `Reset`, `CutShort`); over sockets: FakeAws.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from aiobotocore.awsrequest import AioAWSResponse
from aiobotocore.config import AioConfig
from aiobotocore.httpsession import AIOHTTPSession
from botocore.exceptions import ConnectionClosedError, ReadTimeoutError, ResponseStreamingError

from exporter.aws.clients import Aws
from tests.fakes.aws import CutShort, Delay, EndlessTokens, FakeAws, Hang, Reset, Stall

ANSWER_SECONDS = 0.1
ENDLESS_SECONDS = 2.0
"""How long each page takes that has another one after it, without end."""


@dataclass(frozen=True, slots=True)
class _Body:
    content: bytes

    async def read(self) -> bytes:
        return self.content


def plug(aws: Aws, fake: FakeAws) -> None:
    """Let the clients that *aws* makes from now on talk to *fake*."""

    class MemorySession(AIOHTTPSession):
        _timeout: Any

        async def send(self, request: Any) -> Any:
            return await _exchange(fake, request, self._timeout.sock_read)

    aws._factory.config = aws._factory.config.merge(AioConfig(http_session_cls=MemorySession))
    aws._factory.sts_config = aws._factory.sts_config.merge(AioConfig(http_session_cls=MemorySession))


async def _exchange(fake: FakeAws, http: Any, read_seconds: float) -> Any:
    content = http.body if isinstance(http.body, bytes) else (http.body or "").encode()
    headers = {name: _text(value) for name, value in http.headers.items()}
    request, fault = fake.take(http.method, urlsplit(http.url).path, headers, content)
    match fault:
        case Stall() | Hang():
            await asyncio.sleep(read_seconds)
            raise ReadTimeoutError(endpoint_url=http.url)
        case Reset():
            raise ConnectionClosedError(endpoint_url=http.url, request=http, error=ConnectionResetError())
        case CutShort():
            raise ResponseStreamingError(error=ConnectionResetError())
        case Delay():
            await asyncio.sleep(fault.seconds)
        case EndlessTokens():
            await asyncio.sleep(ENDLESS_SECONDS)
    await asyncio.sleep(ANSWER_SECONDS)
    answer = fake.answer(request, fault)
    sent: Any = {name.lower(): value for name, value in answer.headers.items()} | {"content-type": answer.content_type}
    return AioAWSResponse(http.url, answer.status, sent, _Body(answer.text.encode()))


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value
