"""The CloudWatch source against the project's fake: calls, failures one by one, reloads."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from exporter.catalogue import METRICS, Kind
from exporter.config.plan import MetricPlan
from exporter.config.selections import DimensionPlan
from exporter.errors import AccessDeniedError, AwsInternalError, ClaimedError, ClockError, SourceError, ThrottledError
from exporter.series.observations import HELD, TIME, TOTAL
from exporter.sources.cloudwatch import CloudWatchSource
from exporter.sources.identity import Claims, Identity
from exporter.sources.listing import ListingSource, MetricList
from exporter.sources.succession import Account
from tests.fakes.cloudwatch import FakeCloudWatch
from tests.fakes.faults import Results, spoil
from tests.loops import pass_seconds

NOW = datetime(2026, 6, 17, 12, 20, 7, tzinfo=UTC).timestamp()
DAY = 86400
HOUR = 3600
LIMIT_SECONDS = 60.0
"""Of a poll that is to run into it, as it does where it stalls."""


@dataclass
class Clients:
    """The fake's core in the place of a region's clients.

    `fault` spoils answers; `error` refuses calls: of `error_period` if set, else all after the first `error_after`.
    """

    cloudwatch: FakeCloudWatch = field(default_factory=FakeCloudWatch)
    now: float = NOW
    fault: Results | None = None
    error: SourceError | None = None
    error_after: int = 0
    error_period: int = 0
    stall_after: int = 0
    list_error: SourceError | None = None
    requests: list[Mapping[str, Any]] = field(default_factory=list)
    lists: list[Mapping[str, Any]] = field(default_factory=list)

    async def get_metric_data(self, **request: Any) -> Mapping[str, Any]:
        self.requests.append(request)
        if self.stall_after and len(self.requests) > self.stall_after:
            pass_seconds(LIMIT_SECONDS)
            await asyncio.Event().wait()
        period = request["MetricDataQueries"][0]["MetricStat"]["Period"]
        failing = period == self.error_period if self.error_period else len(self.requests) > self.error_after
        if self.error is not None and failing:
            raise self.error
        answer = self.cloudwatch.get_metric_data(request, self.now)
        return answer if self.fault is None else spoil(answer, request, self.fault)

    async def list_metrics(self, **request: Any) -> Mapping[str, Any]:
        self.lists.append(request)
        if self.list_error is not None:
            raise self.list_error
        return self.cloudwatch.list_metrics(request, self.now)


@dataclass
class Counted:
    requested: int = 0
    late: int = 0
    smaller: int = 0
    dropped: dict[str, int] = field(default_factory=dict)

    def metrics_requested(self, billed: Mapping[str, int]) -> None:
        self.requested += sum(billed.values())

    def late_datapoints(self, count: int) -> None:
        self.late += count

    def smaller_answers(self, count: int) -> None:
        self.smaller += count

    def series_dropped(self, reason: str, count: int) -> None:
        self.dropped[reason] = count


async def no_sts() -> str:
    raise AssertionError("the account is known")


def identity(account: str = "123456789012", *, claims: Claims | None = None, rank: int = 0) -> Identity:
    return Identity(
        known=account, ask=no_sts, claims=claims or Claims(), region="eu-west-1", rank=rank, target=f"target-{rank}"
    )


def plans(*names: str) -> list[MetricPlan]:
    return [
        MetricPlan(metric.name, metric.kind, metric.statistics, 300, 300, 900, 14 * DAY)
        for metric in METRICS.values()
        if metric.account_level and (not names or metric.name in names)
    ]


def source(
    clients: Clients,
    *names: str,
    counted: Counted | None = None,
    previous: CloudWatchSource | None = None,
    who: Identity | None = None,
    more: tuple[MetricPlan, ...] = (),
    dimensions: DimensionPlan | None = None,
) -> CloudWatchSource:
    read, who = [*plans(*names), *more], who or identity()
    return CloudWatchSource(
        clients,
        key="default/eu-west-1",
        identity=who,
        plans=read,
        poll_interval_seconds=300,
        telemetry=counted or Counted(),
        dimensions=dimensions,
        listing=listing(clients, who, dimensions, read, previous),
        previous=previous,
    )


def listing(
    clients: MetricList,
    who: Account,
    dimensions: DimensionPlan | None,
    read: Sequence[MetricPlan],
    previous: CloudWatchSource | None = None,
) -> ListingSource | None:
    """Return what finds *dimensions* for a source that goes on from *previous*, None where nothing is to be found."""
    if dimensions is None or not dimensions.listed:
        return None
    before = None if previous is None else previous.selected.listing
    names = [plan.name for plan in read]
    return ListingSource(clients, identity=who, plan=dimensions, metrics=names, previous=before)


async def poll(of: CloudWatchSource, clients: Clients, now: float) -> None:
    """Read the list where it is an hour old, then the data: a list that fails is raised after that."""
    clients.now = now
    lists, failed = of.selected.listing, None
    if lists is not None and (lists.read_at is None or not 0 <= now - lists.read_at < HOUR):
        try:
            await lists.poll(now)
        except SourceError as error:
            failed = error
    await of.poll(now)
    if failed is not None:
        raise failed


def shown(of: CloudWatchSource, now: float) -> dict[tuple[str, str], float]:
    readings = {(series.metric, series.aspect): series.reading.at(now) for series in of.series()}
    return {key: reading.value for key, reading in readings.items() if reading is not None}


def mail(clients: Clients) -> None:
    minute = int(NOW) // 60 * 60
    for metric, value in (("Send", 100), ("Bounce", 14), ("Complaint", 1)):
        clients.cloudwatch.put(metric, minute - 40 * DAY, value)
        clients.cloudwatch.put(metric, minute - 8 * 60, value)
    clients.cloudwatch.put("Reputation.BounceRate", minute - 5 * DAY, 0.14)
    clients.cloudwatch.put("Send", minute - 8 * 60, 7, dimensions={"ses:configuration-set": "news"})


def periods(clients: Clients) -> list[int]:
    """Return the period of each call's first query."""
    return [request["MetricDataQueries"][0]["MetricStat"]["Period"] for request in clients.requests]


