"""One number for a time, made of its periods as Centreon's plugin makes it. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence


def one_number(statistic: str, periods: Sequence[float]) -> float | None:
    """Return *statistic* of everything in *periods*, each the statistic of one period; None when there is nothing.

    An Average is the mean of the periods' averages, however many samples each of them had.
    """
    if not periods:
        return None
    match statistic:
        case "Minimum":
            return min(periods)
        case "Maximum":
            return max(periods)
        case "Sum":
            return math.fsum(periods)
    return math.fsum(periods) / len(periods)
