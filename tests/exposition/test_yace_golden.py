"""Our page against YACE's own for the same file, CloudWatch contents and moment."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from exporter.config.load import load
from tests.golden_pages import GOLDEN, Case, Difference, Shown, assert_native, expected, of_ses, rendered, served

CASES = sorted(path.name for path in (GOLDEN / "yace").iterdir() if path.is_dir())
NO_MAIL = "a count without mail in the newest complete period is 0, not NaN"
NO_NAN = "a rate is held over gaps, not NaN"
ALIGNED = "only complete periods, aligned to the clock"
NO_SUM = "a rate is read over 60 s, so that samples are not added up"
TRUE_AVERAGE = "the Average of the newest period, not the average of the averages of all"

BOUNCE_RATE = "aws_ses_reputation_bounce_rate_sum"
COUNTS = "aws_ses_(send|bounce)_sum"


def value(why: str, number: float, moment: float | None = None) -> Difference:
    return Difference(why, Shown(number, moment))


NEWEST_MINUTE = 1795324860.0
"""The newest minute that had ended."""
RATE_ONCE = {BOUNCE_RATE: value(NO_SUM, 0.1432)}
PURPOSEFUL: Mapping[str, Mapping[str, Difference]] = {
    "custom-namespace.steady": RATE_ONCE,
    "discovery-300.gap": {COUNTS: value(NO_MAIL, 0.0), BOUNCE_RATE: value(NO_NAN, 0.1432)},
    "discovery-300.steady": RATE_ONCE,
    "discovery-300.twice": RATE_ONCE,
    "discovery-600-delay.steady": {
        **RATE_ONCE,
        "aws_ses_send_sum": value(ALIGNED, 11200.0),
        "aws_ses_send_average": value(ALIGNED, 2240.0),
        "aws_ses_bounce_sum": value(ALIGNED, 840.0),
        "aws_ses_bounce_average": value(ALIGNED, 168.0),
    },
    "discovery-configuration-sets.sets": {},
    "discovery-timestamp.gap": {},
    "discovery-timestamp.steady": {BOUNCE_RATE: value(NO_SUM, 0.1432, NEWEST_MINUTE)},
    "static-configuration-set.sets": {},
    "static.steady": {
        **RATE_ONCE,
        "aws_ses_send_sum": value(ALIGNED, 11200.0),
        "aws_ses_send_average": value(TRUE_AVERAGE, 2240.0),
        "aws_ses_bounce_sum": value(ALIGNED, 840.0),
        "aws_ses_bounce_average": value(TRUE_AVERAGE, 168.0),
    },
}
QUIET_ACCOUNT = {
    f'aws_ses_{name}_sum{{account_id="123456789012",dimension_ses_configuration_set="",name="global",region="us-east-1"}}'
    for name in ("send", "bounce")
}
"""Where CloudWatch has data of configuration sets alone, discovery shows the account's own counts with 0 as well."""
ONLY_OURS = {"discovery-configuration-sets.sets": dict.fromkeys(QUIET_ACCOUNT, Shown(0.0, None))}


def test_every_golden_case_has_its_list_of_differences() -> None:
    assert sorted(PURPOSEFUL) == CASES


@pytest.mark.parametrize("name", CASES)
async def test_our_page_is_theirs_but_for_the_purposeful_differences(name: str) -> None:
    case = Case("yace", name)
    ours = served(await case.page(), case.loaded.settings.dialect.family_names)
    theirs = of_ses(case.theirs)
    assert ours.samples == {**expected(theirs.samples, PURPOSEFUL[name]), **ONLY_OURS.get(name, {})}
    assert ours.families == theirs.families


def labelled(page: str) -> set[str]:
    """Return the samples of *page* as they stand there, without value and time."""
    return {line.partition("} ")[0] for line in page.splitlines() if line.startswith("aws_ses_")}


