from __future__ import annotations

import os
import re

from scripts.generate_metrics_docs import PATH, page

GOLDEN = PATH.parents[1] / "tests" / "golden" / "metrics.txt"


def test_the_docs_of_the_metrics_are_what_the_catalogue_says() -> None:
    if os.environ.get("UPDATE_DOCS") == "1":
        PATH.write_text(page(), encoding="utf-8")
    assert PATH.read_text(encoding="utf-8") == page(), "run `make docs`"


def test_the_docs_name_every_family_of_a_page_with_everything_on_it() -> None:
    shown = set(re.findall(r"^# TYPE (aws_ses_\w+) ", GOLDEN.read_text(encoding="utf-8"), re.MULTILINE))
    documented = set(re.findall(r"^\| `(aws_ses_\w+)` ", page(), re.MULTILINE))
    assert shown == documented


def test_each_row_of_the_docs_has_all_its_cells() -> None:
    rows = [line for line in page().splitlines() if line.startswith("|")]
    assert {row.count("|") for row in rows} == {5}
