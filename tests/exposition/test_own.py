from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Metric
from prometheus_client.registry import Collector

from exporter.exposition.own import OwnMetrics
from tests.pages import read_openmetrics, read_text


def a_registry() -> CollectorRegistry:
    registry = CollectorRegistry()
    requests = Counter("zeta_requests_total", "Requests.", ("target",), registry=registry)
    requests.labels("two").inc(2)
    requests.labels("one").inc()
    Gauge("alpha", "A gauge.", registry=registry).set(1.5)
    duration = Histogram("beta_seconds", "A duration.", ("target",), buckets=(2, 10), registry=registry)
    duration.labels("two").observe(3)
    duration.labels("one").observe(1)
    return registry


def test_families_are_sorted_by_name_and_samples_by_labels() -> None:
    page = OwnMetrics(a_registry()).render(openmetrics=False, names=None).decode()
    samples = [line.split(" ")[0] for line in page.splitlines() if not line.startswith("#")]
    assert samples == [
        "alpha",
        *(
            f'beta_seconds_{part}target="{target}"}}'
            for target in ("one", "two")
            for part in ('bucket{le="2.0",', 'bucket{le="10.0",', 'bucket{le="+Inf",', "count{", "sum{")
        ),
        'zeta_requests_total{target="one"}',
        'zeta_requests_total{target="two"}',
    ]


@pytest.mark.parametrize("openmetrics", [False, True])
def test_there_are_no_created_series_though_the_library_would_make_them(openmetrics: bool) -> None:
    registry = a_registry()
    assert any(sample.name.endswith("_created") for family in registry.collect() for sample in family.samples)
    assert b"_created" not in OwnMetrics(registry).render(openmetrics=openmetrics, names=None)


def test_a_family_named_created_that_is_no_library_extra_stays() -> None:
    registry = CollectorRegistry()
    Gauge("things_created", "Things.", registry=registry)
    assert b"things_created 0.0\n" in OwnMetrics(registry).render(openmetrics=False, names=None)


def test_both_formats_say_the_same() -> None:
    own = OwnMetrics(a_registry())
    text = own.render(openmetrics=False, names=None).decode()
    openmetrics = own.render(openmetrics=True, names=None).decode()
    assert not openmetrics.endswith("# EOF\n")
    assert read_text(text) == read_openmetrics(openmetrics + "# EOF\n")


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        (frozenset({"alpha"}), {"alpha"}),
        (frozenset({"zeta_requests_total", "beta_seconds_sum"}), {"zeta_requests_total", "beta_seconds_sum"}),
        (frozenset({"zeta_requests"}), set()),
        (frozenset({"unknown"}), set()),
        (frozenset[str](), set()),
    ],
)
def test_a_filter_takes_sample_names_as_the_library_does(names: frozenset[str], shown: set[str]) -> None:
    registry = a_registry()
    page = OwnMetrics(registry).render(openmetrics=False, names=names).decode()
    ours = {name for name, _ in read_text(page)}
    theirs = {sample.name for family in registry.restricted_registry(names).collect() for sample in family.samples}
    assert ours == theirs == shown
    assert shown or not page


class Broken(Collector):
    def __init__(self) -> None:
        self.broken = True

    def collect(self) -> Iterator[Metric]:
        if self.broken:
            raise RuntimeError("no /proc today")
        yield Metric("mended", "Well again.", "gauge")


def test_a_collector_that_raises_does_not_kill_the_page_and_is_logged_once_until_it_is_well(
    caplog: pytest.LogCaptureFixture,
) -> None:
    registry = a_registry()
    broken = Broken()
    registry.register(broken)
    own = OwnMetrics(registry)
    for _ in range(3):
        assert b"alpha 1.5\n" in own.render(openmetrics=False, names=None)
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    broken.broken = False
    assert b"mended" in own.render(openmetrics=False, names=None)
    broken.broken = True
    own.render(openmetrics=False, names=None)
    assert len(caplog.records) == 2


class Odd(Collector):
    def collect(self) -> Iterator[Metric]:
        odd = Metric("odd", "A value that is none.", "gauge")
        odd.add_sample("odd", {}, "many")  # type: ignore[arg-type]
        yield odd
        yield Metric("omega", "After the odd one.", "gauge")


def test_a_family_that_cannot_be_rendered_is_left_out_alone(caplog: pytest.LogCaptureFixture) -> None:
    registry = a_registry()
    registry.register(Odd())
    page = OwnMetrics(registry).render(openmetrics=False, names=None)
    assert b"alpha 1.5\n" in page
    assert b"# TYPE omega gauge\n" in page
    assert b"odd" not in page.replace(b"odd one", b"")
    assert len(caplog.records) == 1


def test_with_a_version_nothing_is_looked_at_again_until_it_is_another_one() -> None:
    registry = CollectorRegistry()
    gauge = Gauge("alpha", "A gauge.", registry=registry)
    version = [1]
    own = OwnMetrics(registry, lambda: version[0])
    before = own.render(openmetrics=False, names=None)
    gauge.set(4)
    assert own.render(openmetrics=False, names=None) is before
    assert b"alpha 4.0\n" in own.render(openmetrics=True, names=None)
    assert b"alpha 4.0\n" in own.render(openmetrics=False, names=frozenset({"alpha"}))
    version[0] = 2
    assert b"alpha 4.0\n" in own.render(openmetrics=False, names=None)


def test_what_failed_is_tried_again_under_the_same_version() -> None:
    registry = a_registry()
    broken = Broken()
    registry.register(broken)
    own = OwnMetrics(registry, lambda: 1)
    own.render(openmetrics=False, names=None)
    broken.broken = False
    assert b"mended" in own.render(openmetrics=False, names=None)
