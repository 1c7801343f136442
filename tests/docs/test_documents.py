"""What all documents have in common: links that lead somewhere, targets that exist, one sentence a line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", ROOT / "CHANGELOG.md", ROOT / "SECURITY.md", *sorted((ROOT / "docs").glob("*.md"))]
WRITTEN = [
    *(ROOT / name for name in ("README.md", "CHANGELOG.md", "SECURITY.md")),
    *(ROOT / "docs" / name for name in ("development.md", "installation.md", "web-configuration.md")),
]
MAKEFILE = (ROOT / "Makefile").read_text()
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def anchors(path: Path) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", CODE.sub("", path.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def targets() -> set[str]:
    return set(re.findall(r"^([a-z]+):", MAKEFILE, re.MULTILINE))


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_links_lead_somewhere(document: Path) -> None:
    for link in LINK.findall(document.read_text()):
        if "://" in link:
            continue
        file, _, anchor = link.partition("#")
        target = document.parent / file if file else document
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_make_targets_exist(document: Path) -> None:
    used = re.findall(r"(?:^\$ |`)make ([a-z]+)", document.read_text(), re.MULTILINE)

    assert set(used) <= targets()


def test_development_lists_every_target_that_make_lists() -> None:
    listed = set(re.findall(r"^([a-z]+):.*## ", MAKEFILE, re.MULTILINE)) - {"help"}
    table = "\n".join(
        line for line in (ROOT / "docs" / "development.md").read_text().splitlines() if line.startswith("|")
    )

    assert set(re.findall(r"`make ([a-z]+)`", table)) == listed


@pytest.mark.parametrize("document", WRITTEN, ids=name)
def test_a_line_has_one_sentence(document: Path) -> None:
    lines = [line for line in CODE.sub("", document.read_text()).splitlines() if not line.startswith("|")]

    assert [line for line in lines if re.search(r"[a-z0-9`)*][.!?] [A-Z`\[]", line)] == []


def test_all_make_targets_are_phony_but_files() -> None:
    phony = set(re.search(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)[1].split())  # type: ignore[index]

    assert phony == targets()
