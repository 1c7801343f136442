"""CloudWatch GetMetricData: everything that the `AWS/SES` namespace says of one account and region.

aws_ses_send_total{account_id="123456789012",region="eu-west-1"} 48211.0
aws_ses_send_sum{account_id="123456789012",region="eu-west-1"} 118.0
aws_ses_reputation_bounce_rate{account_id="123456789012",region="eu-west-1"} 0.0143
aws_ses_reputation_bounce_rate_timestamp_seconds{account_id="123456789012",region="eu-west-1"} 1.7953e+09
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Any, Protocol

from exporter.catalogue import Kind
from exporter.config.plan import MetricPlan
from exporter.errors import Reason, SourceError
from exporter.series.counts import Count
from exporter.series.held import Held
from exporter.series.observations import Series
from exporter.series.queries import Answers, Call, Points, Query, calls
from exporter.series.states import Pace, State
from exporter.series.windows import HOUR, look_moment, next_look
from exporter.sources import Source
from exporter.sources.succession import Account, Succession

OF_ONE_CALL = frozenset({Reason.INTERNAL, Reason.INVALID_RESPONSE, Reason.OTHER})
"""Failures that say nothing about the next call; after any other one the poll ends."""


class MetricData(Protocol):
    """The part of a region's clients that is needed here."""

    async def get_metric_data(self, **request: Any) -> Mapping[str, Any]:
        """Return one page of GetMetricData.

        Raises:
            SourceError: AWS could not be asked, or refused.
        """
        ...


class Counters(Protocol):
    """What is counted about the reads."""

    def metrics_requested(self, count: int) -> None:
        """*count* metrics were asked for, as AWS bills them."""

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
        previous: CloudWatchSource | None = None,
    ) -> None:
        """Prepare to read *plans*; *key* (target and region) decides the moment of the hourly look.

        *previous* served the same target and region before a reload. What it knows is shown until the account is known
        again, and kept if it is the same account.
        """
        self._clients = clients
        self._telemetry = telemetry
        self.succession: Succession[CloudWatchSource] = Succession(
            identity, previous.succession if previous else None, self
        )
        self._pace = Pace(poll_interval_seconds, look_moment(_spread(key), poll_interval_seconds), _alignment(plans))
        self.states: dict[str, State] = {plan.name: _state(plan, self._pace) for plan in plans}
        self._now = 0.0

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
        """Whether the next poll has a series to read from its beginning."""
        return any(state.starting(self._now) for state in self.states.values())

    def next_look(self, now: float) -> float:
        """Return when the hourly look needs a poll of its own."""
        return next_look(now, self._pace.look_seconds, self._pace.poll_interval_seconds)

    def series(self) -> tuple[Series, ...]:
        """Return every series that is known."""
        if self.succession.standing_in is not None:
            return self.succession.standing_in.series()
        return tuple(series for state in self.states.values() for series in state.series(self._now))

    async def poll(self, now: float) -> None:
        """Read everything that is due at *now*; a series that fails leaves the others alone.

        Raises:
            SourceError: the first failure; whatever was read whole is kept.
        """
        self._now = now
        await self._identify()
        answered: dict[Query, Points] = {}
        failures: list[SourceError] = []
        try:
            await self._ask((query for state in self.states.values() for query in state.wants(now)), answered, failures)
            follow_up = [query for state in self.states.values() for query in state.follow_up(now, answered)]
            await self._ask(follow_up, answered, failures)
        except SourceError as error:
            failures.append(error)
        finally:
            if answered:
                failures += self._absorb(now, answered)
        if failures:
            raise failures[0]

    async def _identify(self) -> None:
        _, previous = await self.succession.resolve()
        for name, state in self.states.items():
            if previous is not None and name in previous.states:
                state.adopt(previous.states[name])

    async def _ask(self, queries: Iterable[Query], answered: dict[Query, Points], failures: list[SourceError]) -> None:
        for call in calls(queries):
            try:
                results = await self._read(call)
            except SourceError as error:
                if error.reason not in OF_ONE_CALL:
                    raise
                failures.append(error)
                continue
            for query, result in results.items():
                if isinstance(result, SourceError):
                    failures.append(result)
                else:
                    answered[query] = result

    async def _read(self, call: Call) -> dict[Query, Points | SourceError]:
        answers = Answers(call)
        self._telemetry.metrics_requested(call.metrics_billed)
        token = answers.add(await self._clients.get_metric_data(**call.request()))
        while token is not None:
            token = answers.add(await self._clients.get_metric_data(**call.request(token)))
        return answers.results()

    def _absorb(self, now: float, answered: Mapping[Query, Points]) -> list[SourceError]:
        outcomes = [state.absorb(now, answered) for state in self.states.values()]
        self._telemetry.late_datapoints(sum(outcome.late for outcome in outcomes))
        self._telemetry.smaller_answers(sum(outcome.smaller for outcome in outcomes))
        return [outcome.error for outcome in outcomes if outcome.error is not None]


def _state(plan: MetricPlan, pace: Pace) -> State:
    return Count(plan, pace) if plan.kind is Kind.COUNT else Held(plan, pace)


def _spread(key: str) -> float:
    """Return a number from 0 to 1 (exclusive) that is *key*'s own and the same in every process."""
    return int.from_bytes(sha256(key.encode()).digest()[:4]) / 2**32


def _alignment(plans: Sequence[MetricPlan]) -> int:
    """Return what windows of minutes are aligned to, so that gauges of short periods share their call."""
    periods = [plan.period_seconds for plan in plans if plan.kind is Kind.COUNT and set(plan.statistics) - {"Sum"}]
    return math.lcm(60, *(period for period in periods if period < HOUR and HOUR % period == 0))
