"""The stories in `stories.py`, told to the shipped rules by promtool: every alert opens as often as the story says."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import yamls
from tests.alerts.promtool import failures
from tests.alerts.scraped import GOLDEN, account, golden
from tests.alerts.stories import STORIES, wandering, wobbling_at_random
from tests.alerts.timeline import Clock, Opened, TimeLine, notation
from tests.effort import SOAK
from tests.tools import require_tool

SEEDS = 5 if SOAK else 1


def promtool(line: TimeLine, folder: Path, rule: str | None = None) -> str:
    """Return what promtool finds wrong with *line*, or nothing; *rule* is one alert in the place of all rules."""
    if rule is not None:
        alert = {"alert": "Above", "expr": rule, "labels": {"severity": "warning"}}
        path = folder / "rules.yml"
        path.write_text(yamls.dump({"groups": [{"name": "above", "rules": [alert]}]}), encoding="utf-8")
        line = dataclasses.replace(line, rules=[path])
    return failures(require_tool("promtool", debian="prometheus"), line.write(folder))


@pytest.mark.parametrize("name", STORIES)
def test_alerts_open_as_often_as_the_story_says(name: str, tmp_path: Path) -> None:
    assert promtool(STORIES[name](), tmp_path) == ""


@pytest.mark.parametrize("story", [wobbling_at_random, wandering], ids=lambda story: story.__name__)
@pytest.mark.parametrize("number", range(SEEDS))
def test_any_values_on_the_line_open_once(story: Callable[[int], TimeLine], number: int, tmp_path: Path) -> None:
    seed = random.randrange(10**9) if SOAK else 1
    assert promtool(story(seed), tmp_path) == "", f"seed {seed}"


def test_an_account_at_rest_opens_nothing(tmp_path: Path) -> None:
    assert promtool(TimeLine(Clock(26), account(Clock(26))), tmp_path) == ""


@pytest.mark.parametrize(
    ("values", "opened"),
    [
        ([0, 1, 1, 0, 1], {"Above warning": Opened(2)}),
        ([1, 1, None, 1, 0], {"Above warning": Opened(2, over=True)}),
        ([1, 1, 1, 1, 1], {"Above warning": Opened(1)}),
        ([0, 0, 0, 0, 0], {}),
    ],
)
def test_openings_are_counted(values: list[float | None], opened: dict[str, Opened], tmp_path: Path) -> None:
    clock = Clock(1, 15)
    right = TimeLine(clock, {("metric", ()): values}, opened)
    assert promtool(right, tmp_path, "metric > 0") == ""

    wrong = dataclasses.replace(right, opened={"Above warning": Opened(3)})
    assert "exp:" in promtool(wrong, tmp_path, "metric > 0")


def test_the_page_of_a_time_line_is_whole() -> None:
    on_page = {line.split("{")[0].split()[0] for line in GOLDEN.read_text().splitlines() if not line.startswith("#")}
    scraped = {name for name, _ in golden(Clock(1))}
    assert {name for name in on_page if not name.endswith("_bucket")} == scraped


def test_values_are_written_as_promtool_reads_them() -> None:
    nan = float("nan")
    assert notation([None, 1, 1, 1.5, None, None, 2, nan, nan]) == "_x1 1x1 1.5x0 stale _x1 2x0 NaN NaN"


def test_nothing_is_said_of_a_metric_that_is_not_there() -> None:
    with pytest.raises(ValueError, match="the page has no aws_ses_sent"):
        account(Clock(1), changes={"aws_ses_sent": lambda _: 1})
