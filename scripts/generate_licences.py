#!/usr/bin/env python3
"""Write `docs/licences.md` from the locks and from what the installed packages say of themselves."""

from __future__ import annotations

import re
import sys
from importlib.metadata import PackageMetadata, metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DOCUMENT = ROOT / "docs" / "licences.md"

_PIN = re.compile(r"^([a-z0-9._-]+)==[^\s;]+(?: ; (.*?))? \\$", re.MULTILINE)
_HEAD = """\
# Licences

What the exporter brings along, and under which licence each package says that it is.
Written by `make docs` from the locks in `requirements/` and the metadata of the installed packages.
The exporter itself is under the Apache License 2.0.
Packages that are for Windows only are left out.
"""
_WORDS = {
    "Apache 2.0": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD": "BSD-3-Clause",
    "BSD License": "BSD-3-Clause",
    "ISC License": "ISC",
    "MIT License": "MIT",
    "MIT license": "MIT",
}
"""Older ways to say it; packages that say no more than BSD have the licence with three clauses."""


def names(lock: str) -> list[str]:
    """Return the packages in a lock, each once."""
    text = (ROOT / "requirements" / f"{lock}.txt").read_text(encoding="utf-8")
    return sorted({name for name, marker in _PIN.findall(text) if "win32" not in marker})


def licence(name: str) -> str:
    """Return the licence of an installed package in the words of SPDX, as far as it has words.

    Raises:
        PackageNotFoundError: it is not installed.
    """
    found: PackageMetadata = metadata(name)
    fields = found.get_all("License-Expression") or found.get_all("License") or []
    classes = [each.rpartition(" :: ")[2] for each in found.get_all("Classifier") or [] if each.startswith("License")]
    words = [field for field in fields if field != "Dual License"] or classes
    return " OR ".join(sorted({_WORDS.get(word, word) for word in words}))


def licences_markdown() -> str:
    """Return the whole page."""
    runtime = names("runtime")
    demo = [name for name in names("demo") if name not in runtime]
    return "\n".join((_HEAD, *_table("The exporter", runtime), "", *_table("Only the demo", demo), ""))


def _table(title: str, packages: list[str]) -> list[str]:
    rows = [f"| {name} | {licence(name)} |" for name in packages]
    return [f"## {title}", "", "| package | licence |", "|---|---|", *rows]


def main(document: Path = DOCUMENT) -> None:
    """Write the page, or what it would be to the path given."""
    document.write_text(licences_markdown(), encoding="utf-8")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
