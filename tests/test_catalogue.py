from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter import catalogue
from exporter.catalogue import FACTS, METRICS, Family, Kind

ALL = [
    *(catalogue.total_family(name) for name, metric in METRICS.items() if metric.kind is Kind.COUNT),
    *(catalogue.held_family(name) for name, metric in METRICS.items() if metric.kind is not Kind.COUNT),
    *(catalogue.time_family(name) for name, metric in METRICS.items() if metric.kind is not Kind.COUNT),
    *(
        catalogue.statistic_family(name, statistic)
        for name, metric in METRICS.items()
        for statistic in metric.statistics
    ),
    *(catalogue.fact_family(name) for name in FACTS),
    catalogue.UP,
    catalogue.TARGET_INFO,
]


@pytest.mark.parametrize(
    ("name", "snaked"),
    [
        ("Send", "send"),
        ("RenderingFailure", "rendering_failure"),
        ("Reputation.BounceRate", "reputation_bounce_rate"),
        ("ses:configuration-set", "ses_configuration_set"),
        ("SampleCount", "sample_count"),
        ("p99", "p99"),
        ("p99.9", "p99_9"),
        ("Größe", "gr_e"),
    ],
)
def test_names_are_in_snake_case(name: str, snaked: str) -> None:
    assert catalogue.snake(name) == snaked


@given(st.text())
def test_whatever_the_metric_is_called_its_family_has_a_legal_name(name: str) -> None:
    for family in (
        catalogue.total_family(name),
        catalogue.held_family(name),
        catalogue.statistic_family(name, "p99.9"),
    ):
        assert re.fullmatch(r"aws_ses_[a-z0-9_]*", family.name)


def test_all_names_differ() -> None:
    names = [family.name for family in ALL]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("family", ALL, ids=lambda family: family.name)
def test_help_is_whole_sentences(family: Family) -> None:
    assert family.help.endswith(".")
    assert ".." not in family.help
    assert "\n" not in family.help


@pytest.mark.parametrize("family", ALL[:-2], ids=lambda family: family.name)
def test_help_says_where_the_value_comes_from(family: Family) -> None:
    assert re.search(r"Source: (CloudWatch AWS/SES|SES GetAccount)", family.help)


@pytest.mark.parametrize("metric", METRICS.values(), ids=lambda metric: metric.name)
def test_help_of_a_metric_says_what_it_is_and_its_unit(metric: catalogue.Metric) -> None:
    family = catalogue.statistic_family(metric.name, metric.statistics[0])
    assert family.help.startswith(metric.what)
    assert f"Unit: {metric.unit}." in family.help


def test_only_totals_are_counters() -> None:
    assert all((family.type == "counter") == family.name.endswith("_total") for family in ALL)


@pytest.mark.parametrize("name", [name for name, metric in METRICS.items() if metric.kind is Kind.RATE])
def test_help_of_a_rate_says_that_it_is_held_and_not_to_be_added_up(name: str) -> None:
    assert "held while SES publishes none" in catalogue.held_family(name).help
    assert "held while SES publishes none" in catalogue.statistic_family(name, "Average").help
    assert "cannot be added up" in catalogue.statistic_family(name, "Sum").help


def test_help_of_a_count_sends_those_who_add_up_to_the_counter() -> None:
    assert "to add up, use the counter" in catalogue.statistic_family("Send", "Sum").help
    assert "Maximum of the datapoints" in catalogue.statistic_family("Send", "Maximum").help
    assert "Unit: datapoints." in catalogue.statistic_family("Send", "SampleCount").help


def test_a_metric_that_only_the_configuration_knows_has_a_help_that_is_true_of_every_kind() -> None:
    family = catalogue.statistic_family("Tenant.Sends", "Sum")
    assert family.name == "aws_ses_tenant_sends_sum"
    assert "Tenant.Sends, not in the catalogue" in family.help
    assert "complete period when configured as a count, else the last known value, held" in family.help


def test_a_fact_that_nobody_wrote_down_has_no_family() -> None:
    with pytest.raises(KeyError):
        catalogue.fact_family("made_up")
