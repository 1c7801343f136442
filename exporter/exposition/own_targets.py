"""The self-metrics of the targets: bytes that are kept until a number of their target changes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from exporter.exposition.text import encoded, escaped, header, label_text, number
from exporter.telemetry import Labels, TargetFamily, TargetMetric, TargetTelemetry

_PLACE = {"target": "\0target", "region": "\0region"}
"""Marks for what differs from target to target; no configuration can hold them."""


class OwnTargets:
    """Keeps the samples of each target by family. They are the same bytes in both formats; only headers differ."""

    def __init__(self) -> None:
        """Keep nothing yet."""
        self._kept: defaultdict[TargetFamily, dict[TargetTelemetry, tuple[int, bytes]]] = defaultdict(dict)
        self._forms: dict[tuple[TargetFamily, tuple[Labels, ...]], str] = {}

    def render(self, metric: TargetMetric, *, openmetrics: bool, names: frozenset[str] | None) -> list[bytes]:
        """Return *metric* in pieces, or of its samples those only that are called one of *names*."""
        shown = metric.source.sample_names if names is None else names.intersection(metric.source.sample_names)
        if not shown:
            return []
        pieces = self._samples(metric.source, metric.targets)
        if len(shown) < len(metric.source.sample_names):
            heads = tuple(encoded(f"{name}{{") for name in shown)
            pieces = [line for piece in pieces for line in piece.splitlines(keepends=True) if line.startswith(heads)]
        if names is not None and not any(pieces):
            return []
        return [header(metric.source.family, openmetrics=openmetrics), *pieces]

    def _samples(self, family: TargetFamily, targets: Sequence[TargetTelemetry]) -> list[bytes]:
        before, after = self._kept[family], {}
        for target in targets:
            kept = before.get(target)
            if kept is None or kept[0] != target.versions[family]:
                kept = (target.versions[family], self._rendered(target, family))
            after[target] = kept
        self._kept[family] = after
        return [content for _, content in after.values()]

    def _rendered(self, target: TargetTelemetry, family: TargetFamily) -> bytes:
        key = (family, target.label_values(family))
        if key not in self._forms:
            self._forms[key] = _form(*key)
        text = self._forms[key] % tuple(map(number, target.numbers(family)))
        for mark, value in zip(_PLACE.values(), target.place, strict=True):
            text = text.replace(mark, escaped(value))
        return encoded(text)


def _form(family: TargetFamily, label_values: tuple[Labels, ...]) -> str:
    """Return the lines of *family* with `%s` for each number and the marks of the place, good for any target."""
    lines = []
    for values in label_values:
        for name, labels in family.rows(values):
            text = label_text(tuple(sorted((_PLACE | labels).items())))
            lines.append(f"{name}{text} ".replace("%", "%%") + "%s\n")
    return "".join(lines)
