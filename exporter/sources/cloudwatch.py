"""CloudWatch GetMetricData: everything that the `AWS/SES` namespace says of one account and region.

aws_ses_send_total{account_id="123456789012",region="eu-west-1"} 48211.0
aws_ses_send_sum{account_id="123456789012",region="eu-west-1"} 118.0
aws_ses_reputation_bounce_rate{account_id="123456789012",region="eu-west-1"} 0.0143
aws_ses_reputation_bounce_rate_timestamp_seconds{account_id="123456789012",region="eu-west-1"} 1.7953e+09
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Any, Protocol

from exporter.aside import in_a_thread
from exporter.catalogue import Kind
from exporter.config.dialect import Rule
from exporter.config.plan import MetricPlan
from exporter.config.selections import DimensionPlan
from exporter.errors import Reason, SourceError, alone
from exporter.series.observations import Series
from exporter.series.queries import Answers, Call, Points, Query, calls
from exporter.series.roster import Roster
from exporter.series.states import Pace, State
from exporter.series.windows import HOUR, look_moment, next_look
from exporter.sources import Believes, Source, believed
from exporter.sources.listing import ListingSource, MetricList
from exporter.sources.portions import Portion, portions
from exporter.sources.selected import Drops, Selected
from exporter.sources.succession import Account, Succession
from exporter.sources.turns import in_turns

ASIDE_FROM = 100
"""Results of a page: one with more is read in a thread."""

OF_ONE_CALL = frozenset({Reason.INTERNAL, Reason.INVALID_RESPONSE, Reason.OTHER})
"""Failures that say nothing about the next call; after any other one the poll ends."""


class MetricData(MetricList, Protocol):
    """The part of a region's clients that is needed here."""

    async def get_metric_data(self, **request: Any) -> Mapping[str, Any]:
        """Return one page of GetMetricData.

        Raises:
            SourceError: AWS could not be asked, or refused.
        """
        ...


class Counters(Drops, Protocol):
    """What is counted about the reads."""

    def metrics_requested(self, billed: Mapping[str, int]) -> None:
        """So many metrics of each name were asked for, as AWS bills them."""

    def late_datapoints(self, count: int) -> None:
        """*count* datapoints grew after they had been counted."""

    def smaller_answers(self, count: int) -> None:
        """*count* answers were smaller than what was known, and held back."""


