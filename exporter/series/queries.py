"""GetMetricData's questions and answers, without the network.

Source for the limits and states: CloudWatch API Reference, GetMetricData (at most 500 queries and 100 800 datapoints
a call, `StartTime` inclusive, `EndTime` exclusive, `StatusCode` and `Messages` per result and per call).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from hashlib import sha256
from math import ceil
from typing import Any, NamedTuple

from exporter.catalogue import NAMESPACE, snake
from exporter.errors import AccessDeniedError, AwsInternalError, InvalidResponseError, SourceError, alone
from exporter.series.pages import Pages
from exporter.series.windows import Span

MAX_QUERIES = 500
MAX_DATAPOINTS = 100_800
STATISTICS_BILLED_AS_ONE = 5
LARGEST = 1e15
"""The largest value that is believed: more mails than there are, and no sum of such values overflows."""
STATUSES = ("Complete", "InternalError", "PartialData", "Forbidden")
TEXT_LENGTH = 40
MESSAGE_LENGTH = 200
MAX_MESSAGES = 10
MOMENTS_REMEMBERED = 1024
"""All series of an answer have datapoints at the same few hundred moments."""

Dimensions = tuple[tuple[str, str], ...]
Points = Mapping[int, float]


class Query(NamedTuple):
    """One statistic of one metric over one window, in whole periods."""

    metric: str
    statistic: str
    period_seconds: int
    span: Span
    dimensions: Dimensions = ()

    @property
    def id(self) -> str:
        """An id that is the same at every poll: readable, and unique by a digest of what a readable text may drop."""
        exact = repr((self.metric, self.statistic, self.period_seconds, self.dimensions))
        digest = sha256(exact.encode()).hexdigest()[:12]
        return f"q_{snake(self.metric)[:60]}_{snake(self.statistic)}_{self.period_seconds}_{digest}"

    @property
    def datapoints(self) -> int:
        """How many datapoints the answer can have at most."""
        return ceil((self.span.end - self.span.start) / self.period_seconds)


@dataclass(frozen=True)
class Call:
    """Queries over the same window that go into one GetMetricData. Without slots, as it keeps its ids."""

    span: Span
    queries: tuple[Query, ...]

    @property
    def billed(self) -> dict[str, int]:
        """What AWS bills of each metric's name: up to five statistics of one metric count as one."""
        statistics: dict[tuple[str, Dimensions], set[str]] = {}
        for query in self.queries:
            statistics.setdefault((query.metric, query.dimensions), set()).add(query.statistic)
        billed: dict[str, int] = {}
        for (metric, _), names in statistics.items():
            billed[metric] = billed.get(metric, 0) + ceil(len(names) / STATISTICS_BILLED_AS_ONE)
        return billed

    @cached_property
    def by_id(self) -> dict[str, Query]:
        """The queries by their ids."""
        return {query.id: query for query in self.queries}

    def request(self, token: str | None = None) -> dict[str, Any]:
        """Return GetMetricData's parameters for the page after *token*. No `Unit`: a wrong one returns nothing."""
        request: dict[str, Any] = {
            "MetricDataQueries": [_metric_data_query(name, query) for name, query in self.by_id.items()],
            "StartTime": datetime.fromtimestamp(self.span.start, UTC),
            "EndTime": datetime.fromtimestamp(self.span.end, UTC),
        }
        if token is not None:
            request["NextToken"] = token
        return request


def _metric_data_query(name: str, query: Query) -> dict[str, Any]:
    return {
        "Id": name,
        "MetricStat": {
            "Metric": {
                "Namespace": NAMESPACE,
                "MetricName": query.metric,
                "Dimensions": [{"Name": name, "Value": value} for name, value in query.dimensions],
            },
            "Period": query.period_seconds,
            "Stat": query.statistic,
        },
        "ReturnData": True,
    }


def calls(queries: Iterable[Query]) -> list[Call]:
    """Return the fewest calls for *queries*: one a window, within AWS's limits.

    Fine periods come first: should a long read of the past be slow, the newest minutes are there already.
    """
    by_span: dict[Span, list[Query]] = {}
    for query in dict.fromkeys(queries):
        by_span.setdefault(query.span, []).append(query)
    finest = {span: min(query.period_seconds for query in group) for span, group in by_span.items()}
    ordered = sorted(by_span, key=lambda span: (finest[span], span))
    return [Call(span, tuple(chunk)) for span in ordered for chunk in _chunks(by_span[span])]


def _chunks(queries: list[Query]) -> Iterator[list[Query]]:
    chunk: list[Query] = []
    datapoints = 0
    for query in queries:
        if chunk and (len(chunk) == MAX_QUERIES or datapoints + query.datapoints > MAX_DATAPOINTS):
            yield chunk
            chunk, datapoints = [], 0
        chunk.append(query)
        datapoints += query.datapoints
    yield chunk


@dataclass(slots=True)
class _Partial:
    points: dict[int, float] = field(default_factory=dict)
    status: str | None = None
    error: InvalidResponseError | None = None
    message: str | None = None