async def test_the_first_poll_gives_the_whole_account_and_a_steady_poll_is_one_call_for_the_whole_catalogue() -> None:
    clients, counted = Clients(), Counted()
    mail(clients)
    it = source(clients, counted=counted)
    assert it.starting
    assert it.account_id is None
    await poll(it, clients, NOW)
    assert it.account_id == "123456789012"
    assert not it.starting
    first = shown(it, NOW)
    assert first["Send", TOTAL] == 200.0
    assert first["Send", "Sum"] == 100.0
    assert first["Open", TOTAL] == first["Open", "Sum"] == 0.0
    assert first["Reputation.BounceRate", HELD] == 0.14
    assert first["Reputation.BounceRate", TIME] == int(NOW) // 60 * 60 - 5 * DAY
    assert ("Reputation.ComplaintRate", HELD) not in first
    assert periods(clients) == [60, 3600, 3600, 86400, 60]
    clients.requests.clear()
    counted.requested = 0
    await poll(it, clients, NOW + 300)
    assert len(clients.requests) == 1
    assert len(clients.requests[0]["MetricDataQueries"]) == 14
    assert counted.requested == 12


async def test_a_day_of_polls_makes_one_call_each_and_one_a_resolution_for_every_look() -> None:
    clients = Clients()
    mail(clients)
    it = source(clients)
    await poll(it, clients, NOW)
    clients.requests.clear()
    for step in range(1, 289):
        await poll(it, clients, NOW + 300 * step)
    assert periods(clients).count(86400) == 1
    assert periods(clients).count(3600) == 24
    assert periods(clients).count(60) == 288 + 24


async def test_pages_are_followed_to_the_last() -> None:
    clients = Clients(cloudwatch=FakeCloudWatch(page_size=1))
    mail(clients)
    it = source(clients)
    await poll(it, clients, NOW)
    assert len(clients.requests) > 5
    assert shown(it, NOW)["Send", TOTAL] == 200.0


@pytest.mark.parametrize(("status", "error"), [("Forbidden", AccessDeniedError), ("InternalError", AwsInternalError)])
async def test_a_series_that_fails_leaves_the_others_alone_and_never_widens_their_reads(
    status: str, error: type[SourceError]
) -> None:
    clients = Clients()
    mail(clients)
    it, alone = source(clients), source(clients)
    await poll(it, clients, NOW)
    await poll(alone, clients, NOW)
    clients.fault = Results(status, metrics=["Bounce"])
    for step in range(1, 13):
        clients.requests.clear()
        with pytest.raises(error, match="Bounce"):
            await poll(it, clients, NOW + 300 * step)
        widths = [request["EndTime"] - request["StartTime"] for request in clients.requests]
        assert [len(request["MetricDataQueries"]) for request in clients.requests if len(widths) == 2] in ([], [1, 13])
    clients.fault = None
    now = NOW + 300 * 13
    for each in (it, alone):
        await poll(each, clients, now)
    assert shown(it, now) == shown(alone, now)


