"""The exporter's metrics about itself, `aws_ses_exporter_*`, and those of its process.

They carry `target`, `region`, `source` and `operation`, never an account id, and exist with 0 from the moment a target
is bound: a failure is visible when not even the account is known.
"""

from __future__ import annotations

import platform
from collections.abc import Collection, Iterable, Mapping

from prometheus_client import CollectorRegistry

from exporter import __version__
from exporter.config.accounts import Account
from exporter.config.dialect import DialectName
from exporter.errors import Refusal
from exporter.telemetry.collector import TargetCollector, TargetMetric
from exporter.telemetry.families import Labels, ProcessFamilies, TargetFamily
from exporter.telemetry.foreign import ForeignCollector
from exporter.telemetry.process import Process
from exporter.telemetry.target import TargetTelemetry

__all__ = [
    "OPERATIONS",
    "SOURCES",
    "Labels",
    "TargetFamily",
    "TargetMetric",
    "TargetTelemetry",
    "Telemetry",
    "operations_of",
]

SOURCES = ("cloudwatch", "account", "dimensions", "linked")
OPERATIONS = ("GetMetricData", "ListMetrics", "GetAccount", "GetCallerIdentity", "AssumeRole")

_HASH_DIGITS = 12


class Telemetry:
    """All self-metrics on one registry. What belongs to a target is written through `bind`.

    Those of the process, which change at every look, are apart in `process`; of the others `version` tells whether they
    changed.
    """

    def __init__(
        self,
        registry: CollectorRegistry,
        *,
        price_per_thousand_metrics_dollars: float,
        build: Mapping[str, str] | None = None,
        proc: str = "/proc",
    ) -> None:
        """Put every family on *registry*; *build* are the labels of build_info, *proc* is where the process is read."""
        self.process = Process(proc)
        self._version = 0
        build = build or {"version": __version__, "python_version": platform.python_version()}
        self._families = ProcessFamilies(registry, build=build)
        self._price_per_thousand_metrics_dollars = price_per_thousand_metrics_dollars
        self._bound: dict[tuple[str, str], TargetTelemetry] = {}
        registry.register(TargetCollector(self._bound.values))
        self._foreign = ForeignCollector(self._bound.values)
        registry.register(self._foreign)

    def version(self) -> int:
        """Return a number that is new whenever anything but the metrics of the process is."""
        return self._version

    def config_loaded(self, sha256: str, at: float) -> None:
        """Note that the configuration with this hexadecimal hash came into force at *at* (unix seconds)."""
        self._changed()
        self._families.config_hash.set(int(sha256[:_HASH_DIGITS], 16))
        self._families.reload_successful.set(1)
        self._families.reload_time.set(at)

    def config_reload_failed(self) -> None:
        """Note that a configuration was refused and the old one stays."""
        self._changed()
        self._families.reload_successful.set(0)

    def web_loaded(self, not_after: float | None) -> None:
        """Note that a web configuration came into force whose certificate is valid until *not_after* (unix seconds)."""
        self._changed()
        self._families.web_reload_successful.set(1)
        self._families.web_not_after.value = not_after

    def web_reload_failed(self) -> None:
        """Note that a change of the web configuration was refused and the old one stays."""
        self._changed()
        self._families.web_reload_successful.set(0)
        self._families.web_reload_failures.inc()

    def web_refused(self, reason: Refusal) -> None:
        """Note that somebody was not let in."""
        self._changed()
        self._families.web_refused.labels(reason).inc()

    def set_price(self, dollars: float) -> None:
        """Count metrics requested from now on at *dollars* per thousand; what was counted stays."""
        self._price_per_thousand_metrics_dollars = dollars

    def set_dialect(self, name: DialectName) -> None:
        """Serve the self-metrics of the dialect *name* beside our own from now on."""
        self._changed()
        self._foreign.dialect = name

    def writer(self, target: str, region: str) -> TargetTelemetry:
        """Return what `bind` does, without putting anything on the page yet."""
        place = (target, region)
        if place not in self._bound:
            self._bound[place] = TargetTelemetry(
                *place, lambda: self._price_per_thousand_metrics_dollars, self._changed
            )
            self._changed()
        return self._bound[place]

    def bind(
        self,
        target: str,
        region: str,
        *,
        sources: Iterable[str] = SOURCES,
        operations: Iterable[str] = OPERATIONS,
    ) -> TargetTelemetry:
        """Return what one target and region writes to, with every label value of *sources* and *operations* at 0.

        Bound again, it is the same one: it keeps its numbers and loses the sources that are no more. Of the operations
        it keeps those that have counted, whether or not they are among *operations*.
        """
        bound = self.writer(target, region)
        bound.prepare(tuple(sources), tuple(operations))
        return bound

    def forget(self, target: str, region: str) -> None:
        """Take a target and region off the page; raises KeyError when it is not bound.

        What a call that is still under way writes later is not seen.
        """
        del self._bound[target, region]
        self._changed()

    def _changed(self) -> None:
        self._version += 1


def operations_of(account: Account, sources: Collection[str]) -> tuple[str, ...]:
    """Return the operations that reading *account* with *sources*, by their names, can take.

    What is asked of a linked account is counted where it is asked, at the monitoring account.
    """
    if account.linked is not None:
        return ()
    needed = {
        "GetMetricData": "cloudwatch" in sources,
        "ListMetrics": "dimensions" in sources or "linked" in sources,
        "GetAccount": "account" in sources,
        "GetCallerIdentity": account.account_id is None,
        "AssumeRole": account.target.role_arn is not None,
    }
    return tuple(operation for operation in OPERATIONS if needed[operation])
