"""A gauge that may have nothing to show."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client import Metric
from prometheus_client.metrics_core import GaugeMetricFamily
from prometheus_client.registry import Collector


class MaybeGauge(Collector):
    """One number, with no series while *value* is None."""

    def __init__(self, name: str, text: str) -> None:
        """Begin without a value; *text* is the HELP."""
        self.value: float | None = None
        self._name = name
        self._text = text

    def collect(self) -> Iterable[Metric]:
        """Return the family."""
        return [GaugeMetricFamily(self._name, self._text, value=self.value)]
