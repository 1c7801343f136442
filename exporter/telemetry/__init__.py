"""The exporter's metrics about itself, `aws_ses_exporter_*`, and those of its process.

They carry `target`, `region`, `source` and `operation`, never an account id, and exist with 0 from the moment a target
is bound: a failure is visible when not even the account is known.
"""

from __future__ import annotations

import platform
from collections.abc import Iterable, Mapping

from prometheus_client import CollectorRegistry
from prometheus_client.process_collector import ProcessCollector

from exporter import __version__
from exporter.telemetry.families import Families
from exporter.telemetry.guarded import Guarded
from exporter.telemetry.target import TargetTelemetry

__all__ = ["OPERATIONS", "SOURCES", "TargetTelemetry", "Telemetry"]

SOURCES = ("cloudwatch", "account")
OPERATIONS = ("GetMetricData", "GetAccount", "GetCallerIdentity", "AssumeRole")

_HASH_DIGITS = 12


class Telemetry:
    """All self-metrics on one registry. What belongs to a target is written through `bind`."""

    def __init__(
        self,
        registry: CollectorRegistry,
        *,
        price_per_thousand_metrics_dollars: float,
        build: Mapping[str, str] | None = None,
        proc: str = "/proc",
    ) -> None:
        """Put every family on *registry*; *build* are the labels of build_info, *proc* is where the process is read."""
        self._families = Families(
            registry,
            price_per_thousand_metrics_dollars=price_per_thousand_metrics_dollars,
            build=build or {"version": __version__, "python_version": platform.python_version()},
        )
        self._bound: dict[tuple[str, str], TargetTelemetry] = {}
        registry.register(Guarded(ProcessCollector(proc=proc, registry=None)))

    def config_loaded(self, sha256: str, at: float) -> None:
        """Note that the configuration with this hexadecimal hash came into force at *at* (unix seconds)."""
        self._families.config_hash.set(int(sha256[:_HASH_DIGITS], 16))
        self._families.reload_successful.set(1)
        self._families.reload_time.set(at)

    def config_reload_failed(self, at: float) -> None:  # noqa: ARG002 - the page shows the time of successes only
        """Note that a configuration was refused at *at* and the old one stays."""
        self._families.reload_successful.set(0)

    def set_price(self, dollars: float) -> None:
        """Count metrics requested from now on at *dollars* per thousand; what was counted stays."""
        self._families.price_per_thousand_metrics_dollars = dollars

    def bind(
        self,
        target: str,
        region: str,
        *,
        sources: Iterable[str] = SOURCES,
        operations: Iterable[str] = OPERATIONS,
    ) -> TargetTelemetry:
        """Return what one target and region writes to, with every label value of *sources* and *operations* at 0.

        Bound again, it is the same one: it keeps its numbers and loses the sources that are no more.
        """
        bound = self._bound.setdefault((target, region), TargetTelemetry(self._families, target, region))
        bound.prepare(tuple(sources), tuple(operations))
        return bound

    def forget(self, target: str, region: str) -> None:
        """Take a target and region off the page; raises KeyError when it is not bound."""
        self._bound.pop((target, region)).remove()
