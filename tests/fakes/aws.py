"""The project's own fake AWS: GetMetricData, GetMetricStatistics, ListMetrics, SESv2 GetAccount and STS over real HTTP.

    with FakeAws(now=lambda: 1_800_000_000.0) as aws:      # or FakeAws(): the real clock; tls=SSLContext for HTTPS
        aws.url                                             # "http://127.0.0.1:PORT": endpoint_url or AWS_ENDPOINT_URL
        aws.now = clock                                     # any callable; decides visibility and the Date header
        aws.put("Send", minute, 12, region="eu-west-1")     # see FakeCloudWatch.put
        aws.cloudwatch.page_size = 5                        # see FakeCloudWatch
        aws.cloudwatch.links["123456789012"] = {"210987654321"}         # linked accounts of a monitoring account
        aws.facts["123456789012", "us-east-1"] = {...}      # GetAccount's answer; FACTS unless set
        aws.access_keys["AKIDEXAMPLE"] = "210987654321"     # account of a key; others belong to 123456789012
        aws.roles[arn] = Role(external_id="x", lifetime_seconds=900)   # any other role is given for the asking
        aws.revoked["AKIDEXAMPLE"] = "InvalidClientTokenId"             # what calls with a key get; "*": with any
        aws.fail(THROTTLING, region="us-east-1", operation="GetMetricData", times=2)   # times=None: from now on
        aws.fail(INTERNAL, during=(start, end))             # to all that fit at these moments of the fake's clock
        aws.heal()                                          # forget every fault
        aws.requests                                        # list of Request, in order of arrival
        aws.requests_of("GetMetricData", region="us-east-1")

Region and access key are taken from the signature, which is not checked: one address serves all regions. Keys that
AssumeRole gives belong to the role's account and end after its lifetime, by the fake's clock. Faults are in
tests/fakes/faults.py (re-exported here): of those that fit a request the oldest is used first, each `times` times.
It is an HTTP proxy too: absolute addresses are answered as its own.
It runs in a thread of its own; a stalled request ends when the fake does.
Without HTTP: `MemorySession` (tests/fakes/memory.py) under the whole SDK, `FakeCloudWatch` (tests/fakes/cloudwatch.py)
and `spoil` (tests/fakes/faults.py).
"""

from __future__ import annotations

import asyncio
import copy
import math
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Self

from aiohttp import web

from tests.fakes import statistics, wire
from tests.fakes.cloudwatch import DEFAULT_ACCOUNT, DEFAULT_REGION, FakeAwsError, FakeCloudWatch
from tests.fakes.faults import (
    HTML,
    INTERNAL,
    THROTTLING,
    Body,
    CutShort,
    Delay,
    Edited,
    EndlessTokens,
    Error,
    Fault,
    Hang,
    RepeatToken,
    Reset,
    Results,
    Spoiling,
    Stale,
    Stall,
    Truncated,
    spoil,
)
from tests.fakes.plans import FACTS, Planned, Role, asked_of, json_text
from tests.fakes.wire import Answer, Request
from tests.loops import cut_all, end

__all__ = [
    "DEFAULT_ACCOUNT",
    "DEFAULT_REGION",
    "FACTS",
    "HTML",
    "INTERNAL",
    "THROTTLING",
    "Body",
    "CutShort",
    "Delay",
    "Edited",
    "EndlessTokens",
    "Error",
    "FakeAws",
    "FakeCloudWatch",
    "Fault",
    "Hang",
    "RepeatToken",
    "Request",
    "Reset",
    "Results",
    "Role",
    "Stale",
    "Stall",
    "Truncated",
    "spoil",
]


