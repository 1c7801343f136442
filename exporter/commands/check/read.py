"""What AWS says: the values of a time, the newest reputation, and how the account stands."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol, get_args
from urllib.parse import urlsplit

from pydantic import SecretStr, ValidationError

from exporter.aws.clients import Aws
from exporter.aws.redaction import redacted
from exporter.catalogue import NAMESPACE
from exporter.commands.check.counters import QUOTA, REPUTATION
from exporter.commands.check.errors import RefusedError
from exporter.commands.check.means import one_number
from exporter.commands.check.options import MINUTE, Access, Options
from exporter.commands.check.readings import LOOK_BACK_SECONDS, Readings, statistic_of
from exporter.config import types
from exporter.config.settings import AwsSettings, TargetSettings
from exporter.config.values import Allowed
from exporter.errors import InvalidResponseError, Reason, SourceError
from exporter.series.queries import LARGEST
from exporter.series.windows import HOUR, floor_to

CONNECT_SECONDS, READ_SECONDS, LEAST_SECONDS = 5.0, 15.0, 0.1

_OPTION_OF_FIELD = {
    "regions": ("region", types.Region),
    "role_arn": ("role-arn", types.RoleArn),
    "external_id": ("external-id", types.ExternalId),
    "endpoint_url": ("endpoint-url", types.EndpointUrl),
    "proxy_url": ("proxyurl", types.ProxyUrl),
}
OPERATION = "GetMetricStatistics"
_AS_AWSCLI = ("An error occurred (", "Could not connect to the endpoint URL")


Points = Mapping[int, Mapping[str, float]]
"""Values by statistic, by the start of their period."""


@dataclass(frozen=True, slots=True)
class _Question:
    """*statistics* of *metric* from *start* to before *end*, by periods that begin with *start*."""

    metric: str
    statistics: Sequence[str]
    start: float
    end: float
    period_seconds: int


class Clients(Protocol):
    """What is needed of a region's clients; each raises SourceError."""

    async def get_metric_statistics(self, **request: Any) -> Mapping[str, Any]:
        """Return GetMetricStatistics' answer."""
        ...

    async def get_account(self) -> Mapping[str, Any]:
        """Return GetAccount's answer."""
        ...


class _Silence:
    """A CallObserver that takes no note."""

    def requested(self, operation: str) -> None:
        """Do nothing."""

    def failed(self, operation: str, reason: Reason) -> None:
        """Do nothing."""

    def throttled(self, operation: str) -> None:
        """Do nothing."""

    def clock_offset(self, seconds: float) -> None:
        """Do nothing."""


async def read(options: Options, clock: Callable[[], float]) -> Readings:
    """Ask AWS for all that *options* need.

    Raises:
        RefusedError: an option cannot be what it is.
        SourceError: AWS did not tell.
        TimeoutError: it took too long.
    """
    target, settings = _settings(options)
    async with asyncio.timeout(options.timeout_seconds), Aws(settings, clock=clock) as aws:
        return await read_from(await aws.region(target, options.region, _Silence()), options, clock())


async def read_from(clients: Clients, options: Options, now: float) -> Readings:
    """Ask *clients* for all that *options* need at *now*; raises SourceError."""
    numbers = await _numbers(clients, options, now)
    wanted = [counter.metric for counter in REPUTATION if counter.label in options.levels]
    newest = {metric: await _newest(clients, options, metric, now) for metric in wanted}
    return Readings(
        now,
        numbers=numbers,
        newest={metric: found for metric, found in newest.items() if found is not None},
        account=await clients.get_account() if QUOTA.label in options.levels or options.state_levels else None,
    )


async def _numbers(clients: Clients, options: Options, now: float) -> dict[str, dict[str, float]]:
    numbers: dict[str, dict[str, float]] = {}
    for counter in options.emails:
        names = list(dict.fromkeys(statistic_of(counter, wanted) for wanted in options.statistics))
        question = _Question(counter.metric, names, now - options.timeframe_seconds, now, options.period_seconds)
        points = await _ask(clients, question, options.dimensions)
        for name in names:
            value = one_number(name, [point[name] for point in points.values()])
            if value is not None:
                numbers.setdefault(name, {})[counter.metric] = value
    return numbers


