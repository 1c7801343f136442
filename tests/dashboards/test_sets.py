"""What the overview shows of very many configuration sets: the worst, and all columns of the same ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.dashboards import boards
from tests.dashboards.replay import Question, Series, ask

HOUR = 60
JUDGED = 30
BOARD = "aws-ses-overview"
TABLE = "Configuration sets, worst first"
ROWS, LINES = 50, 20


def many(sets: int) -> list[Series]:
    """Return *sets* of an account: each sends more than the one before, and the first have a bounce rate."""
    series = []
    for number in range(sets):
        place = {"job": "aws-ses", "instance": "a", "account_id": "1", "region": "r"}
        labels = {**place, "ses_configuration_set": f"s{number}"}
        steps = range(0, HOUR + 1, 5)
        series.append(Series("aws_ses_dimension_send_total", labels, [1000 + number * minute for minute in steps]))
        if number < JUDGED:
            rate = [0.001 * number for _ in steps]
            series.append(Series("aws_ses_dimension_reputation_bounce_rate", labels, rate))
    return series


def expression(title: str, legend: str = "") -> str:
    """Return the query of the panel *title*, or of its column *legend*."""
    panel = next(panel for panel in boards.panels(boards.load(BOARD)) if panel["title"] == title)
    found: str = next(each["expr"] for each in panel["targets"] if legend in ("", each["legendFormat"]))
    return found


@pytest.mark.parametrize(
    ("sets", "panel", "column"),
    [(2000, "Bounce rate", "Danger"), (400, "Sent", "Sent in 24 h")],
    ids=["rates", "counters, of which promtool takes no more"],
)
def test_of_many_sets_a_panel_has_twenty_lines_and_the_table_the_fifty_worst(
    tmp_path: Path, sets: int, panel: str, column: str
) -> None:
    """The worst are those with a rate over 0, then those that sent most: the same in every column."""
    worst = "|".join(f"s{number}" for number in (*range(1, JUDGED), *range(sets - ROWS + JUDGED - 1, sets)))
    in_table = expression(TABLE, column)
    of_worst = f'group by (ses_configuration_set) (aws_ses_dimension_send_total{{ses_configuration_set=~"{worst}"}})'
    questions = [
        Question(f"count({expression(f'{panel} by configuration set')})", HOUR, LINES),
        Question(f"count({in_table})", HOUR, ROWS),
        Question(f"count(({in_table}) and on (ses_configuration_set) {of_worst})", HOUR, ROWS),
    ]
    ask(tmp_path, many(sets), questions, interval_seconds=300)


@pytest.mark.parametrize("title", ["Bounce rate by configuration set", TABLE, "Sent by configuration set"])
def test_without_any_set_a_panel_says_what_to_switch_on(tmp_path: Path, title: str) -> None:
    panel = next(panel for panel in boards.panels(boards.load(BOARD)) if panel["title"] == title)
    assert "sources.configuration_sets" in panel["fieldConfig"]["defaults"]["noValue"]
    account = Series("aws_ses_send_total", {"job": "aws-ses", "account_id": "1", "region": "r"}, [1.0] * 12)
    ask(tmp_path, [account], [Question(target["expr"], HOUR, None) for target in panel["targets"]])
