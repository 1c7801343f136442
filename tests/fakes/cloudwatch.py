"""A CloudWatch in memory: what `GetMetricData` would answer at a given time, without network or clock.

Each datapoint is one minute of one series (account, region, namespace, metric, exact set of dimensions), seen from
`visible_at` on, and may have revisions: from its own `visible_at` on a later one replaces it, up or down, or takes it
away (`value=None`). All times are unix seconds; minutes are multiples of 60.

    cloudwatch = FakeCloudWatch()
    cloudwatch.put("Send", minute, 12)                              # visible at once (from the start of its minute)
    cloudwatch.put("Send", minute, 15, visible_at=minute + 3600)    # a revision
    cloudwatch.put("Reputation.BounceRate", minute, samples=(0.02, 0.04))
    cloudwatch.get_metric_data({"MetricDataQueries": [...], "StartTime": datetime, "EndTime": datetime}, now)

Kept of the real API: buckets aligned to the period in UTC; start inclusive, end exclusive, of datapoints (an unaligned
window gives half-filled buckets); StartTime rounded down by its age (to the minute, after 15 days to 5 minutes, after
63 days to the hour); nothing at all when the period is finer than the age of StartTime allows; nothing older than 455
days; Sum, Average, Minimum, Maximum, SampleCount, pNN; ScanBy, newest first by default; at most 500 queries; pages of
at most MaxDatapoints (or `page_size`), a query that goes on is PartialData, and one not reached yet PartialData with
no values. `links` tells which accounts may be asked for by another one. Metric math is not there.
"""

from __future__ import annotations

import math
import random
import re
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from tests.fakes.datapoints import HOUR, MINUTE, Series, Totals

DAY = 86400
MAX_QUERIES = 500
MAX_DATAPOINTS = 100_800
MAX_LISTED = 500
MAX_ASKED = 10
LISTED_SECONDS = 14 * DAY
DEFAULT_ACCOUNT = "123456789012"
DEFAULT_REGION = "us-east-1"

_ID = re.compile(r"[a-z][a-zA-Z0-9_]*")
_PERCENTILE = re.compile(r"p(\d{1,2}(?:\.\d+)?|100)")
_PLAIN = {"Sum", "Average", "Minimum", "Maximum", "SampleCount"}
_TOKENS_KEPT = 256

Dimensions = Mapping[str, str]
Response = dict[str, Any]
_Key = tuple[str, str, str, str, frozenset[tuple[str, str]]]


