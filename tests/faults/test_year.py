"""A simulated year at a 300 s poll, hour by hour: in `make test` the turn of the year and 29 February, else all.

The whole takes the processor 6 to 10 minutes.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from typing import Any

import pytest

from tests.alerts.simulation.jumps import run
from tests.effort import SOAK

SAMPLE = {"the turn of the year": ("2027-12-31T18:00", "0.5"), "29 February": ("2028-02-28T19:00", "0.5")}
YEAR = {"the year": ("2027-06-15T00:00", "366")}

pytestmark = pytest.mark.timeout(3600)


@pytest.mark.timeout(120)
def test_its_time_goes_on_after_half_a_year_too() -> None:
    async def wait() -> float:
        loop = asyncio.get_running_loop()
        await asyncio.sleep(2**24)  # from here on a double is coarser than the resolution of a loop
        for _ in range(1_000):
            await asyncio.sleep(0.1)
        return loop.time()

    assert run(wait()) == pytest.approx(2**24 + 100)


@pytest.mark.parametrize(("start", "days"), (YEAR if SOAK else SAMPLE).values(), ids=YEAR if SOAK else SAMPLE)
def test_counters_equal_the_truth_at_every_hour_while_one_request_in_twenty_fails(start: str, days: str) -> None:
    seed = os.urandom(4).hex() if SOAK else "a year"
    command = [sys.executable, "-m", "tests.faults.year", start, days, seed]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=3500)
    lived: dict[str, Any] = json.loads(done.stdout)

    assert lived["wrong"] == [], f"seed {seed}"
    assert lived["hours"] == float(days) * 24
    assert lived["failed"] > 0.05 * lived["requests"]
    assert lived["failures"] > lived["hours"]
    assert len(lived["strains"]) == 1, "tasks and open files are the same at every hour"
    grown = lived["resident_at_the_end"] / lived["resident_after_a_day"]
    assert grown < 1.05, f"resident memory grew by {grown - 1:.1%}"
