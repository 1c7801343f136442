"""The audit that needs no network: every package in the locks is known, and under a licence that we may pass on."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from scripts.generate_licences import DOCUMENT, licence, licences_markdown, names

ALLOWED = {
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "CNRI-Python",
    "ISC",
    "MIT",
    "MIT-0",
    "MPL-2.0",
    "PSF-2.0",
}
"""They ask for their notice and no more; MPL-2.0 for the source of changed files, of which there are none."""


def test_the_list_is_what_the_locks_and_the_packages_say() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == licences_markdown(), "run make docs"


@pytest.mark.parametrize("lock", ["runtime", "demo"])
def test_every_package_that_is_shipped_has_a_licence_that_is_allowed(lock: str) -> None:
    said = {name: set(re.split(r" (?:AND|OR) ", licence(name))) for name in names(lock)}
    assert {name: found - ALLOWED for name, found in said.items() if not found <= ALLOWED} == {}


def test_the_locks_are_read_whole() -> None:
    root = Path(__file__).parents[2]
    for lock in ("runtime", "demo"):
        pins = set(re.findall(r"^([a-z0-9._-]+)==", (root / "requirements" / f"{lock}.txt").read_text(), re.MULTILINE))
        assert pins - set(names(lock)) <= {"colorama", "pywin32"}
