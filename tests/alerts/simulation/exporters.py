"""Exporters at work in a simulated AWS: the daemon's own parts, put together as by its service, asked for the page."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from exporter.aws.observer import CallObserver
from exporter.config.load import Loaded
from exporter.config.settings import AwsSettings, Settings, TargetSettings
from exporter.daemon.parts import put_together
from exporter.daemon.tools import Tools
from exporter.errors import AwsInternalError, Reason
from exporter.exposition import Page
from exporter.telemetry import TargetTelemetry
from tests.alerts.simulation.mail import DAY, HOUR, Mailbox
from tests.fakes.cloudwatch import FakeCloudWatch

ACCOUNT = "123456789012"
QUOTA = 60_000.0


@dataclass
class Cloud:
    """The account's AWS: CloudWatch with all that will ever be published, and GetAccount of the *mailboxes*.

    During the *outages*, (start, end) in unix seconds, CloudWatch answers with errors. *clock* gives unix seconds.
    """

    clock: Callable[[], float]
    monday: float
    mailboxes: Mapping[str, Mailbox]
    outages: Sequence[tuple[float, float]] = ()
    quota: float = QUOTA
    cloudwatch: FakeCloudWatch = field(default_factory=FakeCloudWatch)

    def __post_init__(self) -> None:
        for mailbox in self.mailboxes.values():
            mailbox.publish(self.cloudwatch, ACCOUNT)

    @asynccontextmanager
    async def open(self, _: AwsSettings) -> AsyncIterator[Cloud]:
        yield self

    async def region(self, target: TargetSettings, region: str, observer: CallObserver) -> RegionClients:
        return RegionClients(self, region, observer)


@dataclass
class RegionClients:
    """What `aws.RegionClients` is, answered from memory after as long as AWS takes."""

    cloud: Cloud
    region: str
    observer: CallObserver

    async def account_id(self) -> str:
        await self._asked("GetCallerIdentity", 0.1)
        return ACCOUNT

    def ahead_error(self, now: float) -> None:
        del now

    def redacted(self, text: str) -> str:
        return text

    async def get_account(self) -> Mapping[str, object]:
        await self._asked("GetAccount", 0.1)
        now, mailbox = self.cloud.clock(), self.cloud.mailboxes[self.region]
        return {
            "SendingEnabled": True,
            "EnforcementStatus": mailbox.sender.status((now - self.cloud.monday) / HOUR),
            "ProductionAccessEnabled": True,
            "SendQuota": {
                "Max24HourSend": self.cloud.quota,
                "MaxSendRate": self.cloud.quota / 600,
                "SentLast24Hours": float(mailbox.sent(now - DAY, now)),
            },
        }

    async def get_metric_data(self, **request: Any) -> Mapping[str, Any]:
        await self._asked("GetMetricData", 0.4)
        now = self.cloud.clock()
        if any(start <= now < end for start, end in self.cloud.outages):
            self.observer.failed("GetMetricData", Reason.INTERNAL)
            raise AwsInternalError("GetMetricData: InternalServiceFault")
        return self.cloud.cloudwatch.get_metric_data(request, now, account=ACCOUNT, region=self.region)

    async def list_metrics(self, **request: Any) -> Mapping[str, Any]:
        await self._asked("ListMetrics", 0.2)
        return self.cloud.cloudwatch.list_metrics(request, self.cloud.clock(), account=ACCOUNT, region=self.region)

    async def _asked(self, operation: str, seconds: float) -> None:
        self.observer.requested(operation)
        await asyncio.sleep(seconds)
        self.observer.clock_offset(0.02)


class Pages:
    """The page of one process, of the metrics *names* only, rendered again only when a poll has ended since.

    What leaves the page by its age alone, hours after the last good poll, so leaves it with the next poll, good or
    failed, which is minutes later at most.
    """

    def __init__(self, page: Page, targets: Sequence[TargetTelemetry], names: frozenset[str]) -> None:
        self._page = page
        self._targets = targets
        self._names = names
        self._versions: list[int] = []
        self._content = b""

    def scrape(self) -> bytes:
        """Return the page; the same object while nothing in it changes."""
        versions = [version for target in self._targets for version in target.versions.values()]
        if versions != self._versions:
            self._versions = versions
            self._content = self._page.render(openmetrics=False, names=self._names)
        return self._content


@asynccontextmanager
async def exporter(
    settings: Settings, cloud: Cloud, names: frozenset[str], proc: Path, chance: Callable[[], float]
) -> AsyncIterator[Pages]:
    """Run an exporter, a process that began now, and give its page; *proc* is the folder for its `/proc`."""
    tools = Tools(
        cloud.clock,
        asyncio.get_running_loop().time,
        asyncio.sleep,
        chance,
        cloud.open,
        proc=a_process(proc, began=cloud.clock()),
    )
    loaded = Loaded(settings, sha256="ab" * 32, warnings=())
    async with asyncio.TaskGroup() as group:
        parts = put_together(lambda: loaded, loaded, tools, group)
        reloading = group.create_task(parts.reloader.run())
        targets = [parts.telemetry.writer(each.label, region) for each in settings.targets for region in each.regions]
        yield Pages(parts.page, targets, names)
        reloading.cancel()
        await parts.close()


def a_process(place: Path, *, began: float) -> str:
    """Make the `/proc` of a process that *began* then and has used nothing."""
    (place / "self" / "fd").mkdir(parents=True)
    (place / "self" / "stat").write_text("1 (exporter) S" + " 0" * 50)
    (place / "self" / "limits").write_text(
        "Max open files            1024                 4096                 files\n"
    )
    (place / "stat").write_text(f"btime {began:.0f}\n")
    return str(place)
