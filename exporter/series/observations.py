"""What a source says: series with values that are good for a span of time.

A page is a function of the time as well: a held rate leaves it at its age limit, a counter changes at the turn of the
year. So a value carries its own end, and what follows it, and no poll is needed for either.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from exporter.config.dialect import Rule

TOTAL = "total"
HELD = "held"
TIME = "time"
FACT = "fact"


class Reading(NamedTuple):
    """A value and how long it may be served.

    *valid_until* is in unix seconds, exclusive; *then* is what is served from that moment on, None for nothing.
    *timestamp_seconds* is the start of the period of the datapoint that the value comes from, where there is one.
    """

    value: float
    valid_until: float = math.inf
    then: Reading | None = None
    timestamp_seconds: float | None = None

    def at(self, now: float) -> Reading | None:
        """Return the reading to serve at *now* (unix seconds), or None when all have ended."""
        reading: Reading | None = self
        while reading is not None and reading.valid_until <= now:
            reading = reading.then
        return reading


class Series(NamedTuple):
    """One series before it has a name: a naming scheme gives it name, labels and HELP.

    *metric* is the catalogue's name (`Send`, `Reputation.BounceRate`, or a fact such as `sending_enabled`).
    *aspect* is a CloudWatch statistic (`Sum`, `p99`), or TOTAL (exact counter), HELD (a rate's held Average, served
    without suffix), TIME (time of the newest datapoint), FACT (an account fact).
    *labels* are the dimensions as AWS writes them, or a fact's own labels. *rule* is that of a foreign file which asks
    for the series and names it, None for a native one. *earlier* are readings of older datapoints, shown before
    *reading* where their times stand beside them.
    """

    metric: str
    aspect: str
    reading: Reading
    labels: tuple[tuple[str, str], ...] = ()
    rule: Rule | None = None
    earlier: tuple[Reading, ...] = ()
