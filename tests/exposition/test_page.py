from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace

import pytest
from prometheus_client import Gauge

from exporter.catalogue import Family
from exporter.exposition import NATIVE, Page
from exporter.series.observations import FACT, HELD, TOTAL, Reading, Series
from exporter.store import TargetKey
from exporter.telemetry.process import CPU, OPEN_FDS
from tests.exposition.world import ACCOUNT, KEY, World
from tests.pages import read_openmetrics, read_text
from tests.stores import drop

SENT = Series("Send", TOTAL, Reading(11200.0))
BOUNCES = Series("Bounce", "Sum", Reading(3.0))


@pytest.fixture
def world() -> World:
    world = World()
    world.add(KEY, SENT, BOUNCES)
    return world


def test_a_page_has_what_the_store_knows_sorted_by_name(world: World) -> None:
    place = f'account_id="{ACCOUNT}",region="us-east-1"'
    assert world.samples() == [
        f"aws_ses_bounce_sum{{{place}}} 3.0",
        f"aws_ses_send_total{{{place}}} 11200.0",
        f'aws_ses_target_info{{{place},name="default"}} 1.0',
        f"aws_ses_up{{{place}}} 1.0",
    ]


def test_a_counter_is_named_by_the_rules_of_each_format(world: World) -> None:
    assert "# TYPE aws_ses_send_total counter\naws_ses_send_total{" in world.text()
    openmetrics = world.text(openmetrics=True)
    assert "# TYPE aws_ses_send counter\naws_ses_send_total{" in openmetrics
    assert openmetrics.endswith("# EOF\n")
    assert openmetrics.count("# EOF") == 1


def test_an_empty_store_makes_an_empty_page() -> None:
    assert World().text() == ""
    assert World().text(openmetrics=True) == "# EOF\n"


def test_samples_are_sorted_by_account_region_and_labels() -> None:
    world = World()
    for target, account, region in (
        ("b", "2" * 12, "eu-west-1"),
        ("a", "1" * 12, "us-east-1"),
        ("a", "1" * 12, "eu-west-1"),
    ):
        states = [Series("enforcement_status", FACT, Reading(0.0), (("status", status),)) for status in ("Z", "A")]
        world.add(TargetKey(target, region), *states, account=account)
    assert [line.split(" ")[0] for line in world.shown("aws_ses_enforcement_status")] == [
        f'{{account_id="{account}",region="{region}",status="{status}"}}'
        for account, region in (("1" * 12, "eu-west-1"), ("1" * 12, "us-east-1"), ("2" * 12, "eu-west-1"))
        for status in "AZ"
    ]


def test_without_an_account_id_there_is_no_series() -> None:
    world = World()
    world.add(KEY, SENT, account=None)
    assert world.samples() == []


@pytest.mark.parametrize(("answered", "up"), [(None, []), (True, ["1.0"]), (False, ["0.0"])])
def test_up_is_there_once_it_is_known(answered: bool | None, up: list[str]) -> None:
    world = World()
    world.add(KEY)
    world.put(KEY, answered=answered)
    assert [line.split(" ")[1] for line in world.shown("aws_ses_up")] == up


def test_target_info_has_the_configured_name_or_else_the_target() -> None:
    world = World()
    world.add(KEY, name='the "main" one')
    world.add(TargetKey("345678901234", "eu-west-1"))
    assert [line.split('name="')[1] for line in world.shown("aws_ses_target_info")] == [
        '345678901234"} 1.0',
        'the \\"main\\" one"} 1.0',
    ]


def test_own_metrics_come_after_those_of_ses_and_are_read_at_each_scrape(world: World) -> None:
    gauge = Gauge("aws_ses_exporter_series_served", "Series.", registry=world.registry)
    assert world.samples()[-1] == "aws_ses_exporter_series_served 0.0"
    gauge.set(4)
    assert world.samples()[-1] == "aws_ses_exporter_series_served 4.0"
    assert len(world.samples()) == 5


def test_the_process_comes_last_and_is_read_at_each_scrape(world: World) -> None:
    Gauge("zeta", "Sorted by name, but the exporter's own.", registry=world.registry)
    used = [1.5]
    page = Page(
        world.store,
        NATIVE,
        self_metrics=world.registry,
        clock=lambda: world.now,
        process=lambda: [(CPU, used[0]), (OPEN_FDS, 7.0)],
    )
    text = page.render(openmetrics=False).decode()
    assert "zeta 0.0\n# HELP process_cpu_seconds_total" in text
    assert text.endswith("# TYPE process_open_fds gauge\nprocess_open_fds 7.0\n")
    used[0] = 2.5
    openmetrics = page.render(openmetrics=True).decode()
    assert "# TYPE process_cpu_seconds counter\nprocess_cpu_seconds_total 2.5\n" in openmetrics
    assert openmetrics.endswith("process_open_fds 7.0\n# EOF\n")
    assert len(read_text(page.render(openmetrics=False, names=frozenset({"process_open_fds"})).decode())) == 1


