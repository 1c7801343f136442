"""ListMetrics: what is asked, page by page, how long it is good over a reload, and lists that never end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from exporter.config.selections import CONFIGURATION_SET, DimensionPlan, Found, Selection
from exporter.errors import InvalidResponseError, SourceError, ThrottledError
from exporter.series import pages as series_pages
from exporter.sources.listing import ListingSource
from tests.fakes.cloudwatch import FakeCloudWatch
from tests.sources.test_cloudwatch import identity

NOW = 1_781_697_600.0
SETS = DimensionPlan((Selection(((CONFIGURATION_SET, Found(exclude=("secret.*",))),)),))


@dataclass
class Clients:
    cloudwatch: FakeCloudWatch = field(default_factory=FakeCloudWatch)
    pages: list[Any] = field(default_factory=list)
    page_size: int = 500
    requests: list[dict[str, Any]] = field(default_factory=list)

    async def list_metrics(self, **request: Any) -> Mapping[str, Any]:
        self.requests.append(request)
        if self.pages:
            page: Any = self.pages.pop(0) if len(self.pages) > 1 else self.pages[0]
            if isinstance(page, Exception):
                raise page
            return page  # type: ignore[no-any-return]
        return self.cloudwatch.list_metrics(request, NOW, page_size=self.page_size)


def lists(
    clients: Clients,
    plan: DimensionPlan = SETS,
    *metrics: str,
    previous: ListingSource | None = None,
    account: str = "123456789012",
) -> ListingSource:
    return ListingSource(clients, identity=identity(account), plan=plan, metrics=metrics or ["Send"], previous=previous)


def fill(clients: Clients, *names: str, metric: str = "Send") -> None:
    for name in names:
        clients.cloudwatch.put(metric, NOW - 3600, 1, dimensions={CONFIGURATION_SET: name})


async def test_every_page_is_read_and_only_what_may_be_selected_is_kept() -> None:
    clients = Clients(page_size=2)
    fill(clients, "a", "b", "c", "secret-d")
    fill(clients, "a", metric="Open")
    clients.cloudwatch.put("Send", NOW - 3600, 1)
    clients.cloudwatch.put("Send", NOW - 3600, 1, dimensions={CONFIGURATION_SET: "a", "ses:from-domain": "x"})
    it = lists(clients)
    assert (it.name, it.known, it.account_id, it.series(), it.next_look(NOW)) == (
        "dimensions",
        None,
        None,
        (),
        float("inf"),
    )
    await it.poll(NOW)
    assert it.account_id == "123456789012"
    assert it.known == {"Send": {((CONFIGURATION_SET, name),) for name in "abc"}}
    assert [request.get("NextToken") for request in clients.requests] == [None, "2", "4"]
    assert clients.requests[0] == {"Namespace": "AWS/SES", "Dimensions": [{"Name": CONFIGURATION_SET}]}
    assert not any("RecentlyActive" in request for request in clients.requests)


async def test_all_of_a_metric_is_asked_by_its_name() -> None:
    clients = Clients()
    clients.cloudwatch.put("Received", NOW - 3600, 1, dimensions={"RuleSetName": "[Active]"})
    clients.cloudwatch.put("Send", NOW - 3600, 1, dimensions={CONFIGURATION_SET: "a"})
    it = lists(clients, DimensionPlan((Selection((), "Received"),)), "Send", "Received")
    await it.poll(NOW)
    assert it.known == {"Received": {(("RuleSetName", "[Active]"),)}}
    assert [request["MetricName"] for request in clients.requests] == ["Received"]


async def test_it_has_the_time_of_a_first_read_and_says_when_it_was_tried() -> None:
    clients = Clients(pages=[ThrottledError("slow down")])
    it = lists(clients)
    assert (it.starting, it.tried.is_set()) == (True, False)
    with pytest.raises(ThrottledError):
        await it.poll(NOW)
    assert (it.starting, it.tried.is_set(), it.known) == (True, True, None)


async def test_without_its_account_nothing_is_listed() -> None:
    class Unknown:
        account_id = None

        async def resolve(self) -> str:
            raise SourceError("sts")

    clients = Clients()
    it = ListingSource(clients, identity=Unknown(), plan=SETS, metrics=["Send"])
    with pytest.raises(SourceError, match="sts"):
        await it.poll(NOW)
    assert not clients.requests
    assert it.tried.is_set()


PAGE = {"Metrics": [{"MetricName": "Send", "Dimensions": [{"Name": CONFIGURATION_SET, "Value": "other"}]}]}


@pytest.mark.parametrize(
    "pages",
    [
        [ThrottledError("slow down")],
        [{**PAGE, "NextToken": "1"}, ThrottledError("slow down")],
        [{**PAGE, "NextToken": "again"}],
        [{**PAGE, "NextToken": "1"}, {"Metrics": [{"MetricName": "Send"}]}],
        [{"Metrics": None}],
        [{"Metrics": ["Send"]}],
    ],
)
async def test_a_list_that_fails_or_goes_round_keeps_the_last_one(pages: list[Any]) -> None:
    clients = Clients()
    fill(clients, "a")
    it = lists(clients)
    await it.poll(NOW)
    known = it.known
    clients.pages = pages
    with pytest.raises((ThrottledError, InvalidResponseError)):
        await it.poll(NOW + 3600)
    assert it.known is known


ODD: dict[str, Any] = {
    "a number for a value": {"Name": "tag", "Value": 7},
    "null for a value": {"Name": "tag", "Value": None},
    "a list for a value": {"Name": "tag", "Value": ["x"]},
    "an object for a value": {"Name": "tag", "Value": {"x": 1}},
    "an empty value": {"Name": "tag", "Value": ""},
    "an endless value": {"Name": "tag", "Value": "x" * 1025},
    "half a character": {"Name": "tag", "Value": "a\ud800b"},
    "a truth for a name": {"Name": True, "Value": "x"},
    "an empty name": {"Name": "", "Value": "x"},
    "an endless name": {"Name": "x" * 256, "Value": "x"},
    "no name": {"Value": "x"},
    "a text": "x",
}


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
async def test_dimensions_that_cannot_be_asked_for_are_no_list_and_never_a_bug(odd: Any) -> None:
    every = DimensionPlan((Selection((), "Send"),))
    with pytest.raises(InvalidResponseError, match="cannot be read"):
        await lists(Clients(pages=[{"Metrics": [{"MetricName": "Send", "Dimensions": [odd]}]}]), every).poll(NOW)


@pytest.mark.parametrize(
    "page",
    [
        {**PAGE, "NextToken": 5},
        {"Metrics": [{"MetricName": ["Send"], "Dimensions": []}]},
        {"Metrics": [{"MetricName": "Send", "Dimensions": [{"Name": f"n{n}", "Value": "x"} for n in range(31)]}]},
    ],
    ids=[
        "a number for a token",
        "a list for a name",
        "31 dimensions",
    ],
)
async def test_a_page_that_is_none_is_no_list(page: Any) -> None:
    with pytest.raises(InvalidResponseError, match=r"cannot be read|NextToken is none"):
        await lists(Clients(pages=[page])).poll(NOW)


async def test_a_list_without_end_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(series_pages, "MAX_PAGES", 5)
    clients = Clients(pages=[{**PAGE, "NextToken": str(number)} for number in range(20)])
    with pytest.raises(InvalidResponseError, match="does not end"):
        await lists(clients).poll(NOW)
    assert len(clients.requests) == 5


async def test_a_reload_goes_on_with_the_list_and_reads_it_anew_where_something_else_is_selected() -> None:
    clients = Clients()
    fill(clients, "a")
    before = lists(clients)
    await before.poll(NOW)
    clients.requests.clear()
    same = lists(clients, DimensionPlan(SETS.selections, limit=5, refresh_seconds=60), previous=before)
    await same.poll(NOW + 59)
    assert same.known is before.known
    assert not clients.requests
    await same.poll(NOW + 120)
    assert len(clients.requests) == 1, "any other poll is a new list"
    wider = DimensionPlan((Selection(((CONFIGURATION_SET, Found()),)),))
    for it, now in (
        (lists(clients, wider, previous=before), NOW),
        (lists(clients, SETS, "Send", "Open", previous=before), NOW),
        (lists(clients, previous=before), NOW + 3600),
        (lists(clients, previous=before), NOW - 1),
    ):
        clients.pages = [ThrottledError("slow down")]
        with pytest.raises(ThrottledError):
            await it.poll(now)
        assert it.known is before.known, "the last one is good until then"


async def test_a_reload_to_another_account_takes_no_list_over() -> None:
    clients = Clients()
    fill(clients, "a")
    before = lists(clients)
    await before.poll(NOW)
    it = lists(Clients(pages=[ThrottledError("slow down")]), previous=before, account="210987654321")
    with pytest.raises(ThrottledError):
        await it.poll(NOW + 60)
    assert (it.known, it.account_id) == (None, "210987654321")
