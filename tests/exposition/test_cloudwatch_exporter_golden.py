"""Our page against cloudwatch_exporter's own for the same file, CloudWatch contents and moment."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.golden_pages import GOLDEN, Case, Difference, Shown, assert_native, expected, of_ses, rendered, served

CASES = sorted(path.name for path in (GOLDEN / "cloudwatch_exporter").iterdir() if path.is_dir())
NO_MAIL = "a count without mail in the newest complete period is 0; theirs shows older mail again"
HELD = "a rate is held over gaps"
ALIGNED = "only complete periods, aligned to the clock"

ANY = r"aws_ses_\w+"
COUNTS = r"aws_ses_(send|delivery|bounce|complaint)_\w+"
BOUNCE_RATE = r"aws_ses_reputation_bounce_rate_"
COMPLAINT_RATE = r"aws_ses_reputation_complaint_rate_"
PLAIN = "(average|minimum|maximum|sum)"


def no_mail() -> dict[str, Difference]:
    return {COUNTS: Difference(NO_MAIL, Shown(0.0, None))}


def aligned(metric: str, value: float, moment: float | None = None) -> dict[str, Difference]:
    return {metric: Difference(ALIGNED, Shown(value, moment))}


STEADY = 1795324740.0
"""The minute before the one that theirs shows, which had not ended 60 s before."""
PURPOSEFUL: Mapping[str, Mapping[str, Difference]] = {
    "configuration-sets.sets": no_mail(),
    "dimension-select.sets": no_mail(),
    "get-metric-data.mail": no_mail(),
    "help.mail": no_mail(),
    "period-300-average.mail": {},
    "period-300-average.steady": {
        **aligned("aws_ses_send_sum", 11200.0),
        **aligned("aws_ses_send_average", 2240.0),
        **aligned("aws_ses_send_maximum", 2320.0),
        **aligned("aws_ses_bounce_sum", 840.0),
        **aligned("aws_ses_bounce_average", 168.0),
        **aligned("aws_ses_bounce_maximum", 174.0),
    },
    "seed-post.gap": {
        **no_mail(),
        BOUNCE_RATE + PLAIN: Difference(HELD, Shown(0.1432, None)),
        COMPLAINT_RATE + PLAIN: Difference(HELD, Shown(0.0021, None)),
        r"aws_ses_reputation_\w+_rate_sample_count": Difference(HELD, Shown(1.0, None)),
    },
    "seed-post.mail": no_mail(),
    "seed-post.twice": {},
    "timestamps.mail": {},
    "timestamps.steady": {
        **aligned(f"aws_ses_send_{PLAIN}", 2360.0, STEADY),
        **aligned(f"aws_ses_bounce_{PLAIN}", 177.0, STEADY),
        **aligned(BOUNCE_RATE + PLAIN, 0.1432, STEADY),
        **aligned(ANY + "_sample_count", 1.0, STEADY),
    },
}


def account_samples(case: Case) -> set[str]:
    """Return the names of all samples that the rules for the account as a whole may give."""
    return {
        f'{family.name}{{instance="",job="aws_ses"}}'
        for rule in case.loaded.settings.dialect.rules
        if rule.selection is None
        for _, family in rule.families
    }


def test_every_golden_case_has_its_list_of_differences() -> None:
    assert sorted(PURPOSEFUL) == CASES


@pytest.mark.parametrize("name", CASES)
async def test_our_page_is_theirs_but_for_the_purposeful_differences(name: str) -> None:
    case = Case("cloudwatch_exporter", name)
    ours = served(await case.page(), case.loaded.settings.dialect.family_names)
    theirs = of_ses(case.theirs)
    assert ours.samples == expected(theirs.samples, PURPOSEFUL[name], account_samples(case))
    assert {name: ours.families[name] for name in theirs.families} == theirs.families
    assert all(kind == "gauge" for kind, _ in ours.families.values())


@pytest.mark.parametrize("name", CASES)
async def test_what_is_only_ours_carries_native_labels(name: str) -> None:
    case = Case("cloudwatch_exporter", name)
    page = served(await case.page())
    native = {sample for sample in of_ses(page).samples if 'job="aws_ses"' not in sample}
    assert_native(case, native)


async def test_counters_stand_beside_the_gauges_and_count_all_mail_once() -> None:
    case = Case("cloudwatch_exporter", "seed-post.gap")
    samples = served(await case.page()).samples
    assert samples['aws_ses_send_total{account_id="123456789012",region="us-east-1"}'].value == 120
    sets = served(await Case("cloudwatch_exporter", "configuration-sets.sets").page()).samples
    labels = 'account_id="123456789012",region="us-east-1",ses_configuration_set="marketing"'
    assert sets[f"aws_ses_dimension_send_total{{{labels}}}"].value == 80  # the newest burst has not settled yet


async def test_with_timestamps_a_sample_leaves_when_its_datapoint_is_out_of_range() -> None:
    case = Case("cloudwatch_exporter", "timestamps.mail")
    names = case.loaded.settings.dialect.family_names
    newest, reach = 1795324680, 60 + 600
    still = newest + reach - 1 - case.facts["scraped_at"]
    assert served(await case.page(later=still), names).samples == of_ses(case.theirs).samples
    assert served(await case.page(later=still + 1), names).samples == {}


async def test_without_timestamps_a_rate_stays_for_two_weeks_and_a_count_for_a_quarter_of_an_hour() -> None:
    case = Case("cloudwatch_exporter", "seed-post.mail")
    names = case.loaded.settings.dialect.family_names
    hour = served(await case.page(later=3600), names).families
    assert {name.rpartition("_rate_")[0] for name in hour} == {
        "aws_ses_reputation_bounce",
        "aws_ses_reputation_complaint",
    }
    assert not served(await case.page(later=15 * 86_400), names).families


async def test_a_day_of_polls_shows_every_minute_once() -> None:
    case = Case("cloudwatch_exporter", "seed-post.twice")
    contents, sums, start = case.contents(), 0.0, 1795324800
    for poll in range(30):
        page = await rendered(case.loaded, contents, start + 7 + poll * 60)
        sums += served(page.decode()).samples['aws_ses_send_sum{instance="",job="aws_ses"}'].value
    assert sums == contents.total("Send", start - 120, start + 30 * 60 - 120)


async def test_self_metrics_of_public_rules_are_served_with_our_numbers() -> None:
    case = Case("cloudwatch_exporter", "seed-post.mail")
    samples = served(await case.page()).samples
    assert samples["cloudwatch_exporter_scrape_error{}"].value == 0
    assert samples["cloudwatch_exporter_scrape_duration_seconds{}"].value == 0.25
    ours = {name for name in samples if name.startswith("cloudwatch_")}
    theirs = {name for name in case.theirs.samples if name.startswith("cloudwatch_metrics_requested_total")}
    assert theirs <= ours
    own = sum(value.value for name, value in samples.items() if name.startswith("cloudwatch_metrics_requested_total"))
    total = 'aws_ses_exporter_cloudwatch_metrics_requested_total{region="us-east-1",target="default"}'
    assert own == samples[total].value
    families = served(await case.page()).families
    kept = {name for name in families if name.startswith("cloudwatch_")}
    assert {name: case.theirs.families[name] for name in kept} == {name: families[name] for name in kept}
