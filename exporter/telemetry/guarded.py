"""A guard for collectors that we did not write."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from prometheus_client import Metric
from prometheus_client.registry import Collector

log = logging.getLogger(__name__)


class Guarded(Collector):
    """A collector that may fail without harm to the rest of the page: then it gives nothing, and a warning once."""

    def __init__(self, inner: Collector) -> None:
        """Guard *inner*."""
        self._inner = inner
        self._failed = False

    def collect(self) -> Iterable[Metric]:
        """Return what the inner collector gives, nothing when it fails."""
        try:
            families = list(self._inner.collect())
        except Exception:
            if not self._failed:
                log.exception("process metrics left out")
            self._failed = True
            return []
        self._failed = False
        return families
