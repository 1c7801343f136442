"""The exporter's own and the process metrics: rendered at each scrape, by prometheus_client."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator

from prometheus_client import CollectorRegistry, Metric
from prometheus_client.exposition import choose_encoder

log = logging.getLogger(__name__)

_ACCEPT = {False: "text/plain; version=0.0.4", True: "application/openmetrics-text; version=1.0.0"}
EOF = b"# EOF\n"


class OwnMetrics:
    """Renders a registry in an order of its own: families by name, samples by labels, without `_created` series.

    The library leaves out `_created` only by a switch for the whole process, so they are taken out here.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        """Render what is in *registry* at the time of each call."""
        self._registry = registry
        self._failing = False

    def render(self, *, openmetrics: bool, names: frozenset[str] | None) -> bytes:
        """Return all families, or of those samples only that are called one of *names*. No end mark.

        A family that cannot be collected or rendered is left out and logged, once until all go well again: the numbers
        of SES do not depend on it.
        """
        encode, _ = choose_encoder(_ACCEPT[openmetrics])
        pieces, failed = [], False
        families = self._collect()
        while True:
            try:
                family = next(families, None)
                if family is None:
                    break
                kept = _kept(family, names)
                if kept.samples or names is None:
                    pieces.append((kept.name, encode(_One(kept)).removesuffix(EOF)))
            except Exception:
                failed = True
                if not self._failing:
                    log.exception("self-metric left out")
        self._failing = failed
        return b"".join(content for _, content in sorted(pieces))

    def _collect(self) -> Iterator[Metric]:
        return iter(self._registry.collect())


class _One:
    """One family, in the form of what the encoders take."""

    def __init__(self, family: Metric) -> None:
        self._family = family

    def collect(self) -> Iterable[Metric]:
        return (self._family,)


def _kept(family: Metric, names: frozenset[str] | None) -> Metric:
    created = f"{family.name}_created"
    kept = Metric(family.name, family.documentation, family.type)
    kept.samples = sorted(
        (sample for sample in family.samples if sample.name != created and (names is None or sample.name in names)),
        key=lambda sample: [item for item in sample.labels.items() if item[0] != "le"],
    )
    return kept
