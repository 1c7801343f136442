"""How the fake AWS reads requests and writes answers: JSON, REST-JSON and query/XML, as the SDK speaks them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

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


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back over HTTP, or without it."""

    text: str
    content_type: str
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


def parse(
    method: str, path: str, headers: Mapping[str, str], content: bytes, *, at: float, accounts: Mapping[str, str]
) -> Request:
    """Return what is asked for, by *headers* (of any case), its signature's scope and *accounts* (by access key)."""
    headers = {name.lower(): value for name, value in headers.items()}
    signature = _CREDENTIAL.search(headers.get("authorization", ""))
    key, region, service = signature.groups() if signature else ("", "", "")
    body: dict[str, Any] = {}
    operation = headers.get("x-amz-target", "").rpartition(".")[2]
    if operation:
        body = json.loads(content)
    elif headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        body = dict(parse_qsl(content.decode()))
        operation = body.get("Action", "")
    elif service == "ses" and method == "GET" and path == "/v2/email/account":
        operation = "GetAccount"
    attempt = re.search(r"attempt=(\d+)", headers.get("amz-sdk-request", ""))
    account = accounts.get(key, DEFAULT_ACCOUNT)
    return Request(at, region, operation, account, key, int(attempt[1]) if attempt else 1, body)


def answer(
    request: Request, text: str, content_type: str, status: int, headers: dict[str, str] | None = None
) -> Answer:
    """Return *text* with the Date of the fake's clock."""
    return Answer(text, content_type, status, {"Date": formatdate(request.at, usegmt=True)} | (headers or {}))


def error(request: Request, code: str, message: str, status: int) -> Answer:
    """Return an error as the protocol of the *request* writes it."""
    headers = {"x-amzn-ErrorType": code, "x-amzn-query-error": f"{code};Sender"}
    if request.operation in ("GetCallerIdentity", "AssumeRole", "AssumeRoleWithWebIdentity"):
        text = (
            f"<ErrorResponse><Error><Type>Sender</Type><Code>{escape(code)}</Code>"
            f"<Message>{escape(message)}</Message></Error><RequestId>1</RequestId></ErrorResponse>"
        )
        return answer(request, text, "text/xml", status, headers)
    text = json.dumps({"__type": f"com.amazonaws.fake#{code}", "message": message})
    return answer(request, text, "application/x-amz-json-1.0", status, headers)


def xml(request: Request, body: dict[str, Any]) -> str:
    """Return the answer of a query protocol operation with *body* as its result."""

    def nodes(value: Any) -> str:
        if isinstance(value, dict):
            return "".join(f"<{name}>{nodes(inner)}</{name}>" for name, inner in value.items())
        return escape(str(value))

    return _STS.format(op=request.operation, body=nodes(body))
