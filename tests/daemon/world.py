"""What the daemon's tests run it in: a way to AWS that answers at once from memory, and the service as a task."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
import pytest

from exporter.aws.observer import CallObserver
from exporter.config.load import Loaded
from exporter.config.settings import AwsSettings, Settings, TargetSettings
from exporter.daemon.service import service
from exporter.daemon.tools import Tools
from tests.loops import LIMIT_SECONDS, counted_seconds

ACCOUNT = "123456789012"
MIDDLE_OF_THE_YEAR = 1_750_000_020.0
FACTS = {
    "SendingEnabled": True,
    "EnforcementStatus": "HEALTHY",
    "ProductionAccessEnabled": True,
    "SendQuota": {"Max24HourSend": 50_000.0, "MaxSendRate": 14.0, "SentLast24Hours": 120.0},
}


@dataclass
class FakeClients:
    cloud: FakeCloud
    target: str
    region: str

    async def account_id(self) -> str:
        await self.cloud.act(self.target, "GetCallerIdentity")
        return self.cloud.accounts.get(self.target, ACCOUNT)

    def ahead_error(self, now: float) -> None:
        del now

    def redacted(self, text: str) -> str:
        return text

    async def get_account(self) -> Mapping[str, object]:
        await self.cloud.act(self.target, "GetAccount")
        return FACTS

    async def get_metric_data(self, **request: Any) -> Mapping[str, Any]:
        await self.cloud.act(self.target, "GetMetricData")
        results = [self._result(query, request) for query in request["MetricDataQueries"]]
        return {"MetricDataResults": results}

    async def list_metrics(self, **request: Any) -> Mapping[str, Any]:
        await self.cloud.act(self.target, "ListMetrics")
        own = [] if "OwningAccount" in request else [self.cloud.accounts.get(self.target, ACCOUNT)]
        return {
            "Metrics": [],
            "OwningAccounts": [*own, *self.cloud.linked] if "IncludeLinkedAccounts" in request else [],
        }

    def _result(self, query: Mapping[str, Any], request: Mapping[str, Any]) -> dict[str, Any]:
        """Return one mail a minute, of the metrics that are counts, since the year began."""
        stat = query["MetricStat"]
        first, end = (int(request[name].timestamp()) for name in ("StartTime", "EndTime"))
        moments = range(first, end, stat["Period"]) if stat["Metric"]["MetricName"] == "Send" else range(0)
        return {
            "Id": query["Id"],
            "StatusCode": "Complete",
            "Timestamps": [datetime.fromtimestamp(moment, UTC) for moment in moments],
            "Values": [min(stat["Period"], end - moment) / 60 for moment in moments],
        }


@dataclass
class FakeCloud:
    """AWS from memory. *trouble* is raised by the calls of a target.

    *hold* stops all calls until it is set, *hold_target* those of one target, *hold_open* the way in, where *refuse*
    is raised; *refuse_target* is raised where a target asks for its clients.
    """

    accounts: dict[str, str] = field(default_factory=dict)
    linked: list[str] = field(default_factory=list)
    trouble: dict[tuple[str, str], Exception] = field(default_factory=dict)
    hold: asyncio.Event | None = None
    hold_target: dict[str, asyncio.Event] = field(default_factory=dict)
    hold_open: asyncio.Event | None = None
    calls: int = 0
    entered: int = 0
    opened: int = 0
    closed: int = 0
    refuse: Exception | None = None
    refuse_target: dict[str, BaseException] = field(default_factory=dict)
    clients: type[FakeClients] = FakeClients

    async def act(self, target: str, operation: str) -> None:
        self.calls += 1
        if self.hold is not None:
            await self.hold.wait()
        if target in self.hold_target:
            await self.hold_target[target].wait()
        error = self.trouble.get((target, operation))
        if error is not None:
            raise error

    def open(self, _: AwsSettings) -> AbstractAsyncContextManager[FakeRegions]:
        return FakeRegions(self)


@dataclass
class FakeRegions:
    cloud: FakeCloud

    async def __aenter__(self) -> Self:
        if self.cloud.refuse is not None:
            raise self.cloud.refuse
        self.cloud.entered += 1
        if self.cloud.hold_open is not None:
            await self.cloud.hold_open.wait()
        self.cloud.opened += 1
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.cloud.closed += 1

    async def region(self, target: TargetSettings, region: str, observer: CallObserver) -> FakeClients:
        if target.label in self.cloud.refuse_target:
            raise self.cloud.refuse_target[target.label]
        return self.cloud.clients(self.cloud, target.label, region)


def tools(cloud: FakeCloud) -> Tools:
    """Return real tools, but that they are in the middle of a year and have no chance in them."""
    ahead = MIDDLE_OF_THE_YEAR - time.monotonic()
    return Tools(lambda: time.monotonic() + ahead, time.monotonic, asyncio.sleep, lambda: 0.0, cloud.open)


def settings(*names: str, **others: Any) -> Settings:
    """Return settings with a target for each of *names*, by default one called `default`."""
    targets = [{"name": name, "regions": ["us-east-1"]} for name in names or ("default",)]
    web = {"listen_addresses": ["127.0.0.1:0"], "enable_lifecycle": True, **others.pop("web", {})}
    return Settings.model_validate({"targets": targets, **others, "web": web})


def loaded(what: Settings, *warnings: str) -> Loaded:
    return Loaded(what, sha256="ab" * 32, warnings=warnings)


@dataclass
class Running:
    """The service at work; *loads* is what the next reload gives: settings or an exception."""

    cloud: FakeCloud
    loads: Loaded | Exception
    client: httpx.AsyncClient
    stop: asyncio.Event
    task: asyncio.Task[None]
    reload: Callable[[], object]

    async def page(self, path: str = "/metrics") -> str:
        answer = await self.client.get(path)
        return answer.text

    async def samples(self, prefix: str) -> dict[str, float]:
        lines = (await self.page()).splitlines()
        pairs = [line.rsplit(" ", 1) for line in lines if line.startswith(prefix)]
        return {name: float(value) for name, value in pairs}

    async def until(self, condition: Callable[[], Any]) -> None:
        async with asyncio.timeout(LIMIT_SECONDS):
            while not await condition():  # noqa: ASYNC110 - it is about another task, or asked over HTTP
                await asyncio.sleep(0.005)

    async def until_ready(self) -> None:
        async def ready() -> bool:
            return (await self.client.get("/-/ready")).status_code == httpx.codes.OK

        await self.until(ready)

    async def until_polled(self) -> None:
        """Return when no source waits for its first poll; other than readiness, this may be so and then not be so."""

        async def polled() -> bool:
            page = await self.page("/")
            return 'class="good"' in page and 'class="waiting"' not in page

        await self.until(polled)

    async def until_so(self, condition: Callable[[], bool]) -> None:
        async def so() -> bool:
            return condition()

        await self.until(so)

    async def end(self) -> float:
        """Stop it and return how many seconds it took."""
        self.stop.set()
        return await counted_seconds(self.task)


@asynccontextmanager
async def running(
    cloud: FakeCloud, start: Settings, caplog: pytest.LogCaptureFixture, *warnings: str
) -> AsyncIterator[Running]:
    """Run the service with *start* and wait until it listens."""
    caplog.set_level("INFO")
    stop = asyncio.Event()
    reloads: list[Callable[[], object]] = []
    box: list[Running] = []

    def load() -> Loaded:
        if isinstance(box[0].loads, Exception):
            raise box[0].loads
        return box[0].loads

    first = loaded(start, *warnings)
    task = asyncio.create_task(service(load, first, tools(cloud), stop=stop, on_reload=reloads.append))
    try:
        await asyncio.sleep(0)  # up to where it waits for the first time, it runs in one go
        if task.done():
            await task
        addresses = addresses_in(caplog)
        async with httpx.AsyncClient(base_url=f"http://{addresses[-1]}", timeout=60) as client:
            box.append(Running(cloud, first, client, stop, task, reloads[0]))
            yield box[0]
    finally:
        stop.set()
        await asyncio.wait((task,))


def addresses_in(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [getattr(record, "address", "") for record in caplog.records if record.message == "listening"]


def messages(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.message for record in caplog.records if record.name.startswith("exporter.")]


def open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def targets_in(names: Mapping[str, float]) -> set[str]:
    return {match for name in names for match in re.findall(r'\btarget="([^"]*)"', name)}
