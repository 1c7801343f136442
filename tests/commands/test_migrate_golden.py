"""`migrate`: the page of what it prints against the page of the file, by nothing but the printed list of changes."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.golden_pages import GOLDEN, Case
from tests.migrations import migrated

CASES = sorted(
    (exporter, path.name)
    for exporter in ("cloudwatch_exporter", "yace")
    for path in (GOLDEN / exporter).iterdir()
    if path.is_dir()
)
ABSENT = r"absent without mail; before: .*, 0 without mail"
NEWEST = r"the newest complete 60 s .*; before: the newest 60 s with data .*, with its timestamp"
BESIDE = r"complete (60|300) s that ended (0|60) s ago, .*; before: the newest complete 300 s that ended 300 s ago"
MOMENT = r"the newest complete 300 s .*; before: the newest 300 s with data .*, with its timestamp"
PLAIN = ("average", "maximum", "minimum")


def named(counts: tuple[str, ...], statistics: tuple[str, ...], text: str) -> dict[str, str]:
    return {f"aws_ses_{count}_{statistic}": text for count in counts for statistic in statistics}


OTHER_COUNTS = named(("delivery", "complaint"), ("sum",), BESIDE)
COUNTS_OF_SETS = named(("dimension_send", "dimension_bounce"), ("sum",), BESIDE)
NO_AVERAGE = {"aws_ses_reputation_bounce_rate_average": "goes"}
NO_AVERAGE_OF_SETS = {"aws_ses_dimension_reputation_bounce_rate_average": "goes"}
DIFFERENT: Mapping[str, Mapping[str, str]] = {
    "configuration-sets.sets": named(("send", "bounce"), PLAIN, ABSENT),
    "custom-namespace.steady": {**OTHER_COUNTS, **NO_AVERAGE},
    "dimension-select.sets": named(("send", "bounce"), PLAIN, ABSENT),
    "discovery-300.gap": NO_AVERAGE,
    "discovery-300.steady": {**OTHER_COUNTS, **NO_AVERAGE},
    "discovery-300.twice": NO_AVERAGE,
    "discovery-600-delay.steady": OTHER_COUNTS,
    "discovery-configuration-sets.sets": {**COUNTS_OF_SETS, **NO_AVERAGE_OF_SETS},
    "discovery-timestamp.gap": {**named(("send", "bounce"), ("sum",), MOMENT), **NO_AVERAGE},
    "discovery-timestamp.steady": {**OTHER_COUNTS, **NO_AVERAGE},
    "get-metric-data.mail": named(("send", "bounce"), PLAIN, ABSENT),
    "help.mail": NO_AVERAGE,
    "period-300-average.mail": OTHER_COUNTS,
    "period-300-average.steady": OTHER_COUNTS,
    "seed-post.gap": named(("send", "delivery", "bounce", "complaint"), PLAIN, ABSENT),
    "seed-post.mail": named(("send", "delivery", "bounce", "complaint"), PLAIN, ABSENT),
    "seed-post.twice": {},
    "static-configuration-set.sets": {**COUNTS_OF_SETS, **NO_AVERAGE_OF_SETS},
    "static.steady": OTHER_COUNTS,
    "timestamps.mail": named(("send", "bounce"), (*PLAIN, "sum", "sample_count"), NEWEST),
    "timestamps.steady": OTHER_COUNTS,
}
"""The names of the series whose values really differ at the moment of the case, and which text announces it."""


@pytest.mark.parametrize(("exporter", "name"), CASES)
async def test_the_pages_of_a_golden_case_differ_only_as_announced(exporter: str, name: str, tmp_path: Path) -> None:
    case = Case(exporter, name)
    found = migrated(Path(shutil.copy(case.folder / "config.yml", tmp_path)))
    result = await found.compared(case.contents(), case.facts["scraped_at"])
    assert result.untold == []
    assert result.samples >= 30
    assert {sample[0] for sample in result.announced} == DIFFERENT[name].keys()
    assert all(re.search(DIFFERENT[name][sample[0]], text) for sample, text in result.announced.items())
    assert (found.warnings, found.native.warnings) == ([], ())
    told = next((line for line in found.printed.others if line.startswith("Of the account as a whole now")), "")
    assert {sample[0] for sample in result.new} <= set(re.findall(r"aws_ses_\w+", told))
