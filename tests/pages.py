"""Pages read back by prometheus_client's own parsers."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from prometheus_client import Metric
from prometheus_client.openmetrics import parser as openmetrics
from prometheus_client.parser import text_string_to_metric_families

Sample = tuple[str, tuple[tuple[str, str], ...]]
"""A sample's name and its labels, sorted."""

_openmetrics_families: Callable[[str], Iterable[Metric]] = openmetrics.text_string_to_metric_families


def read_text(page: str) -> dict[Sample, float]:
    """Return the samples of a page in text 0.0.4; raises ValueError when it is none."""
    return _samples(text_string_to_metric_families(page))


def read_openmetrics(page: str) -> dict[Sample, float]:
    """Return the samples of a page in OpenMetrics 1.0, end mark included; raises ValueError when it is none."""
    return _samples(_openmetrics_families(page))


def _samples(families: Iterable[Metric]) -> dict[Sample, float]:
    found: dict[Sample, float] = {}
    for family in families:
        for sample in family.samples:
            key = (sample.name, tuple(sorted(sample.labels.items())))
            if key in found:
                raise ValueError(f"twice on the page: {key}")
            found[key] = sample.value
    return found
