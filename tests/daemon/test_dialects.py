"""What the shipped alerts and boards ask for is on the page under the file of every dialect, with the same labels."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from exporter.catalogue import METRICS
from exporter.config.load import load
from tests.alerts import rulefiles
from tests.daemon.world import FakeClients, FakeCloud, running
from tests.dashboards import boards

WEB = {"AWS_SES_EXPORTER__WEB__LISTEN_ADDRESSES": '["127.0.0.1:0"]'}
ACCOUNT_METRICS = [metric.name for metric in METRICS.values() if metric.account_level]
FILES: Mapping[str, Any] = {
    "native": {"targets": [{"regions": ["us-east-1"]}]},
    "cloudwatch_exporter": {
        "region": "us-east-1",
        "set_timestamp": False,
        "metrics": [{"aws_namespace": "AWS/SES", "aws_metric_name": name} for name in ACCOUNT_METRICS],
    },
    "yace": {
        "discovery": {
            "jobs": [
                {
                    "type": "AWS/SES",
                    "regions": ["us-east-1"],
                    "statistics": ["Sum", "Average"],
                    "metrics": [{"name": name} for name in ACCOUNT_METRICS],
                }
            ]
        }
    },
}


class EveryMetric(FakeClients):
    """Has a datapoint of every metric in each minute."""

    def _result(self, query: Mapping[str, Any], request: Mapping[str, Any]) -> dict[str, Any]:
        stat = {**query["MetricStat"], "Metric": {"MetricName": "Send"}}
        return super()._result({**query, "MetricStat": stat}, request)


async def page(folder: Path, name: str, caplog: pytest.LogCaptureFixture) -> dict[str, set[frozenset[str]]]:
    """Return the samples' names on the page of the file *name*, each with the sets of label names it has."""
    file = folder / "config.yml"
    file.write_text(yaml.safe_dump(FILES[name]))
    settings = load(file, environ=WEB, flags={}, default_region=lambda: None).settings
    assert settings.dialect.name == name
    async with running(FakeCloud(clients=EveryMetric), settings, caplog) as service:
        await service.until_polled()
        text = await service.page()
    found: dict[str, set[frozenset[str]]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, set()).add(frozenset(sample.labels))
    return found


def asked() -> set[str]:
    """Return the series that the shipped rules and boards ask for."""
    rules = [rule for path in rulefiles.OWN for rule in rulefiles.read(path)]
    expressions = [rule.expr for rule in rules]
    expressions += [each.expression for board in boards.NAMES for each in boards.asked(board)]
    return {name for expression in expressions for name in boards.metrics(expression)}


async def test_shipped_alerts_and_panels_find_their_series_in_every_dialect(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    pages = {name: await page(tmp_path, name, caplog) for name in FILES}
    wanted = asked() & pages["native"].keys()
    assert len(wanted) > 50
    for name in ("cloudwatch_exporter", "yace"):
        assert wanted - pages[name].keys() == set()
    for name in wanted:
        least = frozenset.intersection(*pages["native"][name])
        assert all(labels >= least for labels in pages["yace"][name]), name
        # cloudwatch_exporter's own gauges know neither account nor region
        is_theirs = any("instance" in labels for labels in pages["cloudwatch_exporter"][name])
        assert is_theirs or all(labels >= least for labels in pages["cloudwatch_exporter"][name]), name
