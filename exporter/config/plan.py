"""What is to be read of one metric for one target, with every default and override applied."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from exporter.catalogue import DEFAULT_STATISTICS, METRICS, Kind, statistic_family
from exporter.config.dialect import DialectName, Place
from exporter.config.selections import CONFIGURATION_SET, Chosen, DimensionPlan, Found, Selection
from exporter.config.settings import MetricSettings, Settings, TargetSettings
from exporter.config.values import ALL


@dataclass(frozen=True, slots=True)
class MetricPlan:
    """How one CloudWatch metric is read.

    *statistics* are CloudWatch's own names (`Sum`, `Average`, `p99`), each once. *period_seconds* is a multiple of 60
    that divides a day; the window ends *delay_seconds* ago for gauges of counts, and reaches *range_seconds* back.
    *account_level* tells whether the metric is read without dimensions. *dimension_statistics* are those with
    dimensions, None for the same.
    """

    name: str
    kind: Kind
    statistics: tuple[str, ...]
    delay_seconds: int
    period_seconds: int
    range_seconds: int
    max_age_seconds: int
    account_level: bool = True
    dimension_statistics: tuple[str, ...] | None = None

    @property
    def dimensioned(self) -> MetricPlan:
        """How the metric is read with dimensions."""
        return self if self.dimension_statistics is None else replace(self, statistics=self.dimension_statistics)


def metric_plans(settings: Settings, target: TargetSettings) -> tuple[MetricPlan, ...]:
    """Return one plan for each configured metric, in the order of *settings*; each name is there once.

    A metric's own value goes before the target's, and the target's before the global one.
    """
    return tuple(metric_plan(settings, target, metric) for metric in all_metrics(settings))


def all_metrics(settings: Settings) -> tuple[MetricSettings, ...]:
    """Return the configured metrics, without any all that the account as a whole has."""
    known = (metric.name for metric in METRICS.values() if metric.account_level)
    return settings.metrics or tuple(MetricSettings(name=name) for name in known)


def kind_of(metric: MetricSettings) -> Kind | None:
    """Return what the catalogue says *metric* is, else what the configuration says."""
    known = METRICS.get(metric.name)
    return known.kind if known else metric.kind


def metric_plan(settings: Settings, target: TargetSettings, metric: MetricSettings) -> MetricPlan:
    """Return the plan of one *metric*; raises ValueError when it has no kind."""
    known = METRICS.get(metric.name)
    kind = kind_of(metric)
    if kind is None:
        raise ValueError(f"a metric without a kind: {metric.name}")
    wanted = metric.statistics or default_statistics(metric.name, kind)
    statistics, with_dimensions = (_unnamed(settings, metric.name, wanted, dimensioned=each) for each in (False, True))
    return MetricPlan(
        name=metric.name,
        kind=kind,
        statistics=statistics,
        delay_seconds=_first(metric.delay_seconds, target.delay_seconds, settings.delay_seconds),
        period_seconds=_first(metric.period_seconds, known.period_seconds if known else None, settings.period_seconds),
        range_seconds=_first(metric.range_seconds, settings.range_seconds),
        max_age_seconds=_first(metric.max_age_seconds, settings.max_age_seconds),
        account_level=known.account_level if known else metric.dimensions is None,
        dimension_statistics=None if with_dimensions == statistics else with_dimensions,
    )


def dimension_plan(settings: Settings, place: Place | None = None) -> DimensionPlan:
    """Return what is read with dimensions: of every place alike, but of a foreign file what its rules for *place* say.

    With None it is what they say for any place.
    """
    selections: list[Selection] = []
    sets = settings.sources.configuration_sets
    if sets.enabled:
        found = Found(sets.include, sets.exclude)
        selections.append(Selection(((CONFIGURATION_SET, found),), limit=sets.limit))
    if settings.dialect.name is not DialectName.NATIVE:
        asked = (rule.selection for rule in settings.dialect.rules_of(place))
        selections += dict.fromkeys(selection for selection in asked if selection is not None)
        return _plan(settings, selections)
    for metric in all_metrics(settings):
        choices = metric.dimensions if metric.dimensions is not None else _known_choices(metric)
        selections += [_selection(choice, metric.name) for choice in choices]
    return _plan(settings, selections)


def _plan(settings: Settings, selections: Iterable[Selection]) -> DimensionPlan:
    dimensions = settings.sources.dimensions
    return DimensionPlan(tuple(selections), dimensions.limit, dimensions.refresh_seconds)


def default_statistics(metric: str, kind: Kind) -> tuple[str, ...]:
    """Return the statistics that *metric* has where none are configured."""
    known = METRICS.get(metric)
    return known.statistics if known else DEFAULT_STATISTICS[kind]


def _unnamed(settings: Settings, metric: str, statistics: tuple[str, ...], *, dimensioned: bool) -> tuple[str, ...]:
    """Return those of *statistics* whose native names are not a foreign dialect's: there its series stand."""
    taken = settings.dialect.family_names
    if not taken:
        return statistics
    names = {each: statistic_family(metric, each, dimensioned=dimensioned).name for each in statistics}
    return tuple(each for each, name in names.items() if name not in taken)


def _known_choices(metric: MetricSettings) -> tuple[Any, ...]:
    """Return what is read of a metric that the account as a whole does not have: everything there is."""
    known = METRICS.get(metric.name)
    return (ALL,) if known is not None and not known.account_level else ()


def _selection(choice: Any, metric: str) -> Selection:
    if choice == ALL:
        return Selection((), metric)
    return Selection(tuple((name, _chooser(values)) for name, values in choice.items()), metric)


def _chooser(wanted: Any) -> Chosen | Found:
    if isinstance(wanted, dict):
        return Found(tuple(wanted.get("include", ())), tuple(wanted.get("exclude", ())))
    return Chosen(tuple(wanted) if isinstance(wanted, list) else (wanted,))


def _first(*values: int | None) -> int:
    return next(value for value in values if value is not None)
