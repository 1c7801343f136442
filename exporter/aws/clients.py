"""The calls to AWS, each for one target and region: what the rest of the exporter sees of the SDK."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, cast

from exporter.aws.observer import CallObserver, ClockWatch, Tap
from exporter.aws.questions import hasten
from exporter.aws.redaction import redacted
from exporter.aws.resolver import Resolver
from exporter.aws.sessions import LoaderFor, SessionFactory
from exporter.aws.translate import shown, translated
from exporter.aws.ways import Way, WayIn
from exporter.config.settings import AwsSettings, TargetSettings
from exporter.errors import ClockError, CredentialsError, InvalidResponseError, OtherSourceError, SourceError

if TYPE_CHECKING:
    from types_aiobotocore_cloudwatch.type_defs import (
        GetMetricDataOutputTypeDef,
        GetMetricStatisticsOutputTypeDef,
        ListMetricsOutputTypeDef,
    )
    from types_aiobotocore_sesv2.type_defs import GetAccountResponseTypeDef

_EXPECTED = {
    "GetMetricData": {"MetricDataResults"},
    "GetMetricStatistics": {"Label", "Datapoints"},
    "ListMetrics": {"Metrics"},
    "GetAccount": {"SendingEnabled", "EnforcementStatus", "SendQuota", "ProductionAccessEnabled"},
}


CLOSING_SECONDS = 0.5
"""How long clients may take to close: a farewell under TLS waits for the other side."""


@dataclass(slots=True)
class Opened:
    """What all regions share: the clients to close, and a lock so that the loop does other work between making two."""

    clients: list[AbstractAsyncContextManager[Any]] = field(default_factory=list)
    making: asyncio.Lock = field(default_factory=asyncio.Lock)
    closed: bool = False


class RegionClients:
    """The calls for one target in one region, over clients that are made at the first call and kept.

    Every method raises only SourceError subclasses, and CancelledError.
    """

    def __init__(self, target: TargetSettings, region: str, way: WayIn, tap: Tap, opened: Opened) -> None:
        """Make nothing yet; clients are left to *opened* to close."""
        self._known_account_id = target.account_id or target.role_account_id
        self._region = region
        self._way = way
        self._tap = tap
        self._opened = opened
        self._clients: dict[str, Any] = {}
        self._answered = 0

    async def get_metric_data(self, **request: Any) -> GetMetricDataOutputTypeDef:
        """Return one page of cloudwatch:GetMetricData, times as aware UTC datetimes."""
        answer = await self._call("cloudwatch", "GetMetricData", lambda client: client.get_metric_data(**request))
        return cast("GetMetricDataOutputTypeDef", answer)

    async def get_metric_statistics(self, **request: Any) -> GetMetricStatisticsOutputTypeDef:
        """Return cloudwatch:GetMetricStatistics, datapoints in any order, times as aware UTC datetimes."""
        answer = await self._call(
            "cloudwatch", "GetMetricStatistics", lambda client: client.get_metric_statistics(**request)
        )
        return cast("GetMetricStatisticsOutputTypeDef", answer)

    async def list_metrics(self, **request: Any) -> ListMetricsOutputTypeDef:
        """Return one page of cloudwatch:ListMetrics."""
        answer = await self._call("cloudwatch", "ListMetrics", lambda client: client.list_metrics(**request))
        return cast("ListMetricsOutputTypeDef", answer)

    async def get_account(self) -> GetAccountResponseTypeDef:
        """Return ses:GetAccount of SESv2."""
        answer = await self._call("sesv2", "GetAccount", lambda client: client.get_account())
        return cast("GetAccountResponseTypeDef", answer)

    def ahead_error(self, now: float) -> ClockError | None:
        """Return the error where *now*, read before the last call, is over 300 s ahead of AWS's time of its answer.

        Such a clock was set right while AWS was asked: the call itself saw nothing wrong.
        """
        return self._tap.ahead_error(now, self._answered)

    def redacted(self, text: str) -> str:
        """Return *text*, AWS's words in an answer that is good otherwise, as errors tell it; from any thread."""
        return redacted(text, self._way.secrets)

    async def account_id(self) -> str:
        """Return the account: the configured one, else the role's, else that of sts:GetCallerIdentity.

        STS is asked once for each way in, one call at a time for all regions, until it has answered.
        """
        return self._known_account_id or await self._way.account_id()

    async def _call(self, service: str, operation: str, ask: Callable[[Any], Awaitable[dict[str, Any]]]) -> Any:
        answered = self._tap.answers
        answer: dict[str, Any] = {}
        cause: Exception | None = None
        try:
            answer = await ask(await self._client(service))
        except Exception as error:  # noqa: BLE001 - whatever the SDK raises becomes one of ours
            cause = error
        self._answered = answered  # now, as another call may have begun meanwhile
        failure: SourceError | None = self._tap.clock_error(answered)
        if failure is None and cause is not None:
            answers = self._tap.answers > answered
            failure = translated(
                cause, operation=operation, region=self._region, answered=answers, secrets=self._way.secrets
            )
        elif failure is None and not answer.keys() & _EXPECTED[operation]:  # so the SDK reads what is not JSON
            failure = InvalidResponseError(f"{operation}: the answer is empty")
        if failure is None:
            self._way.accepted(self._region)
            return answer
        if isinstance(failure, CredentialsError):
            self._way.refused(cause, self._region)
        self._tap.failed(operation, failure.reason)
        try:
            raise failure from shown(cause, failure, self._way.secrets)
        finally:
            del cause, failure  # else they and this frame hold one another, and the answer that could not be read

    async def _client(self, service: str) -> Any:
        async with self._opened.making:
            if self._opened.closed:
                raise OtherSourceError("the connection to AWS was closed")
            if service not in self._clients:
                entrance = await self._way.client(service, self._region)
                client = await entrance.__aenter__()
                self._opened.clients.append(entrance)
                hasten(client)
                self._tap.listen(client.meta.events)
                self._clients[service] = client
            return self._clients[service]


