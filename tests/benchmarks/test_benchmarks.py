"""The benchmarks run, at their smallest size; nothing here depends on how fast the machine is."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from benchmarks import calls, polls, scrapes
from benchmarks.__main__ import SUITES, main
from benchmarks.clock import ClockFile, VirtualTime
from benchmarks.effort import SMALL
from benchmarks.rows import LINEAR, Row, growth, percentile, typical

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


def test_a_poll_is_set_beside_the_better_peer_s_whole_and_by_datapoint() -> None:
    whole, each = polls.beside_the_peer(0.9, 0.5, 10_000)
    assert (whole.value, whole.at_most, whole.met) == (0.9, 0.18, False)
    assert [each.value, each.at_most] == pytest.approx([6.0, 9.0])
    assert each.met
    assert "SDK alone 0.50 s" in whole.note


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


def test_growth_is_what_one_of_many_costs_beside_the_size_before() -> None:
    rows = list(growth("poll", "CPU", "metrics", {10: 9.0, 100: 10.0, 1_000: 100.0, 10_000: 2_000.0}))
    assert [(row.figure, row.value, row.met) for row in rows] == [
        ("CPU per metric, 1000 to 100 metrics", 1.0, True),
        ("CPU per metric, 10000 to 1000 metrics", 2.0, False),
    ]
    assert {row.at_most for row in rows} == {LINEAR}


async def test_only_polls_move_the_clock_that_need_not_wait(tmp_path: Path) -> None:
    (tmp_path / "clock").touch()
    clock = VirtualTime(ClockFile(tmp_path / "clock"), loops=2, start=100.0, end=1_000.0, on_idle=lambda *_: None)

    async def sleep(seconds: float) -> float:
        await clock.sleep(seconds)
        return clock.now()

    first = asyncio.create_task(sleep(60), name="poll:a")
    assert await sleep(0.001) == 100.0
    second = asyncio.create_task(sleep(300), name="poll:b")
    assert await first == 160.0
    assert await sleep(0.001) == ClockFile(tmp_path / "clock").read() == 160.0
    again = asyncio.create_task(sleep(500), name="poll:a")
    assert await second == 400.0
    again.cancel()


def test_the_document_names_every_suite() -> None:
    text = (ROOT / "docs" / "performance.md").read_text()
    assert [name for name in SUITES if f"`{name}`" not in text] == []