def test_a_filter_takes_sample_names(world: World) -> None:
    Gauge("aws_ses_exporter_series_served", "Series.", registry=world.registry)
    assert len(world.samples("aws_ses_send_total", "aws_ses_exporter_series_served")) == 2
    assert world.samples("aws_ses_send") == []
    assert world.page.render(openmetrics=True, names=frozenset({"nothing"})) == b"# EOF\n"


def test_a_scrape_renders_nothing_that_is_already_rendered(world: World) -> None:
    world.text()
    before = world.page.renders
    assert before == 4
    known = world.page.known(openmetrics=False)
    for _ in range(100):
        world.now += 15
        world.text()
        assert world.page.known(openmetrics=False) is known
    world.text("aws_ses_send_total")
    assert world.page.renders == before


def test_each_format_is_rendered_when_it_is_first_asked_for(world: World) -> None:
    world.text()
    world.text(openmetrics=True)
    assert world.page.renders == 8
    world.text()
    world.text(openmetrics=True)
    assert world.page.renders == 8


def test_a_changed_target_is_rendered_again_and_no_other(world: World) -> None:
    world.add(TargetKey("other", "eu-west-1"), SENT, BOUNCES, account="2" * 12)
    world.text()
    assert world.page.renders == 8
    world.put(KEY, SENT._replace(reading=Reading(11201.0)), BOUNCES)
    assert "11201.0" in world.text()
    assert world.page.renders == 12


def test_an_ended_value_leaves_the_page_at_its_time_and_only_its_family_is_rendered_again(world: World) -> None:
    world.put(KEY, SENT, BOUNCES._replace(reading=Reading(3.0, valid_until=1500.0)))
    world.text()
    before = world.page.renders
    world.now = 1499.9
    assert len(world.shown("aws_ses_bounce_sum")) == 1
    assert world.page.renders == before
    world.now = 1500.0
    assert "aws_ses_bounce_sum" not in world.text()
    assert world.page.renders == before + 1
    world.now = 9000.0
    world.text()
    assert world.page.renders == before + 1


def test_a_value_is_followed_by_the_next_at_its_time(world: World) -> None:
    turn = Reading(500.0, 1100.0, then=Reading(0.0, 1200.0, then=Reading(7.0)))
    world.put(KEY, SENT._replace(reading=turn))
    shown = []
    for now in (1099.0, 1100.0, 1199.0, 1200.0, 5000.0):
        world.now = now
        shown += [line.split(" ")[1] for line in world.shown("aws_ses_send_total")]
        assert shown[-1] in world.text()
    assert shown == ["500.0", "0.0", "0.0", "7.0", "7.0"]


def test_a_clock_set_back_shows_what_is_good_then(world: World) -> None:
    world.put(KEY, SENT._replace(reading=Reading(500.0, 1100.0, then=Reading(0.0))))
    world.now = 1100.0
    assert " 0.0\n" in world.text()
    world.now = 1099.0
    assert " 500.0\n" in world.text()


def test_a_dropped_target_is_gone(world: World) -> None:
    world.text()
    drop(world.store, KEY)
    assert world.text() == ""


