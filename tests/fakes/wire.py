"""How the fake AWS reads requests and writes answers: JSON, REST-JSON and query/XML, as the SDK speaks them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import formatdate
from typing import Any
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from aiohttp import web

from tests.fakes.cloudwatch import DEFAULT_ACCOUNT

_CREDENTIAL = re.compile(r"Credential=([^/]+)/\d{8}/([^/]+)/([^/]+)/aws4_request")
_STS = '<{op}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><{op}Result>{body}</{op}Result></{op}Response>'


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request, retries included.

    *at* is unix seconds by the fake's clock; *body* the parsed JSON or form (GetMetricData: StartTime and EndTime as
    unix seconds), empty for GET; *attempt* counts the SDK's tries from 1.
    """

    at: float
    region: str
    operation: str
    account: str
    access_key: str
    attempt: int
    body: dict[str, Any]


def parse(http: web.Request, content: bytes, at: float, accounts: Mapping[str, str]) -> Request:
    """Return what *http* asks for, by its headers, its signature's scope and *accounts* (by access key)."""
    signature = _CREDENTIAL.search(http.headers.get("Authorization", ""))
    key, region, service = signature.groups() if signature else ("", "", "")
    body: dict[str, Any] = {}
    operation = http.headers.get("X-Amz-Target", "").rpartition(".")[2]
    if operation:
        body = json.loads(content)
    elif http.headers.get("Content-Type", "").startswith("application/x-www-form-urlencoded"):
        body = dict(parse_qsl(content.decode()))
        operation = body.get("Action", "")
    elif service == "ses" and http.method == "GET" and http.path == "/v2/email/account":
        operation = "GetAccount"
    attempt = re.search(r"attempt=(\d+)", http.headers.get("amz-sdk-request", ""))
    account = accounts.get(key, DEFAULT_ACCOUNT)
    return Request(at, region, operation, account, key, int(attempt[1]) if attempt else 1, body)


def answer(
    request: Request, text: str, content_type: str, status: int, headers: dict[str, str] | None = None
) -> web.Response:
    """Return *text* with the Date of the fake's clock."""
    date = {"Date": formatdate(request.at, usegmt=True)}
    return web.Response(text=text, content_type=content_type, status=status, headers=date | (headers or {}))


def error(request: Request, code: str, message: str, status: int) -> web.Response:
    """Return an error as the protocol of the *request* writes it."""
    headers = {"x-amzn-ErrorType": code, "x-amzn-query-error": f"{code};Sender"}
    if request.operation in ("GetCallerIdentity", "AssumeRole"):
        text = (
            f"<ErrorResponse><Error><Type>Sender</Type><Code>{escape(code)}</Code>"
            f"<Message>{escape(message)}</Message></Error><RequestId>1</RequestId></ErrorResponse>"
        )
        return answer(request, text, "text/xml", status, headers)
    text = json.dumps({"__type": f"com.amazonaws.fake#{code}", "message": message})
    return answer(request, text, "application/x-amz-json-1.0", status, headers)


async def cut_short(http: web.Request, request: Request, text: str) -> web.StreamResponse:
    """Begin an answer and close the connection in its middle."""
    response = web.StreamResponse(headers={"Date": formatdate(request.at, usegmt=True)})
    response.content_length = len(text.encode())
    await response.prepare(http)
    await response.write(text.encode()[: len(text) // 2])
    assert http.transport is not None
    http.transport.close()
    return response


def xml(request: Request, body: dict[str, Any]) -> str:
    """Return the answer of a query protocol operation with *body* as its result."""

    def nodes(value: Any) -> str:
        if isinstance(value, dict):
            return "".join(f"<{name}>{nodes(inner)}</{name}>" for name, inner in value.items())
        return escape(str(value))

    return _STS.format(op=request.operation, body=nodes(body))