class Aws:
    """Everything open towards AWS, for as long as one configuration lives; an async context manager."""

    def __init__(
        self,
        settings: AwsSettings,
        *,
        clock: Callable[[], float] = time.time,
        resolver: Resolver | None = None,
        loader_for: LoaderFor | None = None,
    ) -> None:
        """Make nothing yet; *clock* is in unix seconds and is compared with AWS's Date.

        *resolver*, else one of its own, finds hosts; what hangs in it should not hang again after a reload.
        *loader_for*, else one of its own, gives the loaders of the SDK's files, which need not be read again then.
        """
        self._factory = SessionFactory(settings, resolver or Resolver(), loader_for)
        self._clock = clock
        self._watch = ClockWatch(clock)
        self._opened = Opened()
        self._ways: dict[Way, WayIn] = {}
        self._regions: dict[tuple[str, str], RegionClients] = {}

    async def __aenter__(self) -> Self:
        """Return itself."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close every client; calls from now on are refused."""
        await self.aclose()

    async def aclose(self) -> None:
        """Close every client, all at the same time and half a second long at most; calls from now on are refused."""
        self._opened.closed = True
        async with self._opened.making:
            clients, self._opened.clients = self._opened.clients, []
        farewells = [client.__aexit__(None, None, None) for client in clients]
        await _ended([*(way.aclose() for way in self._ways.values()), *farewells])

    async def region(self, target: TargetSettings, region: str, observer: CallObserver) -> RegionClients:
        """Return the calls for *target* in *region*, always the same for the same two; no network, nothing raised.

        *observer* hears of every call, those to STS included that were made in this region.
        """
        key = (target.label, region)
        if key not in self._regions:
            way = Way.of(target)
            if way not in self._ways:
                self._ways[way] = WayIn(way, self._factory, self._clock)
            tap = Tap(observer, self._watch)
            self._ways[way].serve(region, tap)
            self._regions[key] = RegionClients(target, region, self._ways[way], tap, self._opened)
        return self._regions[key]


async def _ended(work: Sequence[Coroutine[Any, Any, object]]) -> None:
    """Wait for *work*, cut what takes too long, and raise what one of them raised."""
    tasks = [asyncio.create_task(each) for each in work]
    if not tasks:
        return
    _, late = await asyncio.wait(tasks, timeout=CLOSING_SECONDS)
    for task in late:
        task.cancel()
    for outcome in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(outcome, Exception):
            raise outcome
