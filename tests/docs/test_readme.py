"""What README.md says, held against the code."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import CollectorRegistry

from exporter import catalogue
from exporter.catalogue import FACTS, METRICS, PREFIX, TARGET_INFO, UP, Kind
from exporter.cli import run
from exporter.commands.check_config import monthly_cost
from exporter.config.load import load
from exporter.config.plan import dimension_plan, metric_plans
from exporter.config.settings import Settings, TargetSettings
from exporter.errors import Reason
from exporter.sources.cloudwatch import CloudWatchSource
from exporter.telemetry import OPERATIONS, Telemetry
from tests.fakes.bill import Bill, Known
from tests.tools import require_tool

README = (Path(__file__).parents[2] / "README.md").read_text()
ONE = Settings(targets=(TargetSettings(regions=("us-east-1",)),))
DAY_SECONDS = 86_400


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def table(heading: str) -> list[list[str]]:
    section = README.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    rows = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row] for row in rows[2:]]


def served() -> set[str]:
    """Return every name that the page can have with the whole catalogue."""
    names = {UP.name, TARGET_INFO.name} | {PREFIX + name for name in FACTS}
    for name, metric in METRICS.items():
        names |= {catalogue.statistic_family(name, statistic).name for statistic in metric.statistics}
        if metric.kind is Kind.COUNT:
            names.add(catalogue.total_family(name).name)
        else:
            names |= {catalogue.held_family(name).name, catalogue.time_family(name).name}
    names |= {name.replace(PREFIX, f"{PREFIX}dimension_") for name in names}
    registry = CollectorRegistry()
    Telemetry(registry, price_per_thousand_metrics_dollars=0)
    for family in registry.collect():
        names |= {family.name, f"{family.name}_total" if family.type == "counter" else family.name}
    return names


def test_every_metric_it_names_is_served() -> None:
    named = {name for name in re.findall(r"\baws_ses_[a-z_]+", README) if not name.endswith("_")}

    assert len(named) > 15
    assert named <= served()


def test_every_reason_it_explains_exists() -> None:
    explained = set(re.findall(r"^\| reason `(\w+)`", README, re.MULTILINE))

    assert explained
    assert explained <= set(Reason)


def test_its_policy_allows_what_is_called_and_no_more() -> None:
    (policy,) = (json.loads(block) for block in blocks("json"))
    (statement,) = policy["Statement"]
    named = {cell[0].split("`")[1] for cell in table("Permissions")}

    assert set(statement["Action"]) == {"cloudwatch:GetMetricData", "ses:GetAccount"}
    assert {action.split(":")[1] for action in named} == set(OPERATIONS)


def test_its_configuration_is_one() -> None:
    (text,) = (block for block in blocks("yaml") if block.startswith("targets"))
    loaded = load(None, environ={}, flags=yaml.safe_load(text), default_region=lambda: None)

    assert [target.label for target in loaded.settings.targets] == ["default", "marketing"]


def test_its_configuration_of_dimensions_is_one() -> None:
    (text,) = (block for block in blocks("yaml") if block.startswith("sources"))
    loaded = load(None, environ={}, flags=yaml.safe_load(text), default_region=lambda: "us-east-1")

    plan = dimension_plan(loaded.settings)
    assert [(each.metric, each.listed) for each in plan.selections] == [
        (None, True),
        ("Send", False),
        ("Received", True),
    ]


def test_every_form_of_dimensions_in_the_documentation_is_one() -> None:
    page = (Path(__file__).parents[2] / "docs" / "configuration.md").read_text()
    (text,) = re.findall(r"^```yaml\n(metrics:.*?)^```", page, re.MULTILINE | re.DOTALL)
    loaded = load(None, environ={}, flags=yaml.safe_load(text), default_region=lambda: "us-east-1")

    assert [each.listed for each in dimension_plan(loaded.settings).selections] == [False, False, *[True] * 5]
    assert not loaded.warnings


def test_its_prometheus_configuration_is_one(tmp_path: Path) -> None:
    (text,) = (block for block in blocks("yaml") if block.startswith("scrape_configs"))
    (tmp_path / "prometheus.yml").write_text(text)
    command = [require_tool("promtool", debian="prometheus"), "check", "config", "prometheus.yml"]

    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)


def test_its_table_of_keys_has_the_defaults() -> None:
    defaults = ONE.model_dump(mode="json")

    def default(key: str) -> Any:
        value: Any = defaults
        for part in key.split("."):
            value = value[part]
        return value

    rows = {key.strip("`"): text.strip("`") for key, text, _ in table("Configuration") if key != "`targets`"}

    assert rows
    assert {key: yaml.safe_load(text) for key, text in rows.items()} == {key: default(key) for key in rows}


@pytest.mark.parametrize(("command", "one"), [([], "--config.file"), (["check"], "--critical-bounce")])
def test_the_flags_it_names_exist(command: list[str], one: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*command, "--help"]) == 0
    known = set(re.findall(r"--[a-z.-]+", capsys.readouterr().out))
    called = re.findall(r"aws-ses-exporter( check)?( [^`\n]*)", README)
    named = {
        flag for check, rest in called if bool(check) == bool(command) for flag in re.findall(r" (--[a-z.-]+)", rest)
    }
    if not command:
        named |= set(re.findall(r"`(--[a-z.]+-?[a-z]*)`", README))

    assert one in named
    assert named <= known


async def a_day(poll_interval_seconds: int) -> Bill:
    """Return what one account and region asks for on a day after the first."""
    bill = Bill()
    plans = metric_plans(ONE, ONE.targets[0])
    source = CloudWatchSource(
        bill,
        key="default/us-east-1",
        identity=Known(),
        plans=plans,
        poll_interval_seconds=poll_interval_seconds,
        telemetry=bill,
    )
    start = 1_795_003_200
    for now in range(start, start + 2 * DAY_SECONDS, poll_interval_seconds):
        if now == start + DAY_SECONDS:
            bill.calls = bill.metrics = 0
        await source.poll(float(now))
    return bill


async def test_its_cost_is_what_the_exporter_asks_for() -> None:
    price = ONE.aws.price_per_thousand_metrics_dollars
    bill, fast = await a_day(ONE.poll_interval_seconds), await a_day(60)

    def dollars(metrics: float) -> str:
        return f"${metrics * 30 / 1000 * price:.2f}"

    assert f"{bill.metrics} metrics in {bill.calls} calls a day, {dollars(bill.metrics)} in 30 days" in README
    assert (
        f"{dollars(2 * bill.metrics)} for two regions; every 60 seconds it would be {dollars(fast.metrics)}" in README
    )
    of_the_account = [metric for metric in METRICS.values() if metric.account_level]
    assert f"asks for {len(of_the_account)} metrics in 1 call every {ONE.poll_interval_seconds} seconds" in README
    assert f"${price:.2f} per thousand" in README
    assert f"${monthly_cost(ONE):.2f}" == dollars(bill.metrics), "check-config says the same"
