"""The benchmarks run, at their smallest size; nothing here depends on how fast the machine is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import calls, scrapes
from benchmarks.__main__ import SUITES, main
from benchmarks.effort import SMALL
from benchmarks.rows import Row, percentile, typical

ROOT = Path(__file__).parents[2]


def test_every_suite_named_on_the_command_line_gives_figures_and_writes_them_down(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "figures.json"
    main(["scrape", "--small", "--json", str(path)])
    rows = json.loads(path.read_text())["rows"]
    assert {row["suite"] for row in rows} == {"scrape"}
    assert all(row["value"] > 0 for row in rows)
    assert all(row["met"] == (row["at_most"] is None or row["value"] <= row["at_most"]) for row in rows)
    assert "to the bare app's" in capsys.readouterr().out


def test_the_calls_of_a_simulated_time_are_counted_on_the_wire_and_cost_what_the_daemon_reports(tmp_path: Path) -> None:
    rows = {row.figure: row for row in calls.day(tmp_path, SMALL)}
    assert rows["GetMetricData of the start"].value > 0
    assert rows["GetAccount of a simulated day"].value == SMALL.day_seconds / 300
    assert [row.figure for row in rows.values() if not row.met] == []


def test_a_daemon_that_need_not_wait_is_scraped_while_it_polls(tmp_path: Path) -> None:
    turns = [row for row in scrapes.polled(tmp_path, SMALL) if row.figure.startswith("longest turn")]
    assert len(turns) == 2
    assert all(row.value > 0 for row in turns)


def test_an_unknown_suite_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["speed"])
    assert "no such suite: speed" in capsys.readouterr().err


def test_percentiles_are_values_that_were_measured() -> None:
    assert (percentile([3.0, 1.0, 2.0], 50), percentile([3.0, 1.0, 2.0], 99), percentile([1.0], 1)) == (2.0, 3.0, 1.0)
    assert typical([[1.0], [9.0], [2.0]], 99) == 2.0


def test_a_figure_without_a_target_misses_none() -> None:
    assert Row("scrape", "samples", 5.0, "").met
    assert not Row("scrape", "p99", 5.0, "ms", 4.0).met


def test_the_document_names_every_suite() -> None:
    text = (ROOT / "docs" / "performance.md").read_text()
    assert [name for name in SUITES if f"`{name}`" not in text] == []
