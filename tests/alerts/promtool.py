"""promtool as the tests of the rules run it."""

from __future__ import annotations

import subprocess
from pathlib import Path

QUICKER = {"GOGC": "800", "GOMAXPROCS": "1"}
"""promtool's environment: seldom collections of garbage, and no threads for them, take a third off its CPU time."""


def failures(promtool: str, tests: Path) -> str:
    """Return what *promtool* says of the rule tests in the file *tests* where one of them fails, else nothing."""
    command = [promtool, "test", "rules", str(tests)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, env=QUICKER)
    return "" if ran.returncode == 0 else f"{ran.stdout}{ran.stderr}" or f"exit code {ran.returncode}"