async def _newest(clients: Clients, options: Options, metric: str, now: float) -> tuple[int, float] | None:
    """Return the newest minute: the hour that holds it is looked for in 14 days, then its minutes are read."""
    first = floor_to(now - LOOK_BACK_SECONDS, HOUR)
    hours = await _ask(clients, _Question(metric, ["Average"], first, now, HOUR), options.dimensions)
    if not hours:
        return None
    hour = max(hours)
    minutes = await _ask(clients, _Question(metric, ["Average"], hour, hour + HOUR, MINUTE), options.dimensions)
    if not minutes:
        raise InvalidResponseError(f"{OPERATION}: {metric} has an hour with data, but no minute in it")
    return max(minutes), minutes[max(minutes)]["Average"]


async def _ask(clients: Clients, question: _Question, dimensions: Iterable[tuple[str, str]]) -> Points:
    answer = await clients.get_metric_statistics(
        Namespace=NAMESPACE,
        MetricName=question.metric,
        Dimensions=[{"Name": name, "Value": value} for name, value in dimensions],
        StartTime=datetime.fromtimestamp(question.start, UTC),
        EndTime=datetime.fromtimestamp(question.end, UTC),
        Period=question.period_seconds,
        Statistics=question.statistics,
    )
    points: dict[int, dict[str, float]] = {}
    for point in answer.get("Datapoints", ()):
        try:
            values = {name: _number(point[name]) for name in question.statistics}
            moment = int(point["Timestamp"].timestamp())
        except (KeyError, TypeError) as error:
            raise InvalidResponseError(f"{OPERATION}: a datapoint lacks what was asked for") from error
        points[moment] = values
    return points


def _number(value: object) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= LARGEST:
        raise InvalidResponseError(f"{OPERATION}: a datapoint is not a number from 0 to {LARGEST:g}")
    return float(value)


def told(error: SourceError) -> str:
    """Return *error* in the words that Centreon's plugin had it in from awscli, where they hold no more than ours.

    Of an address only the beginning is shown.
    """
    text = str(error.__cause__ or "")
    if not text.startswith(_AS_AWSCLI):
        text = str(error)
    elif text.startswith(_AS_AWSCLI[1]):
        parts = urlsplit(text.partition('"')[2].rpartition('"')[0])
        text = f'{_AS_AWSCLI[1]}: "{parts.scheme}://{parts.netloc.rpartition("@")[2]}/"'
    return f"Command error:  - {redacted(text)}"


def _settings(options: Options) -> tuple[TargetSettings, AwsSettings]:
    access: Access = options.access
    external_id = None if access.external_id is None else SecretStr(access.external_id)
    proxy_url = None if access.proxy_url is None else SecretStr(access.proxy_url)
    try:
        target = TargetSettings(regions=(options.region,), role_arn=access.role_arn, external_id=external_id)
        settings = AwsSettings(
            endpoint_url=access.endpoint_url,
            proxy_url=proxy_url,
            connect_timeout_seconds=max(LEAST_SECONDS, min(CONNECT_SECONDS, options.timeout_seconds)),
            read_timeout_seconds=max(LEAST_SECONDS, min(READ_SECONDS, options.timeout_seconds)),
        )
    except ValidationError as error:
        raise RefusedError(_refusal(error)) from None
    return target, settings


def _refusal(error: ValidationError) -> str:
    name = str(error.errors(include_url=False, include_input=False)[0]["loc"][0])
    option, kind = _OPTION_OF_FIELD[name]
    allowed = next((each.text for each in get_args(kind) if isinstance(each, Allowed)), "")
    return f"Wrong --{option} option: it must be {allowed}."
