"""The list of dimensions in the running service: beside everything else, in nobody's way, and visible when it fails."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from exporter.config.selections import CONFIGURATION_SET
from exporter.errors import AccessDeniedError
from exporter.sources import selected
from tests.daemon.world import ACCOUNT, FakeClients, FakeCloud, Running, loaded, running, settings

PLACE = f'account_id="{ACCOUNT}",region="us-east-1"'
TOTAL, UP = f"aws_ses_send_total{{{PLACE}}}", f"aws_ses_up{{{PLACE}}}"
BY_SET = f'aws_ses_dimension_send_total{{{PLACE},ses_configuration_set="news"}}'
SETS = {"sources": {"configuration_sets": {"enabled": True}}}


class Clients(FakeClients):
    """Lists one configuration set, once nothing is in the way."""

    async def list_metrics(self, **request: Any) -> Mapping[str, Any]:
        answer = await super().list_metrics(**request)
        dimensions = [{"Name": CONFIGURATION_SET, "Value": "news"}]
        return {**answer, "Metrics": [{"MetricName": "Send", "Dimensions": dimensions}]}


class Stalled(Clients):
    """Lists nothing before `go` is set."""

    go = asyncio.Event()

    async def list_metrics(self, **request: Any) -> Mapping[str, Any]:
        await self.go.wait()
        return await super().list_metrics(**request)


def failures(source: str, reason: str) -> str:
    place = f'reason="{reason}",region="us-east-1",source="{source}",target="default"'
    return f"aws_ses_exporter_poll_failures_total{{{place}}}"


async def until_listed(it: Running) -> None:
    async def listed() -> bool:
        return BY_SET in await it.samples("aws_ses_dimension_send_total")

    await it.until(listed)


async def test_while_a_list_stalls_the_account_is_read_and_ready(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selected, "WAIT_SECONDS", 0.01)
    monkeypatch.setattr("exporter.scheduler.CLOCK_CHECK_SECONDS", 0.05)
    monkeypatch.setattr(Stalled, "go", asyncio.Event())
    async with running(FakeCloud(clients=Stalled), settings(**SETS), caplog) as it:
        await it.until_ready()
        page = await it.samples("aws_ses_")
        assert page[TOTAL] > 0
        assert UP not in page, "not known before the list was tried"
        assert "dimensions</td>" in await it.page("/")
        Stalled.go.set()
        await until_listed(it)
        assert (await it.samples("aws_ses_up"))[UP] == 1


async def test_a_list_that_is_denied_is_a_failure_of_its_own(caplog: pytest.LogCaptureFixture) -> None:
    cloud = FakeCloud(clients=Clients, trouble={("default", "ListMetrics"): AccessDeniedError("no")})
    async with running(cloud, settings(**SETS), caplog) as it:
        await it.until_polled()
        page = await it.samples("aws_ses_")
        assert (page[UP], page[failures("dimensions", "access_denied")]) == (0, 1)
        assert (page[failures("cloudwatch", "access_denied")], page[TOTAL] > 0) == (0, True)
        assert BY_SET not in page


async def test_a_reload_keeps_what_was_found_though_the_list_is_denied_then(caplog: pytest.LogCaptureFixture) -> None:
    cloud = FakeCloud(clients=Clients)
    async with running(cloud, settings(**SETS), caplog) as it:
        await it.until_polled()
        await until_listed(it)
        cloud.trouble["default", "ListMetrics"] = AccessDeniedError("no")
        wider = {"configuration_sets": {"enabled": True, "exclude": ["x"]}}
        it.loads = loaded(settings(sources=wider))
        assert (await it.client.post("/-/reload")).status_code == 200

        async def failed() -> bool:
            return (await it.samples("aws_ses_up")).get(UP) == 0

        await it.until(failed)
        await it.until_polled()
        assert BY_SET in await it.samples("aws_ses_dimension_send_total")
