"""The self-metrics of all targets as prometheus_client takes them, without making a sample that nobody asks for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property

from prometheus_client import Metric
from prometheus_client.registry import Collector
from prometheus_client.samples import Sample

from exporter.telemetry.families import TARGET_FAMILIES, TargetFamily
from exporter.telemetry.target import TargetTelemetry


class TargetMetric(Metric):
    """One family of *targets*, sorted. Its samples are made when they are asked for; who renders by target need not."""

    def __init__(self, source: TargetFamily, targets: Sequence[TargetTelemetry]) -> None:
        """Make no sample yet."""
        family = source.family
        super().__init__(family.name.removesuffix("_total"), family.help, family.type)
        del self.samples
        self.source = source
        self.targets = targets

    @cached_property
    def samples(self) -> list[Sample]:  # type: ignore[override]  # there it is a plain attribute
        """The samples of all targets."""
        return [sample for target in self.targets for sample in target.samples(self.source)]


class TargetCollector(Collector):
    """Gives every family of every target that is bound."""

    def __init__(self, bound: Callable[[], Iterable[TargetTelemetry]]) -> None:
        """Ask *bound* at each collection."""
        self._bound = bound

    def collect(self) -> Iterable[Metric]:
        """Return the families, each with all targets."""
        targets = sorted(self._bound(), key=lambda target: target.place)
        return [TargetMetric(family, targets) for family in TARGET_FAMILIES]
