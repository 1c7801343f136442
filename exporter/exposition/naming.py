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

    *family* takes a metric and an aspect, and always gives the same answer for them; *labels* takes account id, region
    and series, and gives label names that are legal and differ; *timestamp* takes a series and the reading shown, and
    gives unix seconds to print beside the value, None for none.
    """

    family: Callable[[str, str], Family]
    labels: Callable[[str, str, Series], Labels]
    timestamp: Callable[[Series, Reading], float | None]


def _native_family(metric: str, aspect: str) -> Family:
    match aspect:
        case _ if aspect == TOTAL:
            return catalogue.total_family(metric)
        case _ if aspect == HELD:
            return catalogue.held_family(metric)
        case _ if aspect == TIME:
            return catalogue.time_family(metric)
        case _ if aspect == FACT:
            return catalogue.fact_family(metric)
        case _:
            return catalogue.statistic_family(metric, aspect)


def _native_labels(account_id: str, region: str, series: Series) -> Labels:
    labels = {"account_id": account_id, "region": region}
    for given, value in series.labels:
        name = catalogue.snake(given)
        if not name or name[0].isdigit():
            name = f"_{name}"
        while name in labels:
            name += "_"
        labels[name] = value
    return tuple(labels.items())


def _no_timestamp(_series: Series, _reading: Reading) -> float | None:
    return None


NATIVE = NamingScheme(family=_native_family, labels=_native_labels, timestamp=_no_timestamp)
