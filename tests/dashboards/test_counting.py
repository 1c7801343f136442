"""Bars and numbers of a day are exact: what the counters of mail grew by, whatever the phase of polls and scrapes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.dashboards import boards
from tests.dashboards.replay import Question, Series, ask

SCRAPE_SECONDS = 15
POLL_SECONDS = 300
PER_POLL = 100
LABELS = {"job": "aws-ses", "instance": "a", "account_id": "123456789012", "region": "us-east-1"}
PLACE = '{account_id="123456789012", region="us-east-1"}'
BARS = [
    asked
    for asked in boards.asked("aws-ses-overview")
    if "_total{" in asked.expression and "$__interval" in asked.expression
]
SENT = next(asked for asked in BARS if asked.panel == "Sent and delivered").expression
PHASES = (0, 1, 7, 14, 16, 150, 286, 299)


def scraped(counter: Callable[[float], float | None], hours: float) -> list[float | None]:
    """Return what a scrape sees of *counter*, a function of seconds, every 15 seconds."""
    return [counter(seconds) for seconds in range(0, round(hours * 3600) + 1, SCRAPE_SECONDS)]


def polled(phase: float) -> Callable[[float], float]:
    """Return a counter that is read every 300 s, *phase* after the full step, and then grows by 100."""
    return lambda seconds: 1000.0 + PER_POLL * ((seconds - phase) // POLL_SECONDS)


def counters(values: Sequence[float | None], **labels: str) -> list[Series]:
    """Return every counter that a bar reads, all of the same *values*."""
    read = {
        (name, tuple(boards.demanded(asked.expression).items()))
        for asked in BARS
        for name in boards.metrics(asked.expression)
        if name.endswith("_total")
    }
    return [Series(name, {**LABELS, **dict(demanded), **labels}, values) for name, demanded in sorted(read)]


def total(expression: str, hours: int) -> str:
    """Return the sum of the bars of *hours*: each five minutes long, both ends included."""
    return f"sum(sum_over_time(({expression})[{hours}h:5m]))"


def test_every_panel_of_bars_over_mail_is_tried() -> None:
    assert {asked.panel for asked in BARS} == {
        "Sent and delivered",
        "Bounced and complained",
        "Sent by account and region",
        "Rejected, not rendered, delayed",
        "Opened, clicked, unsubscribed",
        "Sent by configuration set",
        "Bounced by configuration set",
        "Complained by configuration set",
        "What else SES counts by configuration set",
        "Sent by other dimensions",
        "Received by rule set",
        "Actions of receipt rules that failed",
        "Mail of the newest period",
        "Trouble of the newest period",
        "People of the newest period",
    }
    assert len(BARS) == 34


@pytest.mark.parametrize("phase", PHASES)
def test_bars_add_up_to_the_growth_at_every_phase_of_the_polls(tmp_path: Path, phase: int) -> None:
    counter = polled(phase)
    growth = counter(3 * 3600) - counter(3300)
    assert growth in (25 * PER_POLL, 26 * PER_POLL)
    series = counters(scraped(counter, 3))
    questions = [Question(total(asked.expression, 2), 180, growth) for asked in BARS]
    ask(tmp_path, series, questions, interval_seconds=SCRAPE_SECONDS)


def test_no_bar_is_missing_or_stretched(tmp_path: Path) -> None:
    steps = [Question(SENT, minutes, PER_POLL) for minutes in range(60, 120, 5)]
    ask(tmp_path, counters(scraped(polled(7), 2)), steps, interval_seconds=SCRAPE_SECONDS)


def test_bars_count_what_came_while_the_exporter_was_down(tmp_path: Path) -> None:
    counter = polled(7)
    down = scraped(lambda seconds: None if 3600 <= seconds < 4 * 3600 else counter(seconds), 5)
    growth = counter(5 * 3600) - counter(2400)
    questions = [Question(f"sum(sum_over_time(({SENT})[255m:5m]))", 300, growth), Question(SENT, 200, None)]
    ask(tmp_path, counters(down), questions, interval_seconds=SCRAPE_SECONDS)


def test_a_counter_that_appears_is_not_shown_whole(tmp_path: Path) -> None:
    appears = scraped(lambda seconds: 7000.0 if seconds >= 3600 else None, 2)
    questions = [
        Question(SENT, 60, None),
        Question(SENT, 64, None),
        Question(SENT, 70, 0),
        Question(total(SENT, 2), 120, 0),
    ]
    ask(tmp_path, counters(appears), questions, interval_seconds=SCRAPE_SECONDS)


def test_after_the_turn_of_the_year_bars_count_from_zero(tmp_path: Path) -> None:
    def turn(seconds: float) -> float:
        if seconds < 3600:
            return 7000.0
        return 0.0 if seconds < 4500 else 300.0

    questions = [Question(SENT, 60, 0), Question(SENT, 75, 300), Question(total(SENT, 1), 100, 300)]
    ask(tmp_path, counters(scraped(turn, 2)), questions, interval_seconds=SCRAPE_SECONDS)


def test_a_counter_that_begins_anew_within_a_step_is_shown_whole(tmp_path: Path) -> None:
    turn = scraped(lambda seconds: 7000.0 if seconds < 3600 else 300.0, 2)
    ask(tmp_path, counters(turn), [Question(total(SENT, 1), 100, 300)], interval_seconds=SCRAPE_SECONDS)


def test_a_replica_that_was_ahead_and_goes_is_no_new_year(tmp_path: Path) -> None:
    ahead = counters(scraped(lambda seconds: 7010.0 if seconds < 3600 else None, 2), instance="ahead")
    behind = counters(scraped(lambda _: 7000.0, 2))
    ask(tmp_path, [*ahead, *behind], [Question(total(SENT, 1), 100, 0)], interval_seconds=SCRAPE_SECONDS)


def test_two_replicas_and_a_renamed_one_count_once(tmp_path: Path) -> None:
    counter = polled(7)
    first = counters(scraped(lambda seconds: counter(seconds) if seconds < 5400 else None, 3))
    second = counters(scraped(lambda seconds: counter(seconds) if seconds >= 5000 else None, 3), instance="b")
    growth = counter(3 * 3600) - counter(3300)
    ask(tmp_path, [*first, *second], [Question(total(SENT, 2), 180, growth)], interval_seconds=SCRAPE_SECONDS)


def of_table(legend: str) -> str:
    table = next(p for p in boards.panels(boards.load("aws-ses-overview")) if p["title"].startswith("Every account"))
    found: str = next(each["expr"] for each in table["targets"] if each["legendFormat"] == legend)
    return found


@pytest.mark.parametrize("phase", PHASES)
def test_the_numbers_of_a_day_are_the_growth_of_a_day(tmp_path: Path, phase: int) -> None:
    counter, now = polled(phase), 25 * 3600
    growth = counter(now) - counter(now - 86400)
    series = counters([counter(seconds) for seconds in range(0, now + 1, 60)])
    questions = [
        Question(of_table("Sent in 24 h"), now / 60, growth, PLACE),
        Question(of_table("Bounced in 24 h"), now / 60, 1, PLACE),
    ]
    ask(tmp_path, series, questions)


def test_a_renamed_exporter_changes_no_number_of_a_day(tmp_path: Path) -> None:
    counter, now = polled(7), 25 * 3600
    moments = range(0, now + 1, 60)
    first = counters([counter(seconds) if seconds < now / 2 else None for seconds in moments])
    second = counters([counter(seconds) if seconds >= now / 2 else None for seconds in moments], instance="b")
    growth = counter(now) - counter(now - 86400)
    ask(tmp_path, [*first, *second], [Question(of_table("Sent in 24 h"), now / 60, growth, PLACE)])


def test_a_counter_younger_than_a_day_counts_from_when_it_was_first_seen(tmp_path: Path) -> None:
    counter, now = polled(7), 3 * 3600
    values = [counter(seconds) if seconds >= 3600 else None for seconds in range(0, now + 1, 60)]
    growth = counter(now) - counter(3600)
    ask(tmp_path, counters(values), [Question(of_table("Sent in 24 h"), now / 60, growth, PLACE)])


def test_the_sending_rate_is_exact_at_every_phase_of_the_polls(tmp_path: Path) -> None:
    speed = next(asked for asked in boards.asked("aws-ses-overview") if asked.panel == "Sending rate").expression
    limit = Series("aws_ses_send_quota_rate_max", LABELS, [1.0] * (2 * 3600 // SCRAPE_SECONDS + 1))
    for phase in PHASES:
        series = [*counters(scraped(polled(phase), 2)), limit]
        questions = [Question(speed, minutes, 4 * PER_POLL / 1200, PLACE) for minutes in range(60, 120, 5)]
        ask(tmp_path, series, questions, interval_seconds=SCRAPE_SECONDS)
