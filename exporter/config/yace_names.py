"""The names that YACE gives: metric and HELP, as its 0.67 writes them (`BuildMetricName`, `PromString`)."""

from __future__ import annotations

from exporter.catalogue import NAMESPACE, Family
from exporter.config.label_styles import LabelStyle, yace_word

HELP = "Help is not implemented yet."
GLOBAL = "global"
"""The `name` of what belongs to no tagged resource, as all of SES."""


def family(metric: str, statistic: str) -> Family:
    """Return the family of one *statistic* of *metric*, whose name loses what it repeats of the namespace."""
    namespace = _word(NAMESPACE.lower())
    word = _word(metric)
    for part in namespace.split("_"):
        word = word.removeprefix(part)
    return Family(f"{namespace}_{word.removeprefix('_')}_{_word(statistic)}", "gauge", HELP)


def _word(text: str) -> str:
    return yace_word(LabelStyle.YACE_SNAKE_CASE, text)
