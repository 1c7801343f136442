"""YACE's file: which window each metric is read in, how often, and what stands where it has no datapoint."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from exporter.catalogue import Kind
from exporter.errors import ConfigError
from tests.config.test_yace import NAMED, RATE, SEND, discovery, doubts, file, first, read, rules

__all__ = ["file"]


@pytest.mark.parametrize(("periods", "poll"), [((10,), 60), ((60, 300), 60), ((120, 3600), 120), ((3600,), 300)])
def test_the_poll_interval_is_the_smallest_period_within_limits(
    file: Path, periods: tuple[int, ...], poll: int
) -> None:
    metrics = [{**SEND, "period": each, "length": 3600} for each in periods]
    assert discovery(file, {"metrics": metrics}).settings.poll_interval_seconds == poll


def test_a_length_counts_back_from_the_delay_and_is_raised_to_the_minimum(file: Path) -> None:
    assert discovery(file, {"period": 60, "length": 60}).settings.range_seconds == 900
    assert discovery(file, {"length": 1200, "delay": 600}).settings.range_seconds == 2100
    assert discovery(file, {"period": 3600, "length": 90_000}).settings.range_seconds == 86_400
    long = first(file, length=2_000_000, period=300)
    assert long.delay_seconds + long.range_seconds == 1_209_600


def test_nil_to_zero_makes_no_rate_0_and_an_unknown_metric_what_it_says(file: Path) -> None:
    metrics = [RATE, {**SEND, "name": "Brand.NewThing"}]
    loaded = discovery(file, {"nilToZero": True, "metrics": metrics})
    rate, _, unknown, _ = rules(loaded)
    assert (rate.zero, rate.is_held) == (False, True)
    assert (unknown.kind, unknown.zero, unknown.is_held) == (Kind.LEVEL, True, False)
    assert unknown.families[0][1].name == "aws_ses_brand_new_thing_sum"
    assert doubts(loaded) == [
        "discovery.jobs[0].nilToZero = true: does nothing for Reputation.BounceRate: a rate is held over gaps, never 0"
    ]
    *_, unknown = rules(discovery(file, {"metrics": metrics}))
    assert (unknown.zero, unknown.is_held) == (False, True)


def test_all_datapoints_need_their_timestamps_and_are_one_in_a_static_job(file: Path) -> None:
    assert first(file, addCloudwatchTimestamp=True, exportAllDataPoints=True).every
    with pytest.raises(ConfigError, match=r"exportAllDataPoints = true: is only for addCloudwatchTimestamp: true"):
        first(file, exportAllDataPoints=True)
    every = {**SEND, "addCloudwatchTimestamp": True, "exportAllDataPoints": True}
    loaded = read(file, static=[{**NAMED, "metrics": [every]}])
    assert not rules(loaded)[0].every
    assert "does nothing in a static job" in loaded.warnings[0]


LATE = 1_123_200
CUT = "cut to 1209600 s: CloudWatch keeps minutes for two weeks"


@pytest.mark.parametrize(
    ("keys", "reach", "back"),
    [
        ({"period": 86_400, "length": 86_400, "delay": LATE}, 86_400, 1_296_000),
        ({"period": 300, "length": 1_209_600, "delay": LATE}, 86_400, 2_333_100),
        ({"period": 604_800, "length": 604_800}, 1_209_600, None),
        ({"period": 604_800, "length": 604_800, "delay": 300}, 1_209_300, 1_209_900),
    ],
)
def test_a_length_that_reaches_too_far_with_its_delay_is_cut_to_what_is_left(
    file: Path, keys: dict[str, int], reach: int, back: int | None
) -> None:
    loaded = discovery(file, keys)
    assert rules(loaded)[0].range_seconds == reach
    said = [] if back is None else [f"length = {keys['length']}: reaches back {back} s with its delay, {CUT}"]
    assert doubts(loaded) == [f"discovery.jobs[0].{line}" for line in said]


def test_a_period_of_which_none_is_ever_whole_in_the_window_is_refused_where_times_are_shown(file: Path) -> None:
    keys: dict[str, Any] = {"period": 86_400, "length": 86_400, "addCloudwatchTimestamp": True}
    assert first(file, delay=LATE - 86_400, **keys).range_seconds == 2 * 86_400
    with pytest.raises(ConfigError) as caught:
        first(file, delay=LATE, **keys)
    (problem,) = caught.value.problems
    said = "period = 86400: is over 1209600 twice with its delay of 1123200: CloudWatch keeps minutes so long"
    assert str(problem).endswith(f": discovery.jobs[0].{said}")
