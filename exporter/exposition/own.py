"""The exporter's own metrics: bytes kept as a whole, by target and by family, as long as they would be the same."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Any

from prometheus_client import CollectorRegistry, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.samples import Sample

from exporter.exposition.own_targets import OwnTargets
from exporter.telemetry import TargetMetric

log = logging.getLogger(__name__)

_ACCEPT = {False: "text/plain; version=0.0.4", True: "application/openmetrics-text; version=1.0.0"}
EOF = b"# EOF\n"

_Content = tuple[str, str, list[Sample]]


class OwnMetrics:
    """Renders a registry in an order of its own: families by name, samples by labels, without `_created` series.

    The library leaves out `_created` only by a switch for the whole process, so they are taken out here.
    """

    def __init__(self, registry: CollectorRegistry, version: Callable[[], int] | None = None) -> None:
        """Render what is in *registry* at the time of each call, without *version*; with it, when that is another."""
        self._registry = registry
        self._version = version
        self._whole: dict[bool, tuple[int, bytes]] = {}
        self._targets = OwnTargets()
        self._encoders = {openmetrics: choose_encoder(accept)[0] for openmetrics, accept in _ACCEPT.items()}
        self._kept: dict[tuple[bool, str], tuple[_Content, list[bytes]]] = {}
        self._failing = False

    def render(self, *, openmetrics: bool, names: frozenset[str] | None) -> bytes:
        """Return all families, or of those samples only that are called one of *names*. No end mark.

        Without *names* it is the same object as long as the version is the same. A family that cannot be collected or
        rendered is left out and logged, once until all go well again: the numbers of SES do not depend on it.
        """
        version = None if self._version is None or names is not None else self._version()
        if version is not None and openmetrics in self._whole and self._whole[openmetrics][0] == version:
            return self._whole[openmetrics][1]
        content = self._render(openmetrics=openmetrics, names=names)
        if version is not None and not self._failing:
            self._whole[openmetrics] = (version, content)
        return content

    def _render(self, *, openmetrics: bool, names: frozenset[str] | None) -> bytes:
        pieces: list[tuple[str, list[bytes]]] = []
        failed = False
        families = iter(self._registry.collect())
        while True:
            try:
                family = next(families, None)
                if family is None:
                    break
                if isinstance(family, TargetMetric):
                    rendered = self._targets.render(family, openmetrics=openmetrics, names=names)
                else:
                    rendered = self._rendered(family, openmetrics=openmetrics, names=names)
                pieces.append((family.name, rendered))
            except Exception:
                failed = True
                if not self._failing:
                    log.exception("self-metric left out")
        self._failing = failed
        return b"".join(content for _, contents in sorted(pieces) for content in contents)

    def _rendered(self, family: Metric, *, openmetrics: bool, names: frozenset[str] | None) -> list[bytes]:
        """Return *family* in pieces: those of the last time where it says the same, as most do for hours."""
        if names is not None:
            return _rendered(family, self._encoders[openmetrics], names)
        content = (family.type, family.documentation, family.samples)
        kept = self._kept.get((openmetrics, family.name))
        if kept is None or kept[0] != content:
            kept = (content, _rendered(family, self._encoders[openmetrics], names))
            self._kept[openmetrics, family.name] = kept
        return kept[1]


class _One:
    """One family, in the form of what the encoders take."""

    def __init__(self, family: Metric) -> None:
        self._family = family

    def collect(self) -> Iterable[Metric]:
        return (self._family,)


def _rendered(family: Metric, encode: Callable[[Any], bytes], names: frozenset[str] | None) -> list[bytes]:
    created = f"{family.name}_created"
    kept = Metric(family.name, family.documentation, family.type)
    kept.samples = sorted(
        (sample for sample in family.samples if sample.name != created and (names is None or sample.name in names)),
        key=lambda sample: [item for item in sample.labels.items() if item[0] != "le"],
    )
    if names is not None and not kept.samples:
        return []
    return [encode(_One(kept)).removesuffix(EOF)]
