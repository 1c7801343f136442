"""What the boards say when an exporter is down, was down, or was never told an account; and with sixty of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from tests.dashboards import boards
from tests.dashboards.replay import Question, Series, ask

HOUR = 60
PLACES = 60
SHOWN = 20
RANKED = [asked for name in boards.NAMES for asked in boards.asked(name) if "topk(20, " in asked.expression]
JOB = {"job": "aws-ses"}


def places(metric: str, moments: range, until: int, demanded: Mapping[str, str]) -> Iterator[Series]:
    """Return *metric* of sixty accounts and targets, each the greatest at some time, silent *until* a minute on."""
    of_target = metric.startswith("aws_ses_exporter_")
    for place in range(PLACES):
        owner = {"target": f"t{place}", "source": "account"} if of_target else {"account_id": f"{place:012}"}
        waves = [1 + (37 * place + 17 * minute) % 101 for minute in moments]
        grown = [1000 + sum(waves[: index + 1]) for index in range(len(waves))]
        values = grown if metric.endswith(("_total", "_rate_timestamp_seconds")) else waves
        seen = [value if minute <= until else None for value, minute in zip(values, moments, strict=True)]
        yield Series(metric, {**JOB, "instance": "a", **owner, "region": f"r{place}", **demanded}, seen)


def test_every_panel_of_lines_by_place_is_tried() -> None:
    assert len(RANKED) == 27
    assert {asked.board for asked in RANKED} == set(boards.NAMES)


@pytest.mark.parametrize("asked", RANKED, ids=str)
def test_a_panel_has_twenty_lines_of_sixty_also_when_the_exporter_is_down_at_the_end(
    tmp_path: Path, asked: boards.Asked
) -> None:
    moments = range(0, 5 * HOUR + 1, 5)
    demanded = boards.demanded(asked.expression)
    series = [each for name in boards.metrics(asked.expression) for each in places(name, moments, 4 * HOUR, demanded)]
    lines = f"count(count_over_time(({asked.expression})[2h:20m]))"
    whole, down = Question(lines, 4 * HOUR, SHOWN), Question(lines, 5 * HOUR, SHOWN)
    ask(tmp_path, series, [whole, down], interval_seconds=300)


def expression(name: str, title: str) -> str:
    found: str = next(p for p in boards.panels(boards.load(name)) if p["title"] == title)["targets"][0]["expr"]
    return found


def answers(target: str, source: str, good: int, instance: str = "a") -> Series:
    labels = {**JOB, "instance": instance, "target": target, "region": "us-east-1", "source": source}
    return Series("aws_ses_exporter_last_poll_successful", labels, [good] * HOUR)


def up(job: str, instance: str, values: Sequence[float]) -> Series:
    return Series("up", {"job": job, "instance": instance}, values)


def build(instance: str, minutes: int) -> Series:
    values = [1 if minute < minutes else None for minute in range(HOUR)]
    return Series("aws_ses_exporter_build_info", {**JOB, "instance": instance, "version": "1.0.0"}, values)


EXPORTERS = [
    build("a", HOUR),
    build("b", 20),
    up("aws-ses", "a", [1] * HOUR),
    up("aws-ses", "b", [1] * 20 + [0] * 40),
    up("node", "c", [0] * HOUR),
]
MINUTE = 55


def test_one_exporter_down_of_two_is_seen_and_other_jobs_are_not(tmp_path: Path) -> None:
    down = expression("aws-ses-exporter", "Exporters down")
    ask(tmp_path, EXPORTERS, [Question(down, 10, 0), Question(down, MINUTE, 1)])


def test_without_any_exporter_nothing_is_said_of_exporters(tmp_path: Path) -> None:
    elsewhere = [up("node", "c", [1] * HOUR)]
    numbers = [asked for name in boards.NAMES for asked in boards.asked(name) if asked.kind == "stat"]
    ask(tmp_path, elsewhere, [Question(asked.expression, MINUTE, None) for asked in numbers])


def test_not_answering_counts_targets_of_unknown_account_and_exporters_that_are_down(tmp_path: Path) -> None:
    targets = [
        answers("main", "account", 1),
        answers("main", "cloudwatch", 0),
        answers("late", "account", 0),
        answers("good", "account", 1),
    ]
    count = expression("aws-ses-overview", "Not answering")
    ask(tmp_path, [*EXPORTERS, *targets], [Question(count, 10, 2), Question(count, MINUTE, 3)])


def test_not_answering_is_not_green_when_every_exporter_is_down(tmp_path: Path) -> None:
    count = expression("aws-ses-overview", "Not answering")
    ask(tmp_path, [build("a", 20), up("aws-ses", "a", [1] * 20 + [0] * 40)], [Question(count, MINUTE, 1)])


def test_not_answering_leaves_out_targets_of_accounts_that_are_not_chosen(tmp_path: Path) -> None:
    info = {**JOB, "instance": "a", "account_id": "1", "region": "us-east-1", "name": "main"}
    known = Series("aws_ses_target_info", info, [1] * HOUR)
    count = expression("aws-ses-overview", "Not answering")
    series = [known, answers("main", "account", 0), answers("late", "account", 0)]
    chosen = {account: count.replace("$account", account) for account in ("1", "2")}
    ask(tmp_path, series, [Question(chosen["1"], MINUTE, 2), Question(chosen["2"], MINUTE, 1)])


@pytest.mark.parametrize(
    ("sent", "judged", "expected"),
    [
        ([0.0] * HOUR, True, -1),
        ([0.0] * 30 + [5.0] * 30, True, 55 * 60 - 600),
        ([0.0] * 30 + [5.0] * 30, False, None),
        ([None] * HOUR, True, None),
    ],
    ids=["nothing was sent", "mail was sent", "mail was sent and never judged", "no counter is known"],
)
def test_the_oldest_data_tells_idle_from_unknown(
    tmp_path: Path, sent: list[float | None], judged: bool, expected: float | None
) -> None:
    place = {**JOB, "instance": "a", "account_id": "1", "region": "us-east-1"}
    series = [Series("aws_ses_send_total", place, sent)]
    if judged:
        series.append(Series("aws_ses_reputation_bounce_rate_timestamp_seconds", place, [600.0] * HOUR))
    labels = '{account_id="1", region="us-east-1"}' if expected and expected > 0 else "{}"
    oldest = expression("aws-ses-overview", "Oldest data")
    ask(tmp_path, series, [Question(oldest, MINUTE, expected, labels)])