class FakeAws:
    """See the module's docstring."""

    def __init__(self, *, now: Callable[[], float] = time.time, tls: ssl.SSLContext | None = None) -> None:
        self.now = now
        self.cloudwatch = FakeCloudWatch()
        self.facts: dict[tuple[str, str], dict[str, Any]] = {}
        self.access_keys: dict[str, str] = {}
        self.roles: dict[str, Role] = {}
        self.revoked: dict[str, str] = {}
        self.requests: list[Request] = []
        self.url = ""
        self._tls = tls
        self._lock = threading.RLock()
        self._planned: list[Planned] = []
        self._expiry: dict[str, float] = {}
        self._started = threading.Event()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Listen; `url` is known when this returns."""
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="fake-aws", daemon=True)
        self._thread.start()
        if not self._started.wait(60):
            raise RuntimeError("the fake AWS did not start")

    def stop(self) -> None:
        """End, and every open connection with it."""
        if self._thread is not None and self._loop is not None and self._stopping is not None:
            self._loop.call_soon_threadsafe(self._stopping.set)
            self._thread.join(10)
            self._thread = None

    def put(self, metric: str, minute: float, value: float | None = None, **options: Any) -> None:
        """Add a datapoint or a revision: FakeCloudWatch.put, safe while requests run."""
        with self._lock:
            self.cloudwatch.put(metric, minute, value, **options)

    def fail(
        self,
        fault: Fault,
        *,
        region: str | None = None,
        operation: str | None = None,
        account: str | None = None,
        times: int | None = 1,
        during: tuple[float, float] | None = None,
    ) -> None:
        """Play *fault* to the next *times* requests that fit (None: to all from now on), or to all *during* a time."""
        with self._lock:
            left, when = (times, (-math.inf, math.inf)) if during is None else (None, during)
            self._planned.append(Planned(fault, region, operation, account, left, when))

    def heal(self) -> None:
        """Forget every fault."""
        with self._lock:
            self._planned.clear()
            self.revoked.clear()

    def requests_of(self, operation: str, *, region: str | None = None) -> list[Request]:
        """Return the requests of *operation* so far, of one region or all."""
        return [r for r in self.requests if r.operation == operation and region in (None, r.region)]

    async def _serve(self) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        app = web.Application(client_max_size=64 << 20)
        app.router.add_route("*", "/{path:.*}", self._handle)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await runner.setup()
        assert runner.server is not None
        server = await self._loop.create_server(runner.server, "127.0.0.1", 0, ssl=self._tls)
        try:
            self.url = f"{'https' if self._tls else 'http'}://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            self._started.set()
            await self._stopping.wait()
        finally:
            await end(server)
            await runner.cleanup()
            await cut_all()

    def _take(self, request: Request) -> Fault | None:
        with self._lock:
            for planned in self._planned:
                if planned.fits(request):
                    if planned.left is not None:
                        planned.left -= 1
                        if planned.left == 0:
                            self._planned.remove(planned)
                    return planned.fault
        return None

    async def _handle(self, http: web.Request) -> web.StreamResponse:
        request, fault = self.take(http.method, http.path, http.headers, await http.read())
        match fault:
            case Stall():
                assert self._stopping is not None
                await self._stopping.wait()
            case Reset():
                assert http.transport is not None
                http.transport.abort()
            case Delay():
                await asyncio.sleep(fault.seconds)
        answer = self.answer(request, fault)
        if isinstance(fault, CutShort | Hang):
            return await self._half(http, answer, fault)
        return web.Response(
            text=answer.text, content_type=answer.content_type, status=answer.status, headers=answer.headers
        )

    async def _half(self, http: web.Request, answer: Answer, fault: CutShort | Hang) -> web.StreamResponse:
        response = web.StreamResponse(headers=answer.headers)
        response.content_length = len(answer.text.encode())
        await response.prepare(http)
        await response.write(answer.text.encode()[: len(answer.text) // 2])
        if isinstance(fault, Hang):
            assert self._stopping is not None
            await self._stopping.wait()
        elif http.transport is not None:
            http.transport.close()
        return response

    def take(self, method: str, path: str, headers: Mapping[str, str], content: bytes) -> tuple[Request, Fault | None]:
        """Note an HTTP request, and return it with the fault that it meets."""
        request = wire.parse(method, path, headers, content, at=self.now(), accounts=self.access_keys)
        self.requests.append(request)
        return request, self._take(request)

    def answer(self, request: Request, fault: Fault | None) -> Answer:
        """Return what *request* gets, as far as *fault* is one of content: it does not wait, cut or reset."""
        match fault:
            case Error():
                return wire.error(request, fault.code, fault.message, fault.status)
            case Body():
                return wire.answer(request, fault.text, fault.content_type, fault.status)
        try:
            text, content_type = self._answer(request, fault)
        except FakeAwsError as error:
            return wire.error(request, error.code, error.message, error.status)
        if isinstance(fault, Truncated):
            text = text[: len(text) // 2]
        return wire.answer(request, text, content_type, 200)

    def _answer(self, request: Request, fault: Fault | None) -> tuple[str, str]:
        if refusal := self.revoked.get(request.access_key) or self.revoked.get("*"):
            raise FakeAwsError(refusal, "The security token included in the request is invalid", 403)
        if self._expiry.get(request.access_key, request.at + 1) <= request.at:
            raise FakeAwsError("ExpiredToken", "The security token included in the request is expired", 403)
        match request.operation:
            case "GetMetricData":
                with self._lock:
                    answer = self._metric_data(request, fault)
                return json_text(answer, fault), "application/x-amz-json-1.0"
            case "GetMetricStatistics":
                with self._lock:
                    answer = statistics.get_metric_statistics(
                        self.cloudwatch, request.body, request.at, account=request.account, region=request.region
                    )
                return json_text(answer, fault), "application/x-amz-json-1.0"
            case "ListMetrics":
                with self._lock:
                    answer = self._metric_list(request, fault)
                return json_text(answer, fault), "application/x-amz-json-1.0"
            case "GetAccount":
                facts = self.facts.get((request.account, request.region), FACTS)
                return json_text(copy.deepcopy(facts), fault), "application/json"
            case "GetCallerIdentity":
                arn = f"arn:aws:iam::{request.account}:user/someone"
                return wire.xml(request, {"Arn": arn, "UserId": "AIDAEXAMPLE", "Account": request.account}), "text/xml"
            case "AssumeRole" | "AssumeRoleWithWebIdentity":
                return self._assume_role(request), "text/xml"
        raise FakeAwsError("UnknownOperationException", request.operation, 404)

    def _metric_data(self, request: Request, fault: Fault | None) -> dict[str, Any]:
        asked = asked_of(request, fault)
        stale = fault.seconds if isinstance(fault, Stale) else 0.0
        answer = self.cloudwatch.get_metric_data(
            asked, request.at, account=request.account, region=request.region, stale_seconds=stale
        )
        return spoil(answer, asked, fault) if isinstance(fault, Spoiling) else answer

    def _metric_list(self, request: Request, fault: Fault | None) -> dict[str, Any]:
        asked = asked_of(request, fault)
        answer = self.cloudwatch.list_metrics(asked, request.at, account=request.account, region=request.region)
        return spoil(answer, asked, fault) if isinstance(fault, RepeatToken | EndlessTokens) else answer

    def _assume_role(self, request: Request) -> str:
        arn = request.body["RoleArn"]
        role = self.roles.get(arn, Role())
        if role.external_id is not None and request.body.get("ExternalId") != role.external_id:
            raise FakeAwsError("AccessDenied", f"not authorized to perform: sts:AssumeRole on resource: {arn}", 403)
        account = arn.split(":")[4]
        key = f"ASIA{len(self._expiry):016d}"
        self.access_keys[key] = account
        self._expiry[key] = request.at + role.lifetime_seconds
        expiration = datetime.fromtimestamp(self._expiry[key], UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        credentials = {"AccessKeyId": key, "SecretAccessKey": "fake", "SessionToken": "fake", "Expiration": expiration}
        user = {"AssumedRoleId": "AROAEXAMPLE:session", "Arn": arn}
        return wire.xml(request, {"Credentials": credentials, "AssumedRoleUser": user})
