"""Golden pages of other exporters: what they served, and what we serve for the same file, contents and moment."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from exporter.config.dialect import Place
from exporter.config.load import Loaded, load
from exporter.config.plan import dimension_plan, metric_plans
from exporter.exposition import NATIVE, Page
from exporter.sources.cloudwatch import CloudWatchSource
from exporter.store import Entry, Store, TargetKey
from exporter.telemetry import Telemetry
from tests.fakes.cloudwatch import FakeCloudWatch
from tests.sources.test_cloudwatch import Clients, identity, listing
from tests.stores import register

GOLDEN = Path(__file__).parent / "golden"
KEY = TargetKey("default", "us-east-1")
PLACE = ("default", "us-east-1")
SES = re.compile("aws_ses_(?!exporter_)")


class Shown(NamedTuple):
    """One sample: its value, and its timestamp in unix seconds where it has one."""

    value: float
    timestamp: float | None


@dataclass(frozen=True)
class Served:
    """A page: HELP and TYPE of the families that have samples, and the samples by name and labels."""

    families: dict[str, tuple[str, str]]
    samples: dict[str, Shown]


def served(page: str, names: Iterable[str] | None = None) -> Served:
    """Read *page*, of all families or of *names*."""
    wanted = None if names is None else set(names)
    families, samples = {}, {}
    for family in text_string_to_metric_families(page.replace(",}", "}")):
        for sample in family.samples:
            if wanted is not None and sample.name not in wanted:
                continue
            families[sample.name] = (family.type, family.documentation)
            labels = ",".join(f'{name}="{value}"' for name, value in sorted(sample.labels.items()))
            moment = None if sample.timestamp is None else float(sample.timestamp)
            samples[f"{sample.name}{{{labels}}}"] = Shown(sample.value, moment)
    return Served(families, samples)


class Difference(NamedTuple):
    """Why ours is another value, for all samples whose names match."""

    why: str
    ours: Shown


def of_ses(page: Served) -> Served:
    """Return what is SES's, without what the exporter says of itself."""
    return Served(
        {name: family for name, family in page.families.items() if SES.match(name)},
        {name: sample for name, sample in page.samples.items() if SES.match(name)},
    )


def expected(
    theirs: Mapping[str, Shown], differences: Mapping[str, Difference], given: Iterable[str] = ()
) -> dict[str, Shown]:
    """Return the samples of theirs, each purposeful difference, by a pattern of names, in place of its own.

    *given* are names of samples that only ours may have.
    """
    samples, known = dict(theirs), {**theirs, **dict.fromkeys(given)}
    for pattern, difference in differences.items():
        matched = [name for name in known if re.fullmatch(pattern, name.partition("{")[0])]
        assert matched, f"{pattern} is of no sample"
        for name in matched:
            assert samples.get(name) != difference.ours, f"{name} is no difference"
            samples[name] = difference.ours
    return samples


@dataclass
class Case:
    """One golden case, and our exporter in its place."""

    exporter: str
    name: str
    clients: Clients = field(default_factory=Clients)

    @property
    def folder(self) -> Path:
        return GOLDEN / self.exporter / self.name

    @cached_property
    def facts(self) -> Mapping[str, Any]:
        facts: Mapping[str, Any] = json.loads((self.folder / "case.json").read_text())
        return facts

    @cached_property
    def theirs(self) -> Served:
        return served((self.folder / "metrics.prom").read_text())

    @cached_property
    def loaded(self) -> Loaded:
        return load(self.folder / "config.yml", environ={}, flags={}, default_region=lambda: "us-east-1")

    async def page(self, *, later: float = 0.0) -> str:
        """Return our page, polled at the moment of theirs and rendered *later* seconds after."""
        return (await rendered(self.loaded, self.contents(), self.facts["scraped_at"], later=later)).decode()

    def contents(self) -> FakeCloudWatch:
        """Return a CloudWatch that holds what the case's did."""
        cloudwatch = FakeCloudWatch()
        for region, points in self.facts["cloudwatch"].items():
            for point in points:
                cloudwatch.put(
                    point["metric"], point["timestamp"], point["value"], dimensions=point["dimensions"], region=region
                )
        return cloudwatch


def assert_native(case: Case, samples: Collection[str]) -> None:
    """Assert that *samples* of our page have native labels and names, and that the counters and rates are there."""
    assert samples
    assert all('account_id="123456789012"' in sample and 'region="us-east-1"' in sample for sample in samples)
    names = {sample.partition("{")[0] for sample in samples}
    assert not names & case.loaded.settings.dialect.family_names
    prefix = "aws_ses_dimension_" if ".sets" in case.name else "aws_ses_"  # where the account itself has no rate
    rate = f"{prefix}reputation_bounce_rate"
    assert {"aws_ses_send_total", f"{prefix}send_total", rate, f"{rate}_timestamp_seconds"} <= names


async def rendered(
    loaded: Loaded, cloudwatch: FakeCloudWatch, now: float, *, later: float = 0.0, place: Place = PLACE
) -> bytes:
    """Return the page of *loaded* after one poll at *now* of what *cloudwatch* holds, *later* seconds after it.

    Of its targets it is that at *place*.
    """
    settings, moment = loaded.settings, [now]
    registry = CollectorRegistry()
    telemetry = Telemetry(registry, price_per_thousand_metrics_dollars=0.01)
    telemetry.set_dialect(settings.dialect.name)
    bound = telemetry.bind(KEY.target, KEY.region)
    store = Store()
    register(store, KEY, None, ("cloudwatch",))
    clients, who = Clients(cloudwatch, now), identity()
    plans, dimensions = metric_plans(settings, settings.targets[0]), dimension_plan(settings, place)
    lists = listing(clients, who, dimensions, plans)
    source = CloudWatchSource(
        clients,
        key="default/us-east-1",
        identity=who,
        plans=plans,
        poll_interval_seconds=settings.poll_interval_seconds,
        telemetry=bound,
        dimensions=dimensions,
        listing=lists,
        rules=settings.dialect.rules_of(place),
    )
    if lists is not None:
        await lists.poll(now)
    await source.poll(now)
    bound.poll_finished("cloudwatch", seconds=0.25, reason=None, at=now)
    store.put(Entry(KEY, "cloudwatch", source.account_id, answered=True, series=source.series()))
    page = Page(store, NATIVE, self_metrics=registry, clock=lambda: moment[0])
    moment[0] += later
    return page.render(openmetrics=False)
