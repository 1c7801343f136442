"""The names that cloudwatch_exporter gives: metric and HELP, as its 0.18 writes them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from exporter.catalogue import METRICS, NAMESPACE, Family, Kind
from exporter.config.label_styles import Pairs, snake

LABELS: Pairs = (("job", "aws_ses"), ("instance", ""))

_OUTSIDE_NAME = re.compile(r"[^a-zA-Z0-9:_]")


def family(metric: str, statistic: str, *, dimensions: Sequence[str] | None, own_help: str | None, unit: str) -> Family:
    """Return the family of one *statistic* of *metric*; *dimensions* is None where the rule has no such key."""
    listed = "null" if dimensions is None else f"[{', '.join(dimensions)}]"
    text = f"CloudWatch metric {NAMESPACE} {metric} Dimensions: {listed} Statistic: {statistic} Unit: {unit}"
    base = _name(f"{NAMESPACE.lower()}_{snake(metric)}")
    return Family(f"{base}_{_name(snake(statistic))}", "gauge", text if own_help is None else own_help)


def unit(metric: str, *, get_metric_data: bool) -> str:
    """Return the unit in HELP: CloudWatch's own, which GetMetricData does not tell."""
    if get_metric_data:
        return "N/A"
    known = METRICS.get(metric)
    return "Count" if known is not None and known.kind is Kind.COUNT else "None"


def _name(text: str) -> str:
    return re.sub("__+", "_", _OUTSIDE_NAME.sub("_", text))
