"""Programs that tests need and Python cannot install."""

from __future__ import annotations

import os
import shutil
from typing import NoReturn

import pytest


def require_tool(name: str, *, debian: str) -> str:
    """Return the path of the program *name*; without it, skip the test, or fail it where `CI` is `true`.

    *debian* is the package that has it, for the line that says what to install.
    """
    path = shutil.which(name)
    if path is None:
        missing(f"{name} is not on PATH: apt-get install {debian}")
    return path


def missing(line: str) -> NoReturn:
    """Skip the test, or fail it where `CI` is `true`; *line* says what is not there and what to install."""
    if os.environ.get("CI") == "true":
        pytest.fail(line)
    pytest.skip(line)
