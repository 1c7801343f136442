"""Linked accounts of a monitoring account: whose data is asked for, and who is found."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from exporter.config.selections import CONFIGURATION_SET, DimensionPlan, Found, Selection
from exporter.errors import AccessDeniedError, InvalidResponseError, SourceError
from exporter.series.observations import TOTAL
from exporter.sources import linked as module
from exporter.sources.cloudwatch import CloudWatchSource
from exporter.sources.linked import LinkedClients, LinkedSource
from exporter.sources.listing import ListingSource
from tests.fakes.cloudwatch import FakeAwsError, FakeCloudWatch
from tests.loops import pass_seconds
from tests.sources.test_cloudwatch import DAY, NOW, Counted, identity, plans

OWN, ONE, TWO = "123456789012", "111111111111", "222222222222"
SEND = {"Namespace": "AWS/SES", "MetricName": "Send"}
MINUTE = int(NOW) // 60 * 60


@dataclass
class Clients:
    """The clients of the monitoring account."""

    cloudwatch: FakeCloudWatch = field(default_factory=FakeCloudWatch)
    now: float = NOW
    page_size: int = 500
    pages: list[Any] = field(default_factory=list)
    lists: list[Mapping[str, Any]] = field(default_factory=list)

    async def get_metric_data(self, **request: Any) -> Mapping[str, Any]:
        return self.cloudwatch.get_metric_data(request, self.now)

    async def list_metrics(self, **request: Any) -> Mapping[str, Any]:
        self.lists.append(request)
        if self.pages:
            page: Any = self.pages.pop(0)
            if isinstance(page, Exception):
                raise page
            return page  # type: ignore[no-any-return]
        return self.cloudwatch.list_metrics(request, self.now, page_size=self.page_size)


@dataclass
class Regroup:
    count: int = 0

    async def __call__(self) -> None:
        self.count += 1


def finder(
    clients: Clients,
    regroup: Regroup,
    previous: LinkedSource | None = None,
    *,
    own: str = OWN,
    refused: Collection[str] = (),
) -> LinkedSource:
    return LinkedSource(
        clients,
        key="m/eu-west-1",
        identity=identity(own),
        regroup=regroup,
        refused=lambda number: number in refused,
        previous=previous,
    )


def sent(clients: Clients, account: str, minute: float = MINUTE - 600) -> None:
    clients.cloudwatch.put("Send", minute, 1, account=account)


async def test_a_linked_accounts_numbers_are_its_own_with_its_own_sets() -> None:
    clients = Clients()
    clients.cloudwatch.links[OWN] = {ONE, TWO}
    for account, value in ((OWN, 1), (ONE, 20), (TWO, 300)):
        clients.cloudwatch.put("Send", MINUTE - DAY, value, account=account)
        clients.cloudwatch.put("Send", MINUTE - DAY, value, account=account, dimensions={CONFIGURATION_SET: account})
    sets = DimensionPlan((Selection(((CONFIGURATION_SET, Found()),)),))
    through, who, read = LinkedClients(clients, ONE), identity(ONE), plans("Send")
    lists = ListingSource(through, identity=who, plan=sets, metrics=["Send"])
    it = CloudWatchSource(
        through,
        key=f"m/{ONE}/eu-west-1",
        identity=who,
        plans=read,
        poll_interval_seconds=300,
        telemetry=Counted(),
        dimensions=sets,
        listing=lists,
    )
    await lists.poll(NOW)
    await it.poll(NOW)
    counted = {series.labels: series.reading.value for series in it.series() if series.aspect == TOTAL}
    assert counted == {(): 20.0, ((CONFIGURATION_SET, ONE),): 20.0}
    assert it.account_id == ONE


async def test_an_account_that_is_not_linked_is_refused() -> None:
    with pytest.raises(FakeAwsError, match="not linked"):
        await LinkedClients(Clients(), ONE).get_metric_data(
            MetricDataQueries=[
                {"Id": "q", "MetricStat": {"Metric": SEND, "Period": 60, "Stat": "Sum"}},
            ],
            StartTime=datetime.fromtimestamp(NOW - 60, UTC),
            EndTime=datetime.fromtimestamp(NOW, UTC),
        )


async def test_who_has_sent_is_found_page_by_page_but_for_the_account_itself() -> None:
    clients, regroup = Clients(page_size=1), Regroup()
    clients.cloudwatch.links[OWN] = {ONE, TWO}
    for account in (OWN, TWO, ONE):
        sent(clients, account)
    it = finder(clients, regroup)
    assert (it.name, it.starting, it.series(), it.next_look(NOW)) == ("linked", True, (), float("inf"))
    await it.poll(NOW)
    assert it.accounts == (ONE, TWO)
    assert it.account_id == OWN
    assert len(clients.lists) == 3
    assert clients.lists[0] == {"Namespace": "AWS/SES", "MetricName": "Send", "IncludeLinkedAccounts": True}
    await it.poll(NOW + 3600)
    assert regroup.count == 2, "after each good look what is read is brought in line"


async def test_who_is_listed_no_more_stays_two_weeks_also_over_a_reload() -> None:
    clients, regroup = Clients(), Regroup()
    clients.cloudwatch.links[OWN] = {ONE}
    sent(clients, ONE)
    before = finder(clients, regroup)
    await before.poll(NOW)
    clients.cloudwatch.links.clear()
    await before.poll(NOW + DAY)
    it = finder(clients, regroup, before)
    assert it.accounts == (ONE,)
    await it.poll(NOW + 14 * DAY - 1)
    assert it.accounts == (ONE,)
    await it.poll(NOW + 14 * DAY)
    assert not it.accounts


async def test_after_a_reload_to_another_account_nobody_is_taken_over() -> None:
    clients, regroup = Clients(), Regroup()
    clients.cloudwatch.links[OWN] = {ONE}
    sent(clients, ONE)
    before = finder(clients, regroup)
    await before.poll(NOW)
    it = finder(Clients(), regroup, before, own=TWO)
    assert (it.accounts, it.account_id) == ((ONE,), OWN), "the one before stands in until the account is known"
    await it.poll(NOW + 60)
    assert (it.accounts, it.account_id) == ((), TWO)
    assert before.accounts == (ONE,)


async def test_who_is_listed_no_more_and_refused_is_gone_at_once() -> None:
    clients, regroup = Clients(), Regroup()
    clients.cloudwatch.links[OWN] = {ONE, TWO}
    sent(clients, ONE)
    sent(clients, TWO)
    it = finder(clients, regroup, refused={ONE})
    await it.poll(NOW)
    assert set(it.accounts) == {ONE, TWO}, "who is listed is linked, whatever else AWS denies"
    clients.cloudwatch.links.clear()
    await it.poll(NOW + 3600)
    assert set(it.accounts) == {TWO}


async def test_a_regrouping_that_was_cut_short_is_done_by_the_next_look() -> None:
    class Stalled(Regroup):
        async def __call__(self) -> None:
            await super().__call__()
            if self.count == 1:
                pass_seconds(60)
                await asyncio.Event().wait()

    clients, regroup = Clients(), Stalled()
    clients.cloudwatch.links[OWN] = {ONE}
    sent(clients, ONE)
    it = finder(clients, regroup)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(60):
            await it.poll(NOW)
    await it.poll(NOW + 5)
    assert (it.accounts, regroup.count) == ((ONE,), 2)


PAGE = {"Metrics": [], "OwningAccounts": [TWO]}


@pytest.mark.parametrize(
    "pages",
    [
        [AccessDeniedError("no")],
        [{**PAGE, "NextToken": "1"}, AccessDeniedError("no")],
        [{**PAGE, "NextToken": "1"}, {**PAGE, "NextToken": "1"}],
        [{"Metrics": [], "OwningAccounts": None}],
        [{"Metrics": [], "OwningAccounts": [5]}],
        [{"Metrics": [], "OwningAccounts": [""]}],
        [{"Metrics": [], "OwningAccounts": ["12345678901٣"]}],
        [{**PAGE, "NextToken": ["again"]}],
    ],
)
async def test_a_list_that_fails_or_goes_round_changes_nothing(pages: list[Any]) -> None:
    clients, regroup = Clients(), Regroup()
    clients.cloudwatch.links[OWN] = {ONE}
    sent(clients, ONE)
    it = finder(clients, regroup)
    await it.poll(NOW)
    clients.pages = pages
    with pytest.raises((AccessDeniedError, InvalidResponseError)):
        await it.poll(NOW + 3600)
    assert (it.accounts, regroup.count) == ((ONE,), 1)


async def test_there_are_never_more_than_the_limit_and_it_is_said_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "MAX_FOUND", 1)
    clients, regroup = Clients(), Regroup()
    clients.cloudwatch.links[OWN] = {ONE, TWO}
    sent(clients, ONE)
    sent(clients, TWO)
    it = finder(clients, regroup)
    for step in range(3):
        await it.poll(NOW + 3600 * step)
    assert it.accounts == (ONE,)
    assert [record.message for record in caplog.records] == ["linked accounts left out"]


async def test_without_its_own_account_nobody_is_looked_for() -> None:
    class Unknown:
        account_id = None

        async def resolve(self) -> str:
            raise SourceError("sts")

    clients = Clients()
    it = LinkedSource(clients, key="m/eu-west-1", identity=Unknown(), regroup=Regroup(), refused=bool)
    with pytest.raises(SourceError, match="sts"):
        await it.poll(NOW)
    assert not clients.lists