@pytest.mark.parametrize("name", CASES)
async def test_labels_stand_in_the_order_of_theirs(name: str) -> None:
    case = Case("yace", name)
    assert labelled((case.folder / "metrics.prom").read_text()) <= labelled(await case.page())


@pytest.mark.parametrize("name", CASES)
async def test_what_is_only_ours_carries_native_labels(name: str) -> None:
    case = Case("yace", name)
    page = served(await case.page())
    native = {sample for sample in of_ses(page).samples if 'name="' not in sample}
    assert_native(case, native)


async def test_no_moment_has_a_nan() -> None:
    for name in CASES:
        case = Case("yace", name)
        for later in (0.0, 3600.0, 86_400.0):
            assert "NaN" not in await case.page(later=later)


async def test_a_rate_stays_for_two_weeks_and_a_count_for_a_quarter_of_an_hour() -> None:
    case = Case("yace", "discovery-300.gap")
    names = case.loaded.settings.dialect.family_names
    assert set(served(await case.page(later=3600), names).families) == {BOUNCE_RATE}
    assert not served(await case.page(later=15 * 86_400), names).families


async def test_with_timestamps_a_sample_leaves_when_its_datapoint_is_out_of_range() -> None:
    case = Case("yace", "discovery-timestamp.gap")
    names = case.loaded.settings.dialect.family_names
    newest, length, period = 1795323900, 900, 300
    still = newest + length + period - 1 - case.facts["scraped_at"]
    assert len(served(await case.page(later=still), names).samples) == 3
    assert not served(await case.page(later=still + 1), names).samples


async def test_every_datapoint_of_the_window_is_shown_with_its_time(tmp_path: Path) -> None:
    case = Case("yace", "discovery-timestamp.steady")
    switch = "    addCloudwatchTimestamp: true\n"
    file = tmp_path / "config.yml"
    text = (case.folder / "config.yml").read_text()
    file.write_text(text.replace(switch, f"{switch}    exportAllDataPoints: true\n"))
    loaded = load(file, environ={}, flags={}, default_region=lambda: None)
    page = (await rendered(loaded, case.contents(), case.facts["scraped_at"])).decode()
    shown = [line.rpartition("} ")[2] for line in page.splitlines() if line.startswith("aws_ses_send_sum{")]
    assert shown == ["9200.0 1795323900000", "10200.0 1795324200000", "11200.0 1795324500000"]
    rates = [line for line in page.splitlines() if line.startswith("aws_ses_reputation_bounce_rate_sum{")]
    moments = [int(line.rpartition(" ")[2]) // 1000 for line in rates]
    assert moments == sorted(moments)
    assert moments[-1] == NEWEST_MINUTE
    assert {line.split()[-2] for line in rates} == {"0.1432"}


async def test_self_metrics_are_served_with_our_numbers() -> None:
    case = Case("yace", "discovery-300.steady")
    page = served(await case.page())
    ours = {name for name in page.families if name.startswith("yace_")}
    kept = ours - {"yace_cloudwatch_request_errors"}  # theirs has none before the first error
    assert {name: case.theirs.families[name] for name in kept} == {name: page.families[name] for name in kept}
    own = 'aws_ses_exporter_cloudwatch_metrics_requested_total{region="us-east-1",target="default"}'
    billed = page.samples["yace_cloudwatch_getmetricdata_metrics_requested_total{}"]
    assert billed.value == page.samples[own].value > 0
    assert not [name for name in page.families if name.startswith("cloudwatch_")]


async def test_polls_in_a_row_show_every_period_once() -> None:
    case = Case("yace", "discovery-300.twice")
    contents, sums, start = case.contents(), 0.0, 1795324800
    for poll in range(6):
        page = await rendered(case.loaded, contents, start + 7 + poll * 300)
        name = 'aws_ses_send_sum{account_id="123456789012",name="global",region="us-east-1"}'
        sums += served(page.decode()).samples[name].value
    assert sums == contents.total("Send", start - 300, start + 5 * 300)
