"""One entry of `metrics` in a job of YACE becomes rules, for the account as a whole and for what has dimensions."""

from __future__ import annotations

from dataclasses import dataclass

from exporter.catalogue import METRICS, Kind
from exporter.config import yace_names
from exporter.config.dialect import DialectName, Place, Rule
from exporter.config.foreign import (
    FOREVER_SECONDS,
    MAX_AGE_SECONDS,
    MAX_REACH_SECONDS,
    Part,
    is_extended_statistic,
)
from exporter.config.label_styles import LabelStyle, Pairs
from exporter.config.native_layer import MAX_DELAY_SECONDS, MAX_PERIOD_SECONDS
from exporter.config.selections import Chosen, Found, Selection

STATISTICS = ("Sum", "Average", "Minimum", "Maximum", "SampleCount")
PER_METRIC = (
    "statistics",
    "period",
    "length",
    "delay",
    "nilToZero",
    "addCloudwatchTimestamp",
    "exportAllDataPoints",
)
Dimensions = tuple[tuple[str, Chosen | Found], ...]


@dataclass(frozen=True, slots=True)
class Defaults:
    """The keys that stand in a job and in each of its metrics; 0 and an empty list count as not given."""

    statistics: tuple[str, ...] = ()
    period: int = 300
    length: int = 300
    delay: int = 0
    nil_to_zero: bool = False
    timestamps: bool = False
    every: bool = False


@dataclass(frozen=True, slots=True)
class Job:
    """One job: its series' own *labels*, the places it is for, and what it reads of each metric.

    *wanted* are the dimensions of each rule: None for the account as a whole, an empty set for all that CloudWatch
    lists. With *finds* it shows what CloudWatch lists, and nothing of a metric that the account cannot have.
    """

    labels: Pairs
    style: LabelStyle
    scope: tuple[Place, ...]
    wanted: tuple[Dimensions | None, ...]
    finds: bool
    defaults: Defaults


def defaults_of(part: Part, above: Defaults) -> Defaults:
    """Return what *part*, a job or a metric, says, else what *above* says."""

    def seconds(name: str, default: int, least: int, most: int) -> int:
        return part.whole(name, 0, least, most) or default

    return Defaults(
        statistics=part.texts("statistics") or above.statistics,
        period=seconds("period", above.period, 0, MAX_PERIOD_SECONDS),
        length=seconds("length", above.length, 0, FOREVER_SECONDS),
        delay=seconds("delay", above.delay, 0, MAX_DELAY_SECONDS),
        nil_to_zero=part.switch("nilToZero", default=above.nil_to_zero),
        timestamps=part.switch("addCloudwatchTimestamp", default=above.timestamps),
        every=part.switch("exportAllDataPoints", default=above.every),
    )


def rules_of(part: Part, job: Job, first: int) -> list[Rule]:
    """Return the rules of *part*, none where it shows nothing or is wrong; their ids count from *first*."""
    part.refuse_unknown(("name", *PER_METRIC))
    metric = part.written("name")
    own = defaults_of(part, job.defaults)
    if metric is None:
        part.say_missing("name")
        return []
    known = METRICS.get(metric)
    kind = known.kind if known else Kind.LEVEL
    held = kind is Kind.LEVEL and not own.timestamps and not own.nil_to_zero
    seconds = part.aligned("period", own.period, delay_seconds=own.delay, held=held)
    if (
        not part.names_metric("name", metric)
        or not (_statistics_right(part, metric, own, job) and _window_right(part, own))
        or seconds is None
    ):
        return []
    _say_what_differs(part, metric, own, job)
    # their window begins at a whole period, at any moment of it: so what began up to one before the length is in it
    reach = part.reach("length", own.length, least=seconds, delay_seconds=own.delay, spare_seconds=seconds)
    account_level, is_count = known is None or known.account_level, kind is Kind.COUNT
    rules: list[Rule] = []
    for dimensions in job.wanted:
        if dimensions is None and job.finds and not account_level:
            continue
        rules.append(
            Rule(
                id=f"{DialectName.YACE}/{first + len(rules)}",
                metric=metric,
                kind=kind,
                families=tuple((each, yace_names.family(metric, each)) for each in own.statistics),
                labels=job.labels,
                label_style=job.style,
                period_seconds=seconds,
                range_seconds=reach,
                delay_seconds=own.delay,
                max_age_seconds=MAX_AGE_SECONDS,
                timestamps=own.timestamps,
                zero=own.nil_to_zero if known is None else is_count and (account_level or dimensions is not None),
                selection=None if dimensions is None else Selection(dimensions, metric),
                every=own.every and job.finds,
                scope=job.scope,
            )
        )
        part.say_reads("length", rules[-1])
    return rules


def _statistics_right(part: Part, metric: str, own: Defaults, job: Job) -> bool:
    if not own.statistics:
        if job.finds:
            part.say_missing("statistics", nothing=[])
        else:
            part.findings.doubt(part.loc, f"{metric} is left out: it has no statistics")
        return False
    bad = [each for each in own.statistics if each not in STATISTICS and not is_extended_statistic(each)]
    for each in bad:
        message = f"{each} is not {', '.join(STATISTICS)} or an extended one such as p99 or TM(10%:90%)"
        part.findings.wrong(part.given_at("statistics"), message, show=False)
    return not bad


def _window_right(part: Part, own: Defaults) -> bool:
    if own.length < own.period:
        message = f"{own.length} s is shorter than the period of {own.period} s; must be at least as long"
        part.findings.wrong(part.given_at("length"), message, show=False)
        return False
    if own.timestamps and own.period + own.delay <= MAX_REACH_SECONDS < 2 * own.period + own.delay:
        message = f"is over {MAX_REACH_SECONDS} twice with its delay of {own.delay}: CloudWatch keeps minutes so long"
        part.findings.wrong(part.given_at("period"), message)
        return False
    if own.every and not own.timestamps:
        part.findings.wrong(part.given_at("exportAllDataPoints"), "is only for addCloudwatchTimestamp: true")
        return False
    return True


def _say_what_differs(part: Part, metric: str, own: Defaults, job: Job) -> None:
    known = METRICS.get(metric)
    if own.nil_to_zero and known is not None and known.kind is Kind.RATE:
        part.doubt("nilToZero", f"does nothing for {metric}: a rate is held over gaps, never 0")
    if part.gives("delay") and own.delay != job.defaults.delay:
        part.doubt("delay", "is taken here; YACE takes that of the job alone")
    if own.every and not job.finds:
        part.doubt("exportAllDataPoints", "does nothing in a static job, as with YACE")