class FakeAwsError(Exception):
    """What AWS answers with an error: *code*, HTTP *status* and a text."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status


class FakeCloudWatch:
    """Datapoints with times of visibility, and GetMetricData over them; set `page_size` and `shuffle` any time."""

    def __init__(self, *, page_size: int | None = None, shuffle: random.Random | None = None) -> None:
        self.page_size = page_size
        self.shuffle = shuffle
        self.links: dict[str, set[str]] = {}
        """Monitoring accounts, each with the accounts that are linked to it."""
        self._series: dict[_Key, Series] = {}
        self._pages: OrderedDict[str, tuple[str, list[Response]]] = OrderedDict()
        self._tokens = 0

    def put(
        self,
        metric: str,
        minute: float,
        value: float | None = None,
        *,
        samples: Sequence[float] = (),
        sample_count: float = 1,
        visible_at: float | None = None,
        dimensions: Dimensions | None = None,
        account: str = DEFAULT_ACCOUNT,
        region: str = DEFAULT_REGION,
        namespace: str = "AWS/SES",
    ) -> None:
        """Add a datapoint or a revision: the sum *value* of *sample_count* samples, or *samples*, or neither: gone.

        *visible_at* is the start of the minute unless given.
        """
        if minute % MINUTE:
            raise ValueError(f"{minute} is not the start of a minute")
        totals = None
        if samples:
            totals = Totals(len(samples), math.fsum(samples), min(samples), max(samples), [(s, 1.0) for s in samples])
        elif value is not None:
            each = value / sample_count
            totals = Totals(sample_count, value, each, each, [(each, sample_count)])
        key = (account, region, namespace, metric, frozenset((dimensions or {}).items()))
        self._series.setdefault(key, Series()).put(int(minute), minute if visible_at is None else visible_at, totals)

    def total(
        self,
        metric: str,
        start: float,
        end: float,
        now: float = math.inf,
        *,
        dimensions: Dimensions | None = None,
        account: str = DEFAULT_ACCOUNT,
        region: str = DEFAULT_REGION,
        namespace: str = "AWS/SES",
    ) -> float:
        """Return the sum of the datapoints from *start* to before *end* as seen at *now*: for oracles."""
        place = {"account": account, "region": region, "namespace": namespace}
        return math.fsum(
            t.total for _, t in self.minutes(metric, start, end, now, dimensions=dimensions or {}, **place)
        )

    def minutes(
        self,
        metric: str,
        start: float,
        end: float,
        now: float,
        *,
        dimensions: Dimensions,
        account: str,
        region: str,
        namespace: str,
    ) -> list[tuple[int, Totals]]:
        """Return the datapoints from *start* to before *end* as seen at *now*."""
        series = self._series.get((account, region, namespace, metric, frozenset(dimensions.items())))
        return [] if series is None else series.buckets(start, end, MINUTE, now)

    def get_metric_data(
        self,
        request: Mapping[str, Any],
        now: float,
        *,
        account: str = DEFAULT_ACCOUNT,
        region: str = DEFAULT_REGION,
        stale_seconds: float = 0.0,
    ) -> Response:
        """Return one page as the SDK gives it (aware datetimes), as AWS would answer at *now*.

        With *stale_seconds* the datapoints are those visible that long ago: an answer from a replica that lags.

        Raises:
            FakeAwsError: ValidationError or InvalidNextToken, as the real API.
        """
        queries = request.get("MetricDataQueries", [])
        start, end = _seconds(request["StartTime"]), _seconds(request["EndTime"])
        _validate(queries, start, end, request)
        asked = repr((queries, start, end, request.get("ScanBy"), account, region))
        if (token := request.get("NextToken")) is not None:
            known, results = self._pages.get(token, ("", []))
            if known != asked:
                raise FakeAwsError("InvalidNextToken", "The next token is not valid.")
        else:
            results = [
                self._result(query, request, (account, region), now, stale_seconds)
                for query in queries
                if query.get("ReturnData", True)
            ]
        return self._page(asked, results, request)

    def list_metrics(
        self,
        request: Mapping[str, Any],
        now: float,
        *,
        account: str = DEFAULT_ACCOUNT,
        region: str = DEFAULT_REGION,
        page_size: int = MAX_LISTED,
    ) -> Response:
        """Return one page of what has a datapoint of the last two weeks at *now*, as ListMetrics does.

        More than ten dimensions in a question are too many.

        Raises:
            FakeAwsError: InvalidParameterValue for a token that was not given.
        """
        if len(request.get("Dimensions", [])) > MAX_ASKED:
            raise FakeAwsError("InvalidParameterValue", "The collection Dimensions must not have more than 10 items.")
        owners = {account}
        if request.get("IncludeLinkedAccounts"):
            owners |= self.links.get(account, set())
        if "OwningAccount" in request:
            owners &= {request["OwningAccount"]}
        found = [
            (
                owner,
                {
                    "Namespace": namespace,
                    "MetricName": metric,
                    "Dimensions": [{"Name": name, "Value": value} for name, value in sorted(dimensions)],
                },
            )
            for (owner, place, namespace, metric, dimensions), series in sorted(
                self._series.items(), key=lambda item: (item[0][:4], sorted(item[0][4]))
            )
            if owner in owners
            and place == region
            and namespace == request.get("Namespace", namespace)
            and metric == request.get("MetricName", metric)
            and all(_fits(each, dict(dimensions)) for each in request.get("Dimensions", []))
            and series.buckets(now - LISTED_SECONDS, now, MINUTE, now)
        ]
        token = request.get("NextToken", "0")
        if not token.isdecimal():
            raise FakeAwsError("InvalidParameterValue", "Request parameter NextToken is not valid.")
        start = int(token)
        page = found[start : start + page_size]
        response: Response = {"Metrics": [metric for _, metric in page]}
        if request.get("IncludeLinkedAccounts"):
            response["OwningAccounts"] = [owner for owner, _ in page]
        if start + page_size < len(found):
            response["NextToken"] = str(start + page_size)
        return response

    def _result(
        self, query: Mapping[str, Any], request: Mapping[str, Any], place: tuple[str, str], now: float, stale: float
    ) -> Response:
        stat = query["MetricStat"]
        metric = stat["Metric"]
        owner = query.get("AccountId", place[0])
        if owner != place[0] and owner not in self.links.get(place[0], set()):
            raise FakeAwsError("AccessDenied", f"{owner} is not linked to {place[0]}", 403)
        dimensions = frozenset((d["Name"], d["Value"]) for d in metric.get("Dimensions", []))
        series = self._series.get((owner, place[1], metric["Namespace"], metric["MetricName"], dimensions))
        buckets: list[tuple[int, Totals]] = []
        if series is not None:
            start, finest = rounded(_seconds(request["StartTime"]), now)
            if stat["Period"] % finest == 0:
                oldest = max(start, math.ceil((now - 455 * DAY) / HOUR) * HOUR)
                buckets = series.buckets(oldest, _seconds(request["EndTime"]), stat["Period"], now - stale)
        if request.get("ScanBy", "TimestampDescending") == "TimestampDescending":
            buckets.reverse()
        return {
            "Id": query["Id"],
            "Label": query.get("Label", metric["MetricName"]),
            "Timestamps": [datetime.fromtimestamp(bucket, UTC) for bucket, _ in buckets],
            "Values": [totals.value(stat["Stat"]) for _, totals in buckets],
            "StatusCode": "Complete",
        }

    def _page(self, asked: str, results: list[Response], request: Mapping[str, Any]) -> Response:
        room = min(request.get("MaxDatapoints", MAX_DATAPOINTS), self.page_size or MAX_DATAPOINTS)
        page: list[Response] = []
        rest: list[Response] = []
        for result in results:
            size = len(result["Values"])
            if size <= room:
                page.append(result)
            else:
                page.append(_part(result, 0, room) | {"StatusCode": "PartialData"})
                rest.append(_part(result, room, size))
            room = max(0, room - size)
        if self.shuffle is not None:
            self.shuffle.shuffle(page)
        response: Response = {"MetricDataResults": page, "Messages": []}
        if rest:
            self._tokens += 1
            response["NextToken"] = f"token-{self._tokens}"
            self._pages[response["NextToken"]] = (asked, rest)
            if len(self._pages) > _TOKENS_KEPT:
                self._pages.popitem(last=False)
        return response


def _fits(wanted: Mapping[str, str], dimensions: Mapping[str, str]) -> bool:
    value = dimensions.get(wanted["Name"])
    return value is not None and wanted.get("Value", value) == value


def _part(result: Response, start: int, end: int) -> Response:
    return result | {"Timestamps": result["Timestamps"][start:end], "Values": result["Values"][start:end]}


def _seconds(moment: datetime) -> float:
    if moment.tzinfo is None:
        raise FakeAwsError("ValidationError", "naive time")
    return moment.timestamp()


def rounded(start: float, now: float) -> tuple[float, int]:
    """Return StartTime rounded down by its age, and what the period must be a multiple of."""
    age = now - start
    if age <= 3 * HOUR:
        return start - start % MINUTE, 1
    if age <= 15 * DAY:
        return start - start % MINUTE, MINUTE
    if age <= 63 * DAY:
        return start - start % (5 * MINUTE), 5 * MINUTE
    return start - start % HOUR, HOUR


def _validate(queries: Sequence[Mapping[str, Any]], start: float, end: float, request: Mapping[str, Any]) -> None:
    problem = ""
    ids = [query["Id"] for query in queries]
    if not queries:
        problem = "The parameter MetricDataQueries must not be empty."
    elif len(queries) > MAX_QUERIES:
        problem = f"The collection MetricDataQueries must not have a size greater than {MAX_QUERIES}."
    elif start >= end:
        problem = "The parameter StartTime must be less than the parameter EndTime."
    elif len(set(ids)) != len(ids):
        problem = "The values for parameter id in MetricDataQueries are not unique."
    elif not 1 <= request.get("MaxDatapoints", MAX_DATAPOINTS) <= MAX_DATAPOINTS:
        problem = f"The parameter MaxDatapoints must be from 1 to {MAX_DATAPOINTS}."
    problem = problem or next(filter(None, map(_query_problem, queries)), "")
    if problem:
        raise FakeAwsError("ValidationError", problem)


def _query_problem(query: Mapping[str, Any]) -> str:
    if not _ID.fullmatch(query["Id"]):
        return f"The value {query['Id']} for parameter id does not match the pattern."
    if "MetricStat" not in query:
        return "This fake knows MetricStat only."
    period, statistic = query["MetricStat"]["Period"], query["MetricStat"]["Stat"]
    if period not in (1, 5, 10, 30) and (period < MINUTE or period % MINUTE):
        return "The parameter Period must be 1, 5, 10, 30 or a multiple of 60."
    if statistic not in _PLAIN and not _PERCENTILE.fullmatch(statistic):
        return f"The value {statistic} for parameter Stat is not a valid statistic."
    return ""