def test_of_two_series_with_one_name_and_labels_the_first_stays_and_it_is_said_once(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.put(KEY, SENT, BOUNCES, SENT._replace(reading=Reading(9.0)))
    world.text()
    world.put(KEY, SENT, BOUNCES, SENT._replace(reading=Reading(10.0)))
    assert [line.split(" ")[1] for line in world.shown("aws_ses_send_total")] == ["11200.0"]
    assert [record.message for record in caplog.records] == ["series left out, its name is taken"]


def test_labels_that_differ_only_in_what_utf8_cannot_say_are_the_same(world: World) -> None:
    world.put(KEY, *(Series("Send", "Sum", Reading(1.0), (("isp", value),)) for value in ("\ud800", "?", "\udfff")))
    assert len(world.shown("aws_ses_dimension_send_sum")) == 1


@pytest.mark.parametrize(
    ("series", "name"),
    [
        (Series("Send_total", HELD, Reading(1.0)), "aws_ses_send_total"),
        (Series("Send", HELD, Reading(1.0)), "aws_ses_send"),
        (Series("up", HELD, Reading(5.0)), "aws_ses_up"),
        (Series("Exporter.Polls", HELD, Reading(5.0)), "aws_ses_exporter_polls"),
    ],
)
def test_of_two_families_with_one_name_in_either_format_the_first_stays(
    world: World, series: Series, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    before = world.text()
    world.put(KEY, SENT, BOUNCES, series)
    assert world.text() == before
    assert read_openmetrics(world.text(openmetrics=True)) == read_text(before)
    assert {vars(record)["subject"] for record in caplog.records} == {name}


def test_of_two_targets_that_are_the_same_account_and_region_the_first_stays(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    before = world.text()
    twin = TargetKey("twin", "us-east-1")
    world.add(twin, SENT._replace(reading=Reading(1.0)), BOUNCES)
    assert world.text() == before
    world.text(openmetrics=True)
    assert [vars(record)["subject"] for record in caplog.records] == ["twin"]
    drop(world.store, KEY)
    assert [line.split(" ")[1] for line in world.shown("aws_ses_send_total")] == ["1.0"]


def test_a_scheme_without_account_and_region_gives_each_name_once_that_of_the_first_target(
    caplog: pytest.LogCaptureFixture,
) -> None:
    world = World(replace(NATIVE, labels=lambda _account, _region, series: series.labels))
    world.add(KEY, SENT)
    world.add(TargetKey("default", "eu-west-1"), SENT._replace(reading=Reading(1.0)), BOUNCES)
    assert world.shown("aws_ses_send_total") == [" 11200.0"]
    assert world.shown("aws_ses_bounce_sum") == [" 3.0"]
    assert [record.message for record in caplog.records] == ["series left out, its name is taken"]


def test_a_scheme_may_print_the_time_of_the_datapoint_in_the_unit_of_each_format() -> None:
    world = World(replace(NATIVE, timestamp=lambda _series, reading: reading.timestamp_seconds))
    world.add(KEY, Series("Bounce", "Sum", Reading(3.0, timestamp_seconds=1795324500.0)), SENT)
    assert world.shown("aws_ses_bounce_sum")[0].endswith(" 3.0 1795324500000")
    assert " 3.0 1795324500.000\n" in world.text(openmetrics=True)
    assert world.shown("aws_ses_send_total")[0].endswith(" 11200.0")


def test_a_scheme_is_told_the_dimensions_of_a_series_and_none_of_a_fact() -> None:
    told: list[tuple[str, str, tuple[str, ...]]] = []

    def family(metric: str, aspect: str, dimensions: tuple[str, ...]) -> Family:
        told.append((metric, aspect, dimensions))
        return NATIVE.family(metric, aspect, dimensions)

    world = World(replace(NATIVE, family=family))
    status = Series("enforcement_status", FACT, Reading(1.0), (("status", "HEALTHY"),))
    world.add(KEY, status, SENT, Series("Send", "Sum", Reading(1.0), (("RuleName", "r"), ("RuleSetName", "s"))))
    world.text()
    assert told == [
        ("enforcement_status", FACT, ()),
        ("Send", SENT.aspect, ()),
        ("Send", "Sum", ("RuleName", "RuleSetName")),
    ]


def test_a_page_made_in_steps_is_that_of_its_beginning(world: World) -> None:
    before = world.page.known(openmetrics=False)
    world.put(KEY, SENT._replace(reading=Reading(1.0)), BOUNCES)
    after = world.page.known(openmetrics=False)
    world.put(KEY, SENT, BOUNCES)
    steps = world.page.known_in_steps(openmetrics=False, names=None)
    next(steps)
    world.put(KEY, SENT._replace(reading=Reading(1.0)), BOUNCES)
    assert (_end_of(steps), world.page.known(openmetrics=False)) == (before, after)


def test_a_page_that_is_kept_takes_no_step(world: World) -> None:
    world.text()
    with pytest.raises(StopIteration):
        next(world.page.known_in_steps(openmetrics=False, names=None))


def test_the_whole_page_is_kept_until_it_would_be_another_one(world: World) -> None:
    assert world.page.kept(openmetrics=False) is None
    whole = world.page.known(openmetrics=False)
    assert world.page.kept(openmetrics=False) is whole
    assert world.page.kept(openmetrics=True) is None
    world.put(KEY, SENT._replace(reading=Reading(1.0)), BOUNCES)
    assert world.page.kept(openmetrics=False) is None
    world.page.known(openmetrics=False, names=frozenset({"aws_ses_up"}))
    assert world.page.kept(openmetrics=False) is None


def _end_of(steps: Generator[None, None, bytes]) -> bytes:
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return bytes(end.value)
