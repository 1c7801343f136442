"""What was read, before it is judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from exporter.commands.check.counters import Counter
from exporter.config.values import TWO_WEEKS_SECONDS

LOOK_BACK_SECONDS = TWO_WEEKS_SECONDS
"""How old the newest datapoint of a reputation may be: SES publishes none while no mail flows."""


@dataclass(frozen=True, slots=True)
class Readings:
    """*numbers* by statistic and metric, absent without data; *newest* (moment, value) by metric.

    *account* is GetAccount's answer, None where it was not asked for; *now* is the moment, unix seconds.
    """

    now: float
    numbers: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    newest: Mapping[str, tuple[int, float]] = field(default_factory=dict)
    account: Mapping[str, Any] | None = None


def statistic_of(counter: Counter, statistic: str) -> str:
    """Return what *statistic* means for *counter*: rates cannot be added up, their average stands for the sum."""
    return "Average" if counter.is_rate and statistic == "Sum" else statistic
