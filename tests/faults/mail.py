"""The mail of a place as it truly was, whatever CloudWatch shows of it and when: the truth that numbers are held to."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import accumulate
from random import Random

from exporter.config.selections import CONFIGURATION_SET
from tests.fakes.aws import FakeAws

MINUTE, HOUR, DAY = 60, 3600, 86400
SETTLED_SECONDS = 300
COUNTS = ("Send", "Bounce")
RATE = "Reputation.BounceRate"


@dataclass(frozen=True, slots=True)
class Place:
    """An account and a region, and the name of the target that serves it."""

    target: str
    account: str
    region: str

    @property
    def labels(self) -> str:
        """What every series of the place has in its braces first."""
        return f'account_id="{self.account}",region="{self.region}"'


@dataclass
class Mail:
    """What SES published of one place: by metric and minute, each revision with the moment from which it is visible.

    Of one *configuration_set* alone, where there is one.
    """

    place: Place
    aws: FakeAws
    configuration_set: str | None = None
    revisions: dict[str, dict[int, list[tuple[float, float]]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(list))
    )
    _steps: dict[str, tuple[list[float], list[float]]] = field(default_factory=dict)

    @property
    def dimensioned(self) -> bool:
        """Whether its series are those with dimensions."""
        return self.configuration_set is not None

    @property
    def labels(self) -> str:
        """What every series of it has in its braces."""
        more = f',ses_configuration_set="{self.configuration_set}"' if self.dimensioned else ""
        return f"{self.place.labels}{more}"

    def put(self, metric: str, minute: int, value: float, visible_at: float) -> None:
        """Publish a datapoint or a revision."""
        self.revisions[metric][minute].append((visible_at, value))
        self.revisions[metric][minute].sort()
        self._steps.clear()
        place = {"account": self.place.account, "region": self.place.region}
        dimensions = {CONFIGURATION_SET: self.configuration_set} if self.dimensioned else {}
        self.aws.put(metric, minute, value, visible_at=visible_at, dimensions=dimensions, **place)

    def flow(self, start: float, end: float, random: Random, *, late: float = 100.0, share: float = 0.4) -> None:
        """Publish mail in a *share* of the minutes from *start* to *end*, each visible up to *late* seconds after."""
        for minute in range(math.ceil(start / MINUTE) * MINUTE, int(end), MINUTE):
            if random.random() < share:
                seen = minute + MINUTE + late * random.random()
                sent = random.randrange(1, 100)
                self.put("Send", minute, sent, seen)
                self.put(RATE, minute, round(random.random() / 10, 6), seen)
                if random.random() < 0.3:
                    self.put("Bounce", minute, random.randrange(1, sent + 1), seen)

    def counted(self, metric: str, at: float) -> float:
        """Return what an exact counter shows after a read at *at*: the largest that each settled minute showed."""
        if metric not in self._steps:
            gains: list[tuple[float, float]] = []
            for minute, revisions in self.revisions[metric].items():
                largest = 0.0
                for visible_at, value in revisions:
                    if value > largest:
                        gains.append((max(visible_at, minute + MINUTE + SETTLED_SECONDS), value - largest))
                        largest = value
            gains.sort()
            self._steps[metric] = [at for at, _ in gains], [0.0, *accumulate(gain for _, gain in gains)]
        moments, totals = self._steps[metric]
        return totals[bisect_right(moments, at)]

    def period(self, metric: str, start: int, end: int, at: float) -> float:
        """Return the sum from *start* to before *end* at the largest that was visible up to *at*."""
        found = 0.0
        for minute in range(start, end, MINUTE):
            found += max((value for seen, value in self.revisions[metric].get(minute, ()) if seen <= at), default=0.0)
        return found

    def rate(self, minute: float, at: float) -> list[float]:
        """Return the values that the rate of *minute* has had up to *at*."""
        return [value for seen, value in self.revisions[RATE].get(int(minute), ()) if seen <= at]

    def newest_rate(self, at: float) -> tuple[int, float] | None:
        """Return the newest datapoint of the rate (minute, value) that is visible at *at* and over by then."""
        seen = [minute for minute in self.revisions[RATE] if minute + MINUTE <= at and self.rate(minute, at)]
        return (max(seen), self.rate(max(seen), at)[-1]) if seen else None


def moment(text: str) -> float:
    """Return the unix seconds of *text*, UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()
