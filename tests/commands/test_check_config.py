from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from exporter.catalogue import Kind
from exporter.commands.check_config import check_config, monthly_cost, one_region, queries_per_poll, summary
from exporter.config.load import Loaded
from exporter.config.plan import dimension_plan, metric_plans
from exporter.config.settings import AwsSettings, MetricSettings, Settings, TargetSettings
from exporter.sources.cloudwatch import CloudWatchSource
from tests.fakes.bill import Bill, Known

NOON = 1_781_697_600
ONE = TargetSettings(regions=("us-east-1",))
DEFAULT = Settings(targets=(ONE,))


def test_the_whole_catalogue_of_one_region_costs_about_a_dollar_a_month() -> None:
    assert queries_per_poll(DEFAULT) == 10 + 2 * 2
    polls, hours, days = 8_640, 720, 30
    billed = 12 * polls + 10 * hours + 10 * days
    assert monthly_cost(DEFAULT) == pytest.approx(billed * 0.01 / 1_000)
    assert monthly_cost(DEFAULT) == pytest.approx(1.1118)


def test_a_faster_poll_of_one_target_costs_more_for_its_regions_only() -> None:
    fast = TargetSettings(name="fast", regions=("us-east-1", "eu-west-1"), poll_interval_seconds=60)
    both = Settings(targets=(ONE, fast))
    assert queries_per_poll(both) == 3 * 14
    assert monthly_cost(both) - monthly_cost(DEFAULT) == pytest.approx(2 * (12 * 43_200 + 10 * 720 + 300) / 100_000)


@pytest.mark.parametrize(
    ("kind", "statistics", "queries", "metrics"),
    [
        (Kind.COUNT, ("Sum",), 1, 1),
        (Kind.COUNT, ("Average",), 2, 1),
        (Kind.COUNT, ("Average", "Minimum", "Maximum", "SampleCount"), 5, 1),
        (Kind.COUNT, ("Average", "Minimum", "Maximum", "SampleCount", "p99"), 6, 2),
        (Kind.RATE, ("Sum",), 2, 1),
        (Kind.RATE, ("Average", "Sum"), 2, 1),
        (Kind.RATE, ("Sum", "Minimum", "Maximum", "SampleCount", "p99"), 6, 2),
        (Kind.LEVEL, ("Maximum",), 2, 1),
    ],
)
def test_five_statistics_have_one_price_and_what_is_always_asked_counts(
    kind: Kind, statistics: tuple[str, ...], queries: int, metrics: int
) -> None:
    settings = Settings(targets=(ONE,), metrics=(MetricSettings(name="Foo", kind=kind, statistics=statistics),))
    load = one_region(settings, ONE)
    assert (load.queries, load.metrics) == (queries, metrics)
    looks = 720 + 30 if kind is Kind.COUNT else 0
    assert load.monthly_metrics == metrics * 8_640 + looks


@given(st.integers(10, 3_600), st.floats(0, 1_000))
def test_the_cost_is_the_price_times_what_is_asked(interval: int, price: float) -> None:
    settings = Settings(
        targets=(ONE,),
        poll_interval_seconds=interval,
        aws=AwsSettings(price_per_thousand_metrics_dollars=price),
    )
    assert monthly_cost(settings) == pytest.approx(one_region(settings, ONE).monthly_metrics / 1_000 * price)


def test_the_summary_says_queries_and_dollars() -> None:
    assert summary(DEFAULT) == (
        "CloudWatch queries per poll: 14, in 1 pair of target and region; 14 in each, of which AWS bills 12 metrics",
        (
            "Estimated cost of CloudWatch: 1.11 US dollars in 30 days, at 0.01 per 1000 metrics, "
            "the hourly and daily second looks included"
        ),
    )
    two = Settings(targets=(TargetSettings(regions=("us-east-1", "eu-west-1")),))
    assert summary(two)[0].startswith("CloudWatch queries per poll: 28, in 2 pairs of target and region")


def configured(text: str) -> Settings:
    return Settings.model_validate(yaml.safe_load(text))


def test_exact_dimensions_are_part_of_the_cost() -> None:
    settings = configured("""
        targets: [{regions: [us-east-1]}]
        metrics: [{name: Send, dimensions: [{a: [x, y], b: [x, y]}, {a: x}]}, {name: Received}]
    """)
    load = one_region(settings, settings.targets[0])
    assert (load.queries, load.metrics) == (1 + 4 + 1, 6)
    assert load.monthly_metrics == 6 * (8_640 + 720 + 30)


def test_what_cloudwatch_has_yet_to_list_comes_on_top_and_it_says_what_one_costs() -> None:
    settings = configured("""
        targets: [{regions: [us-east-1]}]
        sources: {configuration_sets: {enabled: true}}
    """)
    assert queries_per_poll(settings) == queries_per_poll(DEFAULT)
    assert summary(settings)[2:] == (
        (
            "On top comes what CloudWatch lists with dimensions, at most 2000 metrics in each pair, "
            "each up to 0.09 US dollars in 30 days"
        ),
        "A configuration set that has all 12 metrics costs 1.11 US dollars in 30 days",
    )
    assert monthly_cost(settings) == monthly_cost(DEFAULT)


def test_linked_accounts_cost_what_a_target_costs() -> None:
    settings = configured("""
        targets: [{regions: [us-east-1, eu-west-1], name: m, linked_accounts: ["111111111111", all]}]
    """)
    assert monthly_cost(settings) == pytest.approx(4 * monthly_cost(DEFAULT))
    assert summary(settings)[0].startswith("CloudWatch queries per poll: 56, in 4 pairs of target and region")
    assert summary(settings)[2:] == tuple(
        f"Each linked account that CloudWatch lists in {region} costs as much as m"
        for region in ("us-east-1", "eu-west-1")
    )


def test_it_prints_yaml_to_stdout_and_warnings_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    assert check_config(lambda: Loaded(DEFAULT, "", ("a warning",))) == 0
    printed = capsys.readouterr()
    assert printed.err == "warning: a warning\n"
    assert yaml.safe_load(printed.out)["poll_interval_seconds"] == 300
    assert [line[:1] for line in printed.out.splitlines()[-2:]] == ["#", "#"]


@pytest.mark.parametrize("interval", [60, 300, 600, 900, 3600])
async def test_what_is_said_is_what_a_day_of_polls_asks(interval: int) -> None:
    metrics = (
        MetricSettings(name="Send", statistics=("Sum", "Average", "p99")),
        MetricSettings(name="Bounce", statistics=("Average", "Minimum", "Maximum", "SampleCount", "p90")),
        MetricSettings(name="Reputation.BounceRate"),
        MetricSettings(name="Queue.State", kind=Kind.LEVEL, statistics=("Maximum",)),
        MetricSettings(name="Click", dimensions=({"ses:configuration-set": ["news", "shop"]},)),
    )
    settings = Settings(targets=(ONE,), poll_interval_seconds=interval, metrics=metrics)
    bill = Bill()
    queries: list[int] = []
    source = CloudWatchSource(
        bill,
        key="default/us-east-1",
        identity=Known(),
        plans=metric_plans(settings, ONE),
        poll_interval_seconds=interval,
        telemetry=bill,
        dimensions=dimension_plan(settings),
    )
    now = float(NOON)
    await source.poll(now)
    bill.metrics = 0
    while now < NOON + 86_400:
        now = min(now // interval * interval + interval, source.next_look(now))
        bill.queries = 0
        await source.poll(now)
        queries.append(bill.queries)
    assert min(queries) == one_region(settings, ONE).queries
    assert bill.metrics == pytest.approx(one_region(settings, ONE).monthly_metrics / 30)