class CloudWatchSource(Source):
    """The counts, rates and levels of one account and region, and one poll of them."""

    def __init__(
        self,
        clients: MetricData,
        *,
        key: str,
        identity: Account,
        plans: Sequence[MetricPlan],
        poll_interval_seconds: float,
        telemetry: Counters,
        dimensions: DimensionPlan | None = None,
        listing: ListingSource | None = None,
        rules: Sequence[Rule] = (),
        previous: CloudWatchSource | None = None,
        ahead_error: Believes = believed,
        redacted: Callable[[str], str] = str,
    ) -> None:
        """Prepare to read *plans*, what *dimensions* selects of them, and what the *rules* of a foreign file show.

        *listing* finds what has to be found; it has a loop of its own, so that nothing waits for it.

        *key* (target and region) decides the moment of the hourly look.

        *previous* served the same target and region before a reload. What it knows is shown until the account is known
        again, and kept if it is the same account.

        *ahead_error* judges the moment of a poll by AWS's time, once it has answered.

        *redacted* takes what is secret out of AWS's own words.
        """
        self._ahead_error = ahead_error
        self._redacted = redacted
        self._clients = clients
        self._telemetry = telemetry
        self.succession: Succession[CloudWatchSource] = Succession(
            identity, previous.succession if previous else None, self
        )
        look = look_moment(_spread(key), poll_interval_seconds)
        self._pace = Pace(poll_interval_seconds, look, _alignment(plans, rules))
        self.roster = Roster(plans, dimensions or DimensionPlan(), self._pace, rules)
        self.selected = Selected(self.roster, listing, rules=rules, telemetry=telemetry, key=key)
        self._now: float = previous._now if previous is not None else 0.0  # noqa: SLF001 - of the same class
        self._series: tuple[Series, ...] | None = None

    @property
    def name(self) -> str:
        """The value of the `source` label."""
        return "cloudwatch"

    @property
    def account_id(self) -> str | None:
        """The account that the series belong to, None while it is not known."""
        return self.succession.account_id

    @property
    def starting(self) -> bool:
        """Whether the next poll has a series to read from its beginning, or will find one."""
        more = self.selected.left_out is None or self.selected.news is not None
        return more or any(state.starting(self._now) for state in self.roster.reading)

    def next_look(self, now: float) -> float:
        """Return when the hourly look needs a poll of its own; now, once the first list came after the poll."""
        if self.selected.first_came:
            return now
        return next_look(now, self._pace.look_seconds, self._pace.poll_interval_seconds)

    def series(self) -> tuple[Series, ...]:
        """Return every series that is known."""
        if self.succession.standing_in is not None:
            return self.succession.standing_in.series()
        if self._series is None:
            self._series = tuple(self.roster.series(self._now))
        return self._series

    async def poll(self, now: float) -> None:
        """Read everything that is due at *now*; a series that fails leaves the others alone.

        Raises:
            SourceError: the first failure; whatever was read whole is kept. Of a clock that is wrong everything stays
                as it was: by it the year may be another one, and a counter 0.
        """
        before = self._now, self._series
        self._now, self._series = now, None
        failures: list[SourceError] = []
        try:
            await self._identify(now)
            await self._read_portions(self.roster.reading, now, failures)
            await self._read_portions(await self.selected.take(now), now, failures)
        except SourceError as error:
            failures.append(error)
        if any(failure.reason is Reason.CLOCK for failure in failures):
            self._now, self._series = before
        else:
            self.roster.expire(now)
            await self.prepare()
        if failures:
            raise failures[0]

    async def prepare(self) -> None:
        """Build what `series` returns, in turns: ten thousand states take a tenth of a second."""
        now = self._now
        self._series = tuple([series async for state in in_turns(self.roster.shown) for series in state.series(now)])

    async def _identify(self, now: float) -> None:
        _, previous = await self.succession.meet()
        if previous is not None:
            await self.selected.adopt(previous.selected)
            self.succession.settle()
        await self.selected.begin(now)

    async def _read_portions(self, states: Sequence[State], now: float, failures: list[SourceError]) -> None:
        for portion in await portions(states, now):
            await self._read_portion(portion, now, failures)

    async def _read_portion(self, portion: Portion, now: float, failures: list[SourceError]) -> None:
        answered: dict[Query, Points] = {}
        try:
            await self._ask(portion.queries, answered, failures)
            more = [query async for state in in_turns(portion.states) for query in state.follow_up(now, answered)]
            await self._ask(more, answered, failures)
        finally:
            if answered:
                failures += await self._absorb(portion.states, now, answered)

    async def _ask(self, queries: Iterable[Query], answered: dict[Query, Points], failures: list[SourceError]) -> None:
        for call in calls(queries):
            await asyncio.sleep(0)  # to make a call's questions takes a while, and so does what came before
            try:
                results = await self._read(call)
                if ahead := self._ahead_error(self._now):
                    raise ahead
            except SourceError as error:
                if error.reason not in OF_ONE_CALL:
                    raise
                failures.append(alone(error))
                continue
            for query, result in results.items():
                if isinstance(result, SourceError):
                    failures.append(result)
                else:
                    answered[query] = result

    async def _read(self, call: Call) -> dict[Query, Points | SourceError]:
        answers = Answers(call, self._redacted)
        self._telemetry.metrics_requested(call.billed)
        token = await _added(answers, await self._clients.get_metric_data(**call.request()))
        while token is not None:
            token = await _added(answers, await self._clients.get_metric_data(**call.request(token)))
        return answers.results()

    async def _absorb(self, states: Sequence[State], now: float, answered: Mapping[Query, Points]) -> list[SourceError]:
        outcomes = [state.absorb(now, answered) async for state in in_turns(states)]
        self._telemetry.late_datapoints(sum(outcome.late for outcome in outcomes))
        self._telemetry.smaller_answers(sum(outcome.smaller for outcome in outcomes))
        return [outcome.error for outcome in outcomes if outcome.error is not None]


async def _added(answers: Answers, page: Mapping[str, Any]) -> str | None:
    """Add *page* to *answers*, a large one in a thread where there is one; return the token of the next."""
    results = page.get("MetricDataResults")
    if not isinstance(results, list) or len(results) < ASIDE_FROM:
        return answers.add(page)
    return await in_a_thread(lambda: answers.add(page))


def _spread(key: str) -> float:
    """Return a number from 0 to 1 (exclusive) that is *key*'s own and the same in every process."""
    return int.from_bytes(sha256(key.encode()).digest()[:4]) / 2**32


def _alignment(plans: Sequence[MetricPlan], rules: Sequence[Rule]) -> int:
    """Return what windows of minutes are aligned to, so that gauges of short periods share their call."""
    periods = [plan.period_seconds for plan in plans if plan.kind is Kind.COUNT and set(plan.statistics) - {"Sum"}]
    periods += [rule.read_period_seconds for rule in rules if not rule.is_held]
    return math.lcm(60, *(period for period in periods if period < HOUR and HOUR % period == 0))
