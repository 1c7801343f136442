"""Files of other exporters that ask for all that SES has: each takes every name that it can. And what SES has."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import yaml

from exporter.catalogue import METRICS, NAMESPACE, Kind, Metric

NEWS = {"ses:configuration-set": "news"}
TENANT = {"TenantId": "tn-1", "TenantName": "shop"}
ACTIVE = {"RuleSetName": "[Active]"}
INBOX = {"RuleSetName": "default", "RuleName": "inbox"}
ADDRESS = {"Ip": "192.0.2.1"}
POOL = {"PoolName": "managed"}


def dimensions_of(metric: Metric) -> tuple[dict[str, str], ...]:
    """Return the sets of dimensions by which SES has *metric*, besides the account as a whole where it has that."""
    if metric.account_level:
        return (NEWS, TENANT) if metric.kind is Kind.COUNT else (NEWS,)
    if metric.kind is Kind.COUNT:
        return (ACTIVE, INBOX)
    return (ADDRESS,) if metric.name.startswith("SNDS.") else (POOL,)


def series() -> Iterator[tuple[Metric, dict[str, str]]]:
    """Yield every series of an account that has everything: a metric and its dimensions, none for the account."""
    for metric in METRICS.values():
        yield from ((metric, each) for each in (*([{}] if metric.account_level else []), *dimensions_of(metric)))


def cloudwatch_exporter() -> str:
    """Return a file of cloudwatch_exporter: every series, with every statistic that has no percentile."""
    metrics = [
        {"aws_namespace": NAMESPACE, "aws_metric_name": metric.name, "aws_dimensions": list(dimensions)}
        for metric, dimensions in series()
    ]
    return yaml.safe_dump({"region": "us-east-1", "set_timestamp": False, "delay_seconds": 60, "metrics": metrics})


def yace() -> str:
    """Return a file of YACE: a static job for each set of dimensions, with the statistics that native names have."""
    jobs: dict[tuple[tuple[str, str], ...], list[dict[str, object]]] = {}
    for metric, dimensions in series():
        asked = {"name": metric.name, "statistics": ["Sum", "Average"], "period": 300, "length": 600}
        jobs.setdefault(tuple(dimensions.items()), []).append(asked)
    static = [
        {
            "name": "ses",
            "namespace": NAMESPACE,
            "regions": ["us-east-1"],
            "dimensions": [{"name": name, "value": value} for name, value in dimensions],
            "metrics": metrics,
        }
        for dimensions, metrics in jobs.items()
    ]
    return yaml.safe_dump({"apiVersion": "v1alpha1", "static": static})


DIALECTS: dict[str, Callable[[], str]] = {"cloudwatch_exporter": cloudwatch_exporter, "yace": yace}
"""By the name of the exporter; what is here is proven of its files."""
