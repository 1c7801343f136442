"""How much is measured: everything, or so little that a test can run every line."""

from __future__ import annotations

from dataclasses import dataclass

HOUR = 3_600.0
DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class Effort:
    """Sizes and repetitions; *series* and *targets* are the sizes, of which *many* is the one that targets are for."""

    series: tuple[int, ...] = (10, 1_000, 10_000, 100_000)
    many: int = 10_000
    targets: tuple[int, ...] = (27, 200, 1_000)
    regions: int = 27
    rounds: int = 9
    scrapes: int = 60
    warm_up_scrapes: int = 20
    starts: int = 5
    polls_seconds: float = 1 * HOUR
    largest_polls_seconds: float = 1_000.0
    day_seconds: float = DAY
    flat_seconds: float = 1_000 * 300.0
    flat_series: int = 100


FULL = Effort()
SMALL = Effort(
    series=(10,),
    many=100,
    targets=(2,),
    regions=2,
    rounds=1,
    scrapes=5,
    warm_up_scrapes=1,
    starts=1,
    polls_seconds=1_000.0,
    day_seconds=1 * HOUR,
    flat_seconds=2 * HOUR,
    flat_series=10,
)
