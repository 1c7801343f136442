"""Reputation alerts on our page for another exporter's file, with its series and ours: each opens once and stays.

The pages are those of the golden cases: no mail has flowed for a while, and the rates are held.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.alerts.rulefiles import ALERTS, PEERS
from tests.alerts.test_timelines import promtool
from tests.alerts.timeline import Clock, Opened, Series, TimeLine
from tests.golden_pages import Case
from tests.monitoring import kept

OF_ACCOUNT = [("cloudwatch_exporter", "seed-post.gap"), ("yace", "discovery-300.gap")]
OF_SETS = [("cloudwatch_exporter", "configuration-sets.sets"), ("yace", "discovery-configuration-sets.sets")]
TARGET = {"job": "ses", "instance": "10.0.0.1:9199"}
CLOCK = Clock(hours=6, minutes=2)
REPUTATION = [ALERTS / "rules" / "reputation.yml"]
REGION = "us-east-1"


async def scraped(exporter: str, name: str, *, honored: bool) -> Series:
    """Return what Prometheus has of the page's rates after hours in which it says the same at each scrape."""
    page = await Case(exporter, name).page()
    return {
        (sample.name, tuple(kept(sample.labels, TARGET, honored=honored).items())): CLOCK.values(
            lambda _, value=sample.value: value  # type: ignore[misc]
        )
        for family in text_string_to_metric_families(page.replace(",}", "}"))
        for sample in family.samples
        if "_reputation_" in sample.name
    }


@pytest.mark.parametrize("honored", [True, False], ids=["honor_labels", "without honor_labels"])
@pytest.mark.parametrize(("exporter", "name"), OF_ACCOUNT)
async def test_our_rules_see_the_account_once(exporter: str, name: str, honored: bool, tmp_path: Path) -> None:
    opened = {
        f"AWSSESReputationBounceRate warning {REGION}": Opened(1),
        f"AWSSESReputationBounceRate critical {REGION}": Opened(1),
        f"AWSSESReputationComplaintRate warning {REGION}": Opened(1),
    }
    series = await scraped(exporter, name, honored=honored)
    assert promtool(TimeLine(CLOCK, series, opened, REPUTATION), tmp_path) == ""


@pytest.mark.parametrize(("honored", "chosen"), [(True, "marketing"), (False, "receipts")])
@pytest.mark.parametrize(("exporter", "name"), OF_SETS)
async def test_our_rules_see_a_configuration_set_once(
    exporter: str, name: str, honored: bool, chosen: str, tmp_path: Path
) -> None:
    whole = await scraped(exporter, name, honored=honored)
    series = {(name, labels): values for (name, labels), values in whole.items() if chosen in dict(labels).values()}
    assert 1 < len(series) < len(whole)
    opened = {f"AWSSESConfigurationSetBounceRate {each} {REGION}": Opened(1) for each in ("warning", "critical")}
    assert promtool(TimeLine(CLOCK, series, opened, REPUTATION), tmp_path) == ""


@pytest.mark.parametrize("honored", [True, False], ids=["honor_labels", "without honor_labels"])
@pytest.mark.parametrize(("exporter", "name"), OF_ACCOUNT)
async def test_the_rules_for_peers_go_on_through_hours_without_mail(
    exporter: str, name: str, honored: bool, tmp_path: Path
) -> None:
    place = "" if exporter == "cloudwatch_exporter" else f" {REGION}"
    opened = {
        f"AWSSESReputationBounceRate warning{place}": Opened(1),
        f"AWSSESReputationBounceRate critical{place}": Opened(1),
        f"AWSSESReputationComplaintRate warning{place}": Opened(1),
    }
    series = await scraped(exporter, name, honored=honored)
    assert promtool(TimeLine(CLOCK, series, opened, PEERS), tmp_path) == ""