class Answers:
    """The pages of one call, merged by id. A result counts only when it is whole: `Complete` and without messages."""

    def __init__(self, call: Call, redacted: Callable[[str], str] = str) -> None:
        """Begin without pages. *redacted* takes what is secret out of AWS's own words."""
        self._redacted = redacted
        self._queries = call.by_id
        self._partial = {name: _Partial() for name in self._queries}
        self._message: str | None = None
        self._pages = Pages("GetMetricData")
        self._times: tuple[Span, int, list[datetime]] | None = None
        self._moments: list[int] = []

    def add(self, page: Mapping[str, Any]) -> str | None:
        """Take in one page and return the token of the next, None after the last.

        Raises:
            InvalidResponseError: the page is not what the API promises, its token was given before, or there is no end.
        """
        try:
            return self._add(page)
        except (AttributeError, KeyError, OverflowError, TypeError, ValueError) as error:
            raise InvalidResponseError("GetMetricData: the answer cannot be read") from error

    def _add(self, page: Mapping[str, Any]) -> str | None:
        for result in page["MetricDataResults"]:
            self._add_result(result)
        self._message = self._messages(page) if self._message is None else self._message
        return self._pages.after(page)

    def _add_result(self, result: Mapping[str, Any]) -> None:
        name = result.get("Id", "")
        query = self._queries.get(name)
        if query is None:
            raise InvalidResponseError("GetMetricData: a result with an id that was not asked for")
        partial = self._partial[name]
        try:
            moments = self._moments_of(query, result.get("Timestamps", []))
            _add_points(partial.points, query, moments, result.get("Values", []))
        except InvalidResponseError as error:
            partial.error = alone(error)
        status = result.get("StatusCode")
        partial.status = status if status in STATUSES else f"unknown: {self._redacted(str(status))[:TEXT_LENGTH]}"
        partial.message = self._messages(result) if partial.message is None else partial.message

    def _messages(self, part: Mapping[str, Any]) -> str | None:
        """Return the beginning of what the messages of *part* say, None where it has none: that it has is enough."""
        messages = part.get("Messages")
        if not messages:
            return None
        told = "; ".join(f"{message.get('Code')}: {message.get('Value')}" for message in messages[:MAX_MESSAGES])
        return self._redacted(told)[:MESSAGE_LENGTH]

    def _moments_of(self, query: Query, timestamps: list[datetime]) -> list[int]:
        """Return *timestamps* in unix seconds, kept, as most series have datapoints at the same times."""
        times = (query.span, query.period_seconds, timestamps)
        if times != self._times:
            self._moments = _moments(query, timestamps)
            self._times = times
        return self._moments

    def results(self) -> dict[Query, Points | SourceError]:
        """Return for each query its points (period start -> value), or why they are not whole."""
        return {query: self._result(query, self._partial[name]) for name, query in self._queries.items()}

    def _result(self, query: Query, partial: _Partial) -> Points | SourceError:
        what = f"{query.metric} {query.statistic}"
        if partial.error is not None:
            return partial.error
        if partial.status == "Forbidden":
            return AccessDeniedError(f"GetMetricData: {what} is forbidden")
        if partial.status == "InternalError":
            return AwsInternalError(f"GetMetricData: AWS could not answer for {what}")
        if partial.status != "Complete":
            return InvalidResponseError(f"GetMetricData: the answer for {what} is not whole ({partial.status})")
        message = self._message if partial.message is None else partial.message
        if message is not None:
            return InvalidResponseError(f"GetMetricData: {what} may be incomplete: {message}")
        return partial.points


def _moments(query: Query, timestamps: list[datetime]) -> list[int]:
    """Return *timestamps* in unix seconds; one outside the query's window, or between two periods, is refused."""
    (start, end), period = query.span, query.period_seconds
    moments = list(map(_unix, timestamps))
    for timestamp, moment in zip(timestamps, moments, strict=True):
        if not start <= moment < end or moment % period:
            raise InvalidResponseError(f"GetMetricData: {query.metric} has a datapoint outside its window: {timestamp}")
    return moments


def _add_points(points: dict[int, float], query: Query, moments: list[int], values: list[Any]) -> None:
    """Put the datapoints into *points*; of several for one moment the largest stays."""
    if len(moments) != len(values):
        raise InvalidResponseError(f"GetMetricData: {query.metric} has {len(moments)} times, {len(values)} values")
    for moment, value in zip(moments, values, strict=True):
        if type(value) is not float:
            value = _number(query, value)  # noqa: PLW2901 - it is the same value
        if not 0.0 <= value <= LARGEST:
            raise _no_number(query, value)
        if moment not in points or points[moment] < value:
            points[moment] = value


@lru_cache(maxsize=MOMENTS_REMEMBERED)
def _unix(timestamp: datetime) -> int:
    return int(timestamp.timestamp())


def _number(query: Query, value: Any) -> float:
    if type(value) is not int or not 0 <= value <= LARGEST:
        raise _no_number(query, value)
    return float(value)


def _no_number(query: Query, value: Any) -> InvalidResponseError:
    text = repr(value)[:TEXT_LENGTH] if isinstance(value, int | float) else type(value).__name__
    return InvalidResponseError(f"GetMetricData: {query.metric} has what is not a number from 0 to {LARGEST:g}: {text}")