async def test_a_partial_answer_never_replaces_a_whole_one() -> None:
    clients = Clients()
    mail(clients)
    it = source(clients)
    await poll(it, clients, NOW)
    before = shown(it, NOW)
    clients.fault = Results("PartialData", keep=0.5)
    with pytest.raises(SourceError, match="not whole"):
        await poll(it, clients, NOW + 300)
    assert shown(it, NOW + 300) == before


async def test_a_call_that_is_throttled_ends_the_poll_and_what_was_whole_before_it_is_kept() -> None:
    clients = Clients()
    mail(clients)
    it = source(clients)
    await poll(it, clients, NOW)
    minute = int(NOW) // 60 * 60
    look = NOW + 36 * 60
    clients.cloudwatch.put("Send", minute + 20 * 60, 50)
    clients.requests.clear()
    clients.error, clients.error_after = ThrottledError("slow down"), 2
    with pytest.raises(ThrottledError):
        await poll(it, clients, look)
    assert periods(clients) == [60, 60, 3600]
    assert shown(it, look)["Send", TOTAL] == 250.0


@pytest.mark.parametrize("failing", [3600, 86400])
async def test_a_look_that_fails_for_hours_starves_nothing_else(failing: int) -> None:
    clients = Clients(error=AwsInternalError("no"))
    mail(clients)
    it, well = source(clients), Clients(cloudwatch=clients.cloudwatch)
    other = source(well)
    clients.error_period = 1
    await poll(it, clients, NOW)
    clients.error_period = failing
    for step in range(1, 12 * 15):
        now = NOW + 300 * step
        clients.cloudwatch.put("Send", int(now) // 60 * 60 - 420, 3)
        clients.cloudwatch.put("Reputation.BounceRate", int(now) // 60 * 60 - 420, 0.05)
        await poll(other, well, now)
        with contextlib.suppress(AwsInternalError):
            await poll(it, clients, now)
        assert shown(it, now) == shown(other, now)


async def test_a_failure_of_one_call_leaves_the_next_one_to_be_asked() -> None:
    clients = Clients(error=AwsInternalError("no"), error_period=3600)
    it = source(clients, "Send")
    with pytest.raises(AwsInternalError):
        await poll(it, clients, NOW)
    assert periods(clients) == [60, 3600, 86400]


async def test_a_poll_that_runs_into_its_time_limit_keeps_what_was_whole() -> None:
    clients = Clients(stall_after=2)
    mail(clients)
    it = source(clients, "Send", "Reputation.BounceRate")
    clients.cloudwatch.put("Reputation.BounceRate", int(NOW) // 60 * 60 - 120, 0.07)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(LIMIT_SECONDS):
            await poll(it, clients, NOW)
    assert shown(it, NOW)["Reputation.BounceRate", HELD] == 0.07
    clients.stall_after = 0
    assert it.starting
    await poll(it, clients, NOW)
    assert shown(it, NOW)["Send", TOTAL] == 200.0


async def test_a_target_that_is_refused_after_a_reload_shows_nothing_of_before() -> None:
    clients = Clients()
    mail(clients)
    before = source(clients)
    await poll(before, clients, NOW)
    claims = Claims()
    await identity(claims=claims).resolve()
    after = source(clients, who=identity(claims=claims, rank=1), previous=before)
    assert after.series() == before.series()
    with pytest.raises(ClaimedError):
        await poll(after, clients, NOW + 60)
    assert (after.account_id, after.series()) == (None, ())


async def test_late_data_and_smaller_answers_are_counted() -> None:
    clients, counted = Clients(), Counted()
    mail(clients)
    it = source(clients, counted=counted)
    await poll(it, clients, NOW)
    minute = int(NOW) // 60 * 60
    clients.cloudwatch.put("Send", minute - 7 * 60, 5, visible_at=NOW + 1)
    clients.cloudwatch.put("Bounce", minute - 8 * 60, 2, visible_at=NOW + 1)
    await poll(it, clients, NOW + 60)
    assert (counted.late, counted.smaller) == (1, 1)


async def test_after_a_reload_the_old_numbers_stand_until_the_account_is_known_and_then_go_on() -> None:
    clients = Clients()
    mail(clients)
    before = source(clients)
    await poll(before, clients, NOW)
    sts: list[str] = []

    async def ask() -> str:
        if not sts:
            raise ThrottledError("sts")
        return sts[0]

    who = Identity(known=None, ask=ask, claims=Claims(), region="eu-west-1", rank=0, target="default")
    after = source(clients, "Send", who=who, previous=before)
    assert after.series() == before.series()
    assert after.account_id == "123456789012"
    with pytest.raises(ThrottledError):
        await after.poll(NOW + 60)
    assert after.series() == before.series()
    sts.append("123456789012")
    clients.requests.clear()
    await poll(after, clients, NOW + 120)
    assert len(clients.requests) == 1
    assert shown(after, NOW + 120) == {("Send", TOTAL): 200.0, ("Send", "Sum"): 100.0}


async def test_a_reload_that_changes_the_account_takes_nothing_over() -> None:
    clients = Clients()
    mail(clients)
    before = source(clients, "Send")
    await poll(before, clients, NOW)
    empty = Clients()
    after = source(empty, "Send", who=identity("210987654321"), previous=before)
    await poll(after, empty, NOW + 60)
    assert after.account_id == "210987654321"
    assert shown(after, NOW + 60)["Send", TOTAL] == 0.0


async def test_a_long_poll_interval_has_a_poll_for_the_look() -> None:
    it = CloudWatchSource(
        Clients(),
        key="default/eu-west-1",
        identity=identity(),
        plans=plans(),
        poll_interval_seconds=3600,
        telemetry=Counted(),
    )
    hour = NOW // 3600 * 3600
    assert 2700 <= it.next_look(hour) - hour <= 3300
    assert source(Clients()).next_look(hour) == float("inf")


async def test_other_statistics_of_short_periods_and_unknown_metrics_share_the_steady_call() -> None:
    clients = Clients()
    minute = int(NOW) // 60 * 60
    clients.cloudwatch.put("Send", minute - 9 * 60, samples=[1, 1, 4])
    clients.cloudwatch.put("Something.New", minute - 9 * 60, 3)
    more = (
        MetricPlan("Something.New", Kind.COUNT, ("Sum", "Maximum"), 300, 600, 900, DAY),
        MetricPlan("Something.Short", Kind.COUNT, ("Sum", "p90"), 300, 120, 900, DAY),
    )
    it = source(clients, "Send", "Reputation.BounceRate", more=more)
    await poll(it, clients, NOW)
    clients.requests.clear()
    await poll(it, clients, NOW + 300)
    assert shown(it, NOW + 300)["Something.New", "Maximum"] == 3.0
    assert shown(it, NOW + 300)["Something.New", TOTAL] == 3.0
    assert periods(clients) == [60]


async def test_a_period_of_an_hour_does_not_widen_the_minutes() -> None:
    clients = Clients()
    more = (MetricPlan("Something.New", Kind.COUNT, ("Sum", "Maximum"), 300, 3600, 900, DAY),)
    it = source(clients, "Send", more=more)
    await poll(it, clients, NOW)
    clients.requests.clear()
    await poll(it, clients, NOW + 300)
    minutes = next(request for request in clients.requests if len(request["MetricDataQueries"]) > 1)
    assert (minutes["EndTime"] - minutes["StartTime"]).total_seconds() == 900


async def test_an_answer_to_a_poll_whose_moment_was_ahead_of_aws_s_time_is_not_taken() -> None:
    clients = Clients()
    reading = source(clients, "Send")
    await poll(reading, clients, NOW)
    judging = CloudWatchSource(
        clients,
        key="default/eu-west-1",
        identity=identity(),
        plans=plans("Send"),
        poll_interval_seconds=300,
        telemetry=Counted(),
        previous=reading,
        ahead_error=lambda now: ClockError(f"{now}"),
    )
    for ahead in (HOUR, 250 * DAY):
        with pytest.raises(ClockError, match=str(NOW + ahead)):
            await judging.poll(NOW + ahead)
        assert judging.series() == reading.series(), "no cut and no period has moved, nor has the year"
