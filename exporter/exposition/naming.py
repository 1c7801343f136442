"""How a series is called on the page: name, TYPE, HELP, labels and timestamp, as data that can be exchanged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from exporter import catalogue
from exporter.catalogue import Family
from exporter.series.observations import FACT, HELD, TIME, TOTAL, Reading, Series

Labels = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class NamingScheme:
    """The names of one dialect.

    *family* takes a metric, an aspect and the names of the dimensions (none for the account as a whole and for facts),
    and always gives the same answer for them; *labels* takes account id, region and series, and gives label names that
    are legal and differ; *timestamp* takes a series and the reading shown, and gives unix seconds to print beside the
    value, None for none.
    """

    family: Callable[[str, str, tuple[str, ...]], Family]
    labels: Callable[[str, str, Series], Labels]
    timestamp: Callable[[Series, Reading], float | None]


def _native_family(metric: str, aspect: str, dimensions: tuple[str, ...]) -> Family:
    dimensioned = bool(dimensions)
    match aspect:
        case _ if aspect == TOTAL:
            return catalogue.total_family(metric, dimensioned=dimensioned)
        case _ if aspect == HELD:
            return catalogue.held_family(metric, dimensioned=dimensioned)
        case _ if aspect == TIME:
            return catalogue.time_family(metric, dimensioned=dimensioned)
        case _ if aspect == FACT:
            return catalogue.fact_family(metric)
        case _:
            return catalogue.statistic_family(metric, aspect, dimensioned=dimensioned)


def _native_labels(account_id: str, region: str, series: Series) -> Labels:
    labels = {"account_id": account_id, "region": region}
    for given, value in series.labels:
        name = catalogue.label_name(given)
        while name in labels:
            name += "_"
        labels[name] = value
    return tuple(labels.items())


def _no_timestamp(_series: Series, _reading: Reading) -> float | None:
    return None


def family_of(scheme: NamingScheme, series: Series) -> Family:
    """Return the family of *series*: as the foreign rule that asked for it says, else by *scheme*."""
    if series.rule is not None:
        return series.rule.family(series.aspect)
    dimensions = () if series.aspect == FACT else tuple([name for name, _ in series.labels])
    return scheme.family(series.metric, series.aspect, dimensions)


def labels_of(
    scheme: NamingScheme, account_id: str, region: str, series: Series, others: tuple[str, ...] = ()
) -> Labels:
    """Return the labels of *series*, by its rule or by *scheme*; *others* are those its family has, for the rule."""
    if series.rule is not None:
        return series.rule.label_pairs(account_id, region, series.labels, others)
    return scheme.labels(account_id, region, series)


def timestamp_of(scheme: NamingScheme, series: Series, reading: Reading) -> float | None:
    """Return the time to print beside *reading* of *series*, by its rule or by *scheme*."""
    if series.rule is not None:
        return reading.timestamp_seconds if series.rule.timestamps else None
    return scheme.timestamp(series, reading)


NATIVE = NamingScheme(family=_native_family, labels=_native_labels, timestamp=_no_timestamp)
