"""A page on a store with a clock that stands still until it is told to go."""

from __future__ import annotations

from prometheus_client import CollectorRegistry

from exporter.exposition import NATIVE, Page
from exporter.exposition.naming import NamingScheme
from exporter.series.observations import Series
from exporter.store import Entry, Store, TargetKey
from tests.stores import register

ACCOUNT = "123456789012"
KEY = TargetKey("default", "us-east-1")


class World:
    """One store, one page; targets have one source, `cloudwatch`."""

    def __init__(self, scheme: NamingScheme = NATIVE) -> None:
        self.now = 1000.0
        self.store = Store()
        self.registry = CollectorRegistry()
        self.page = Page(self.store, scheme, self_metrics=self.registry, clock=lambda: self.now)

    def add(self, key: TargetKey, *series: Series, account: str | None = ACCOUNT, name: str | None = None) -> None:
        register(self.store, key, name, ("cloudwatch",))
        self.put(key, *series, account=account)

    def put(self, key: TargetKey, *series: Series, account: str | None = ACCOUNT, answered: bool | None = True) -> None:
        self.store.put(Entry(key, "cloudwatch", account, answered, series))

    def text(self, *names: str, openmetrics: bool = False) -> str:
        return self.page.render(openmetrics=openmetrics, names=frozenset(names) if names else None).decode()

    def samples(self, *names: str) -> list[str]:
        return [line for line in self.text(*names).splitlines() if not line.startswith("#")]

    def shown(self, name: str) -> list[str]:
        return [line.removeprefix(name) for line in self.samples(name)]
