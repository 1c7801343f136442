"""What changes for who reads the page when another exporter's file becomes the native configuration."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from exporter.catalogue import Family, Kind, held_family, label_name, statistic_family, time_family
from exporter.config.dialect import Place, Rule
from exporter.config.label_styles import LabelStyle, dimension_label
from exporter.config.migration import Migration, same_statistic
from exporter.config.plan import MetricPlan, metric_plans
from exporter.config.selections import Selection
from exporter.config.settings import Settings
from exporter.series.counts import ZERO_WHEN_ABSENT

NATIVE_LABELS = ("account_id", "region")
"""Of every native series, before those of the dimensions."""

ANY = "*"
"""In place of the labels of dimensions, where any that CloudWatch lists are read."""

_HELD = {Kind.RATE: (held_family, time_family), Kind.LEVEL: (time_family,)}


@dataclass(frozen=True, slots=True)
class Move:
    """A series by its *old* and its *new* name and labels; *new* is None of one that goes.

    *values* says which value it shows now and which it did before, None where that is the same.
    """

    old: str
    new: str | None
    values: str | None


def moves(found: Migration) -> tuple[Move, ...]:
    """Return what becomes of every series of the foreign file, but for those that are left out."""
    plans, everywhere = _plans(found.settings), frozenset(places(found.settings))
    changes: dict[tuple[str, str], dict[str | None, frozenset[Place]]] = {}
    for rule in found.kept:
        where = _places_of(rule, everywhere)
        for statistic, family in rule.families:
            pair = (old_series(rule, family), new_series(rule, plans[rule.metric], statistic))
            change = _change(_shown_by(rule), _shown(plans[rule.metric], statistic))
            here = changes.setdefault(pair, {})
            here[change] = here.get(change, frozenset()) | where
    return tuple(
        Move(old, new, f"{change}, in {named(where)}" if change and len(here) > 1 and where != everywhere else change)
        for (old, new), here in changes.items()
        for change, where in here.items()
    )


def old_series(rule: Rule, family: Family) -> str:
    """Return the series of one *family* of *rule* as they were called."""
    place = () if rule.label_style is LabelStyle.CLOUDWATCH_EXPORTER else NATIVE_LABELS
    return called(family.name, rule.labels, [*place, *_labels(_dimensions(rule), rule.label_style)])


def new_series(rule: Rule, plan: MetricPlan, statistic: str) -> str:
    """Return what the series of one *statistic* of *rule* are called natively; *plan* is that of their metric."""
    asked = next(each for each in plan.statistics if same_statistic(each, statistic))
    dimensions = _dimensions(rule)
    return called(
        statistic_family(rule.metric, asked, dimensioned=dimensions is not None).name, (), _native(dimensions)
    )


def read_everywhere_now(found: Migration) -> Iterator[tuple[str, str]]:
    """Yield the native series that more places have now than before, each with those that had it."""
    plans, everywhere = _plans(found.settings), frozenset(places(found.settings))
    had: dict[str, dict[Selection | None, frozenset[Place]]] = {}
    for rule in found.kept:
        for statistic in rule.statistics:
            here = had.setdefault(new_series(rule, plans[rule.metric], statistic), {})
            here[rule.selection] = here.get(rule.selection, frozenset()) | _places_of(rule, everywhere)
    for series, here in had.items():
        if any(scope != everywhere for scope in here.values()):
            together = frozenset().union(*here.values())
            before = f"in {named(together)}" if together != everywhere else "not of all dimensions in each"
            yield series, f"before {before}"


def places(settings: Settings) -> tuple[Place, ...]:
    """Return every target, by its label, with each of its regions."""
    return tuple((target.label, region) for target in settings.targets for region in target.regions)


def named(where: Iterable[Place]) -> str:
    """Return places as text."""
    return ", ".join(" ".join(place) for place in sorted(where))


def _places_of(rule: Rule, everywhere: frozenset[Place]) -> frozenset[Place]:
    return everywhere if rule.scope is None else frozenset(rule.scope)


def native_moves(theirs: Settings, found: Migration) -> tuple[Move, ...]:
    """Return what becomes of the native series beside those that *theirs* names, where they do not stay as they are."""
    before, now = _plans(theirs), _plans(found.settings)
    return tuple(move for name in before if name in now for move in _of_plan(before[name], now[name], theirs))


def of_the_account_now(found: Migration) -> tuple[str, ...]:
    """Return the names that were of series with dimensions alone, and are of the account as a whole now."""
    rules = [(rule.selection is not None, family.name) for rule in found.kept for _, family in rule.families]
    were = {name for dimensioned, name in rules if dimensioned} - {
        name for dimensioned, name in rules if not dimensioned
    }
    plans = _plans(found.settings).values()
    now = {statistic_family(plan.name, each).name for plan in plans if plan.account_level for each in plan.statistics}
    return tuple(sorted(were & now))


def called(name: str, labels: Iterable[tuple[str, str]], names: Sequence[str]) -> str:
    """Return a series as `name{label="value",label}`: *labels* have one value, those of *names* any."""
    pairs = [f"{label}={json.dumps(value, ensure_ascii=not value.isprintable())}" for label, value in labels]
    return f"{name}{{{','.join([*pairs, *names])}}}"


def _dimensions(rule: Rule) -> tuple[str, ...] | None:
    """Return the dimensions that *rule* reads, in the order of the labels, ANY for any; None for the account."""
    if rule.selection is None:
        return None
    return tuple(name for name, _ in rule.selection.dimensions) or (ANY,)


def _labels(dimensions: Iterable[str] | None, style: LabelStyle) -> list[str]:
    return [f"dimension_{ANY}" if name == ANY else dimension_label(style, name) for name in dimensions or ()]


def _native(dimensions: Iterable[str] | None) -> list[str]:
    return [*NATIVE_LABELS, *(ANY if name == ANY else label_name(name) for name in dimensions or ())]


def _of_plan(before: MetricPlan, now: MetricPlan, theirs: Settings) -> Iterator[Move]:
    if before.account_level:
        yield from _beside(before, now, None)
    rules = [rule for rule in theirs.dialect.rules if rule.metric == before.name]
    for names in sorted({rule.selection.names for rule in rules if rule.selection is not None}):
        yield from _beside(before.dimensioned, now.dimensioned, names or (ANY,))


def _beside(before: MetricPlan, now: MetricPlan, dimensions: tuple[str, ...] | None) -> Iterator[Move]:
    """Yield what does not stay of the native series with these *dimensions*, all there are but for the counters."""
    dimensioned, labels = dimensions is not None, _native(dimensions)
    gauges = {each: statistic_family(before.name, each, dimensioned=dimensioned) for each in before.statistics}
    for statistic, family in gauges.items():
        series, change = called(family.name, (), labels), _change(_shown(before, statistic), _shown(now, statistic))
        if not any(same_statistic(each, statistic) for each in now.statistics):
            yield Move(series, None, None)
        elif change:
            yield Move(series, series, change)
    change = _change(_shown(before, "Average"), _shown(now, "Average"))
    for make in _HELD.get(before.kind, ()) if change else ():
        series = called(make(before.name, dimensioned=dimensioned).name, (), labels)
        yield Move(series, series, change)


def _plans(settings: Settings) -> Mapping[str, MetricPlan]:
    return {plan.name: plan for plan in metric_plans(settings, settings.targets[0])}


def _change(before: str, now: str) -> str | None:
    return None if before == now else f"{now}; before: {before}"


def _shown_by(rule: Rule) -> str:
    """Return which value *rule* shows."""
    if rule.is_held:
        return _held(rule.read_period_seconds, rule.max_age_seconds)
    if rule.is_filled:
        return _complete(rule.period_seconds, rule.delay_seconds, empty="0")
    reach = rule.delay_seconds + rule.range_seconds
    moment = ", with its timestamp" if rule.timestamps else ""
    period = rule.read_period_seconds
    which = "every" if rule.every else "the newest"
    return f"{which} {period} s with data of the last {reach} s that ended {rule.delay_seconds} s ago{moment}"


def _shown(plan: MetricPlan, statistic: str) -> str:
    """Return which value the native gauge of *statistic* shows."""
    if plan.kind is Kind.COUNT:
        empty = "0" if statistic in ZERO_WHEN_ABSENT else "absent"
        return _complete(plan.period_seconds, plan.delay_seconds, empty=empty)
    return _held(60 if plan.kind is Kind.RATE else plan.period_seconds, plan.max_age_seconds)


def _complete(period_seconds: int, delay_seconds: int, *, empty: str) -> str:
    return f"the newest complete {period_seconds} s that ended {delay_seconds} s ago, {empty} without mail"


def _held(period_seconds: int, max_age_seconds: int) -> str:
    return f"the newest {period_seconds} s with data, held for {max_age_seconds} s"
