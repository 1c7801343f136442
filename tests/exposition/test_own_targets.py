"""The self-metrics of targets are the library's to the byte, and rendered again only when they change."""

from __future__ import annotations

import gc
import weakref

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Metric
from prometheus_client.registry import Collector

from exporter.errors import Reason
from exporter.exposition.own import OwnMetrics
from exporter.telemetry import SOURCES, TargetFamily, TargetTelemetry, Telemetry
from tests.pages import read_openmetrics, read_text

P = "aws_ses_exporter_"
FAMILIES = 15


class World:
    """Some targets and the page of their self-metrics."""

    def __init__(self, *targets: str) -> None:
        self.registry = CollectorRegistry()
        self.telemetry = Telemetry(self.registry, price_per_thousand_metrics_dollars=0.01, build={}, proc="/nowhere")
        self.bound = {target: self.telemetry.bind(target, "us-east-1") for target in targets}
        self.own = OwnMetrics(self.registry)

    def text(self, *names: str, openmetrics: bool = False) -> str:
        return self.own.render(openmetrics=openmetrics, names=frozenset(names) if names else None).decode()


class Plain(Collector):
    """The same families as the library's own metrics, all samples made."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry

    def collect(self) -> list[Metric]:
        families = []
        for family in self._registry.collect():
            plain = Metric(family.name, family.documentation, family.type)
            plain.samples = list(family.samples)
            families.append(plain)
        return families


@pytest.fixture
def rendered(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """What was rendered: target and family."""
    seen: list[tuple[str, str]] = []
    numbers = TargetTelemetry.numbers

    def spy(target: TargetTelemetry, family: TargetFamily) -> list[float]:
        seen.append((target.place[0], family.family.name))
        return numbers(target, family)

    monkeypatch.setattr(TargetTelemetry, "numbers", spy)
    return seen


@pytest.mark.parametrize("openmetrics", [False, True])
@given(
    targets=st.sets(
        st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1) | st.sampled_from(['a"b\\', "%s", "{}", "b"]),
        max_size=3,
    ),
    number=st.floats(min_value=0),
)
def test_every_byte_is_as_the_library_would_write_it(openmetrics: bool, targets: set[str], number: float) -> None:
    world = World(*targets)
    for bound in world.bound.values():
        bound.poll_finished("cloudwatch", seconds=number, reason=Reason.TIMEOUT, at=number)
        bound.poll_finished("account", seconds=0.3, reason=None, at=number)
        bound.clock_offset(-number)
        bound.requested("ListMetrics")
    library = CollectorRegistry()
    library.register(Plain(world.registry))
    for names in (None, frozenset({f"{P}polls_total", f"{P}poll_duration_seconds_count"})):
        expected = OwnMetrics(library).render(openmetrics=openmetrics, names=names)
        assert world.own.render(openmetrics=openmetrics, names=names) == expected


def test_what_did_not_change_is_not_rendered_again_in_either_format(rendered: list[tuple[str, str]]) -> None:
    world = World("a", "b")
    world.text()
    assert len(rendered) == 2 * FAMILIES
    before = world.text(openmetrics=True), world.text()
    assert (world.text(openmetrics=True), world.text()) == before
    assert len(rendered) == 2 * FAMILIES


def test_of_a_target_that_changed_only_the_families_that_did_are_rendered(rendered: list[tuple[str, str]]) -> None:
    world = World("a", "b")
    world.text()
    rendered.clear()
    world.bound["b"].poll_finished("cloudwatch", seconds=1, reason=Reason.TIMEOUT, at=1.0)
    assert f'{P}polls_total{{region="us-east-1",source="cloudwatch",target="b"}} 1.0\n' in world.text()
    changed = ("last_poll_successful", "poll_duration_seconds", "poll_failures_total", "polls_total")
    assert sorted(rendered) == [("b", P + name) for name in changed]


def test_a_family_whose_names_cannot_match_is_not_rendered(rendered: list[tuple[str, str]]) -> None:
    world = World("a")
    assert not world.text("aws_ses_up", f"{P}polls")
    assert not rendered
    assert len(read_text(world.text(f"{P}polls_total"))) == len(SOURCES)
    assert rendered == [("a", f"{P}polls_total")]


@pytest.mark.parametrize("parts", [("sum",), ("count", "sum"), ("bucket",), ("bucket", "count", "sum")])
def test_of_a_histogram_the_samples_asked_for_are_shown(parts: tuple[str, ...]) -> None:
    world = World("a", "b")
    names = {f"{P}poll_duration_seconds_{part}" for part in parts}
    text = world.text(*names)
    assert {name for name, _ in read_text(text)} == names
    assert text.count("# TYPE") == 1
    assert not World().text(*names)


def test_a_family_without_samples_has_its_header_and_none_where_names_are_asked_for() -> None:
    world = World("a")
    assert f"# TYPE {P}clock_offset_seconds gauge\n" in world.text()
    assert not world.text(f"{P}clock_offset_seconds")
    world.bound["a"].clock_offset(1.5)
    assert len(read_text(world.text(f"{P}clock_offset_seconds"))) == 1


def test_a_target_that_is_forgotten_is_neither_shown_nor_kept() -> None:
    world = World("a", "b")
    world.text()
    gone = weakref.ref(world.bound.pop("a"))
    world.telemetry.forget("a", "us-east-1")
    assert 'target="a"' not in world.text()
    gc.collect()
    assert gone() is None


def test_a_target_that_comes_back_is_another_one() -> None:
    world = World("a")
    world.bound["a"].series_served(7)
    world.text()
    world.telemetry.forget("a", "us-east-1")
    world.telemetry.bind("a", "us-east-1")
    assert f'{P}series_served{{region="us-east-1",target="a"}} 0.0\n' in world.text()


def test_targets_are_sorted_whatever_the_order_of_their_binding() -> None:
    assert World("b", "a").text() == World("a", "b").text()


def test_both_formats_say_the_same() -> None:
    world = World("a", "b")
    assert read_text(world.text()) == read_openmetrics(world.text(openmetrics=True) + "# EOF\n")
