from __future__ import annotations

from pathlib import Path

import pytest

from exporter.catalogue import METRICS, Kind
from exporter.config.load import load
from exporter.config.plan import MetricPlan, metric_plans
from exporter.config.settings import MetricSettings, Settings, TargetSettings

TARGET = TargetSettings(regions=("us-east-1",))


def test_without_metrics_the_whole_catalogue_is_planned_with_the_global_values() -> None:
    plans = metric_plans(Settings(targets=(TARGET,)), TARGET)
    assert [plan.name for plan in plans] == [name for name, metric in METRICS.items() if metric.account_level]
    assert plans[0] == MetricPlan("Send", Kind.COUNT, ("Sum",), 300, 300, 900, 1_209_600)
    assert plans[-1].statistics == ("Average", "Sum")


def test_a_metrics_own_value_goes_before_the_targets_before_the_global_one() -> None:
    target = TargetSettings(regions=("us-east-1",), delay_seconds=120)
    settings = Settings(
        targets=(target,),
        delay_seconds=600,
        range_seconds=3_600,
        metrics=(
            MetricSettings(name="Send", delay_seconds=0, period_seconds=60, range_seconds=1_200, max_age_seconds=60),
            MetricSettings(name="Bounce", statistics=("p99",)),
            MetricSettings(name="Foo", kind=Kind.LEVEL),
        ),
    )
    assert metric_plans(settings, target) == (
        MetricPlan("Send", Kind.COUNT, ("Sum",), 0, 60, 1_200, 60),
        MetricPlan("Bounce", Kind.COUNT, ("p99",), 120, 300, 3_600, 1_209_600),
        MetricPlan("Foo", Kind.LEVEL, ("Average",), 120, 300, 3_600, 1_209_600),
    )


def test_a_dialect_takes_the_names_of_the_account_and_leaves_those_with_dimensions(tmp_path: Path) -> None:
    file = tmp_path / "config.yml"
    sums = "{aws_namespace: AWS/SES, aws_metric_name: Send, aws_statistics: [Sum]}"
    file.write_text(f"region: us-east-1\nmetrics: [{sums}]\n")
    settings = load(file, environ={}, flags={}, default_region=lambda: None).settings
    send, delivery = metric_plans(settings, settings.targets[0])[:2]
    assert (send.statistics, send.dimensioned.statistics) == ((), ("Sum",))
    assert delivery.statistics == ("Sum",)
    assert delivery.dimensioned == delivery


def test_a_metric_without_a_kind_is_a_bug_of_who_made_the_settings() -> None:
    settings = Settings(targets=(TARGET,), metrics=(MetricSettings(name="Foo"),))
    with pytest.raises(ValueError, match="without a kind: Foo"):
        metric_plans(settings, TARGET)
