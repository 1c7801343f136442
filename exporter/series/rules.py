"""What a rule of a foreign file shows of one series: a window's newest complete period, or what is held."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from exporter.catalogue import Kind
from exporter.config.dialect import Rule
from exporter.config.plan import MetricPlan
from exporter.series.counts import GAUGE_MIN_SECONDS, GAUGE_POLLS
from exporter.series.held import Held
from exporter.series.observations import Reading, Series
from exporter.series.queries import Dimensions, Query
from exporter.series.states import Answered, Outcome, Pace, State
from exporter.series.windows import MINUTE, SETTLE_SECONDS, Span, floor_to


def state_of(rule: Rule, pace: Pace, dimensions: Dimensions, read_seconds: int) -> HeldRule | WindowRule:
    """Return the state for *rule*; *read_seconds* is how far back each poll reads every series."""
    if rule.is_held:
        return HeldRule(rule, pace, dimensions, read_seconds)
    return WindowRule(rule, pace, dimensions, read_seconds)


class HeldRule:
    """A rate or level, held as the native one is: the same questions, so that nothing is asked twice."""

    def __init__(self, rule: Rule, pace: Pace, dimensions: Dimensions, read_seconds: int) -> None:
        """Begin knowing nothing."""
        self.rule = rule
        self._held = Held(_plan(rule, read_seconds), pace, dimensions)

    def adopt(self, previous: State) -> None:
        """Go on from what *previous* knows."""
        if isinstance(previous, HeldRule):
            self._held.adopt(previous._held)  # noqa: SLF001 - one of its own kind

    def starting(self, now: float) -> bool:
        """Return whether the newest datapoint is to be looked for in all the time that counts."""
        return self._held.starting(now)

    def wants(self, now: float) -> list[Query]:
        """Return this poll's questions."""
        return self._held.wants(now)

    def follow_up(self, now: float, answered: Answered) -> list[Query]:
        """Return what to ask at start besides."""
        return self._held.follow_up(now, answered)

    def absorb(self, now: float, answered: Answered) -> Outcome:
        """Keep the newest datapoint of each statistic."""
        return self._held.absorb(now, answered)

    def series(self, now: float) -> Iterator[Series]:
        """Return the held values of the rule's own statistics."""
        for series in self._held.series(now):
            if series.aspect in self.rule.statistics:
                yield series._replace(rule=self.rule)


class WindowRule:
    """The newest complete period of the rule's window: of a count 0 without a datapoint, else absent.

    With a short delay a period may have no datapoint only because CloudWatch has not published it yet. So a count whose
    newest period has none shows one that came late, once, and otherwise 0.

    With timestamps, and of what is never 0, it is the newest datapoint of the window, or every one of it.
    """

    def __init__(self, rule: Rule, pace: Pace, dimensions: Dimensions, read_seconds: int) -> None:
        """Begin knowing nothing."""
        self.rule = rule
        self._pace = pace
        self._dimensions = dimensions
        self._read_seconds = read_seconds
        self.readings: dict[str, tuple[Reading, ...]] = {}
        self._told: dict[str, tuple[int, int]] = {}

    def adopt(self, previous: State) -> None:
        """Go on from what *previous* knows, where its window is the same."""
        if isinstance(previous, WindowRule) and previous.rule.reads == self.rule.reads:
            own = self.rule.statistics
            self.readings |= {name: readings for name, readings in previous.readings.items() if name in own}
            self._told |= {name: told for name, told in previous._told.items() if name in own}  # noqa: SLF001 - its kind

    def starting(self, now: float) -> bool:
        """Return False: there is no long read."""
        del now
        return False

    def wants(self, now: float) -> list[Query]:
        """Return a question for each statistic."""
        span, period = self._span(now), self.rule.read_period_seconds
        return [
            Query(self.rule.metric, statistic, period, span, self._dimensions) for statistic in self.rule.statistics
        ]

    def follow_up(self, now: float, answered: Answered) -> list[Query]:
        """Return nothing: one question is enough."""
        del now, answered
        return []

    def absorb(self, now: float, answered: Answered) -> Outcome:
        """Keep what each whole answer shows; one that is missing changes nothing."""
        for query in self.wants(now):
            if query not in answered:
                continue
            self.readings[query.statistic] = self._shown(now, query.statistic, answered[query])
        return Outcome()

    def series(self, now: float) -> Iterator[Series]:
        """Return what is known of each statistic."""
        del now
        for statistic in self.rule.statistics:
            if readings := self.readings.get(statistic):
                *earlier, newest = readings
                yield Series(self.rule.metric, statistic, newest, self._dimensions, self.rule, tuple(earlier))

    def _shown(self, now: float, statistic: str, points: Mapping[int, float]) -> tuple[Reading, ...]:
        """Return what is shown of *points*, the newest last."""
        newest = self._end(now) - self.rule.read_period_seconds
        if self.rule.is_filled:
            moment = self._next_told(statistic, newest, points)
            shown_for = max(GAUGE_POLLS * self._pace.poll_interval_seconds, GAUGE_MIN_SECONDS)
            return (Reading(points.get(moment, 0.0), now + shown_for, timestamp_seconds=moment),)
        reach = self.rule.delay_seconds + self.rule.range_seconds
        inside = sorted(moment for moment in points if now - reach <= moment <= newest)
        kept = inside if self.rule.every else inside[-1:]
        return tuple(Reading(points[moment], moment + reach, timestamp_seconds=moment) for moment in kept)

    def _next_told(self, statistic: str, newest: int, points: Mapping[int, float]) -> int:
        """Return the newest period with a datapoint that no earlier window told of, else *newest*."""
        window, told = self._told.get(statistic, (0, newest - self.rule.read_period_seconds))
        fresh = [moment for moment in points if (told if newest > window else told - 1) < moment <= newest]
        self._told[statistic] = (newest, max(fresh)) if fresh else (window, told)
        return max(fresh, default=newest)

    def _end(self, now: float) -> int:
        return floor_to(now - self.rule.delay_seconds, self.rule.read_period_seconds)

    def _span(self, now: float) -> Span:
        """Return the window of all series of the poll where it holds what is needed, else that alone."""
        period, minute = self.rule.read_period_seconds, floor_to(now, MINUTE)
        end = self._end(now)
        settled = min(end, floor_to(now - SETTLE_SECONDS, period))
        need = settled - period if self.rule.is_filled else floor_to(end - self.rule.range_seconds, period)
        start = floor_to(minute - self._read_seconds, self._pace.align_seconds)
        if start <= need and start % period == 0:
            return Span(start, minute)
        return Span(need, end)


def _plan(rule: Rule, read_seconds: int) -> MetricPlan:
    return MetricPlan(
        name=rule.metric,
        kind=rule.kind,
        statistics=rule.statistics,
        delay_seconds=rule.delay_seconds,
        period_seconds=rule.period_seconds if rule.kind is not Kind.RATE else MINUTE,
        range_seconds=read_seconds,
        max_age_seconds=rule.max_age_seconds,
    )
