"""The time lines that SES really shows, each with the number of openings of every alert it opens.

Mail comes in bursts 20 minutes apart unless a story says otherwise.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping
from functools import partial

from tests.alerts.rulefiles import PEERS
from tests.alerts.scraped import INSTANCE, REGION, OfMinute, account, bursts, poll, with_values
from tests.alerts.timeline import Clock, Opened, Series, TimeLine, Value, only_when, relabelled
from tests.effort import SOAK

HOUR = 60
DAY = Clock(26)

BOUNCES = "AWSSESReputationBounceRate warning us-east-1"
COMPLAINTS = "AWSSESReputationComplaintRate warning us-east-1"
DOWN = (f"ExporterDown warning {INSTANCE}", "ExporterDown critical", f"TargetMissing warning {REGION}")
"""What the only exporter opens while it is down."""


def gaps_over_the_line() -> TimeLine:
    """Mail in bursts for a day, the rate over the review line: the exporter holds it through the gaps."""
    series = account(DAY, bounce_rate=lambda _: 0.06, shares={"bounce": 0.06})
    return TimeLine(DAY, series, {BOUNCES: Opened(1), "AWSSESBounceShare warning us-east-1": Opened(1)})


def gaps_under_the_line() -> TimeLine:
    """The same, the rate just under the review line."""
    return TimeLine(DAY, account(DAY, bounce_rate=lambda _: 0.0499, shares={"bounce": 0.0499}))


def elsewhere(rate: float, between: Value) -> TimeLine:
    """As another exporter has it: the *rate* after each burst, and *between* the bursts nothing or, from YACE, NaN."""
    page = account(DAY)
    wanted = [key for key in page if key[0].startswith("aws_ses_reputation_bounce_rate_") and "time" not in key[0]]
    series = dict.fromkeys(wanted, DAY.values(lambda minute: rate if minute % 20 == 10 else between))
    return TimeLine(DAY, series, {BOUNCES: Opened(1)} if rate >= 0.05 else {}, PEERS)


def office_hours(minute: int) -> float:
    """Return the mails of a *minute* of a week that begins on Friday noon: none at the weekend, few at night."""
    day, hour = (minute // HOUR + 12) // 24 % 7, (minute // HOUR + 12) % 24
    if day in (1, 2):
        return 0
    return 30 if 8 <= hour < 18 else 4


def quiet_weekend(days: int) -> TimeLine:
    """Over the line from the first burst on, for some days with a weekend without mail; the weeks are alike."""
    clock = Clock(days * 24)
    page = account(clock, mails=office_hours, bounce_rate=lambda _: 0.06)
    return TimeLine(clock, page, {BOUNCES: Opened(1)})


def on_the_line(bounces: OfMinute, complaints: OfMinute) -> TimeLine:
    """Return a day in which the rates move around the review lines."""
    series = account(DAY, bounce_rate=bounces, complaint_rate=complaints)
    return TimeLine(DAY, series, {BOUNCES: Opened(1), COMPLAINTS: Opened(1)})


def wobbling() -> TimeLine:
    """From 4.8 to 5.2 % and back every three hours; complaints likewise, in their own rhythm."""
    return on_the_line(
        lambda minute: 0.05 + 0.002 * math.sin(minute / (3 * HOUR) * math.tau),
        lambda minute: 0.001 + 0.00004 * math.sin(minute / (5 * HOUR) * math.tau),
    )


def wobbling_at_random(seed: int) -> TimeLine:
    """Between 4.8 and 5.2 %, another value every poll; an hour over the line first, else it might be told to rise."""
    chance = random.Random(seed)
    bounces = [chance.uniform(0.048, 0.052) for _ in range(DAY.hours * HOUR + 1)]
    complaints = [chance.uniform(0.00096, 0.00104) for _ in range(DAY.hours * HOUR + 1)]
    return on_the_line(
        lambda minute: 0.052 if minute < HOUR else bounces[minute],
        lambda minute: 0.00104 if minute < HOUR else complaints[minute],
    )


def wandering(seed: int) -> TimeLine:
    """Between 4.6 and 5.4 %, each value a small step from the one before; over the line first."""
    chance = random.Random(seed)
    walk = [0.052]
    for _ in range(DAY.hours * HOUR):
        walk.append(min(0.054, max(0.046, walk[-1] + chance.uniform(-0.0003, 0.0003))))
    return on_the_line(walk.__getitem__, lambda minute: walk[minute] / 50)


OWN_COUNTERS = (
    "aws_ses_exporter_polls_total",
    "aws_ses_exporter_api_requests_total",
    "aws_ses_exporter_cloudwatch_estimated_cost_dollars_total",
)


def restart() -> TimeLine:
    """The exporter is replaced after three hours: three minutes without it, own counters from 0, another instance.

    One region is over the line, one is healthy.
    """
    clock, gone, back = Clock(6, 1), 3 * HOUR, 3 * HOUR + 3
    over = account(clock, bounce_rate=lambda _: 0.06)
    series = {**over, **relabelled(account(clock), region="eu-west-1")}
    fresh = {name: clock.values(lambda minute: max(0, minute - back) // 5 + 1) for name in OWN_COUNTERS[:2]}
    fresh[OWN_COUNTERS[2]] = clock.values(lambda minute: max(0, minute - back) // 5 * 0.00012)
    fresh["process_start_time_seconds"] = clock.values(lambda _: 2e9)
    after = relabelled(with_values(series, fresh), instance="exporter-1:9199")
    old, new = (
        only_when(series, clock, lambda minute: minute < gone),
        only_when(after, clock, lambda minute: minute >= back),
    )
    return TimeLine(clock, {**old, **new}, {BOUNCES: Opened(1)})


def restart_in_place() -> TimeLine:
    """The same, but the instance keeps its name, so that the series go on and `up` is 0 meanwhile."""
    clock, gone, back = Clock(6, 1), 3 * HOUR, 3 * HOUR + 3
    page = account(clock, bounce_rate=lambda _: 0.06)
    fresh = {
        name: [value if minute < gone else first for minute, value in zip(clock, _of(page, name), strict=True)]
        for name, first in {OWN_COUNTERS[0]: 1.0, OWN_COUNTERS[1]: 1.0, OWN_COUNTERS[2]: 0.0}.items()
    }
    fresh["process_start_time_seconds"] = clock.values(lambda minute: 1e9 if minute < gone else 2e9)
    return TimeLine(clock, _without(with_values(page, fresh), clock, gone, back), {BOUNCES: Opened(1)})


def _without(page: Series, clock: Clock, gone: int, back: int) -> Series:
    """Return *page* of an exporter that is down from one minute to another."""
    there = only_when(page, clock, lambda minute: not gone <= minute < back)
    return with_values(there, {"up": clock.values(lambda minute: not gone <= minute < back)})


def _of(series: Series, name: str) -> list[Value]:
    return next(list(values) for (each, _), values in series.items() if each == name)


def one_region_of_three_fails() -> TimeLine:
    """AWS does not answer in one region for six hours: its rates are held, its facts leave after one hour."""
    clock, begins, ends = Clock(18), 6 * HOUR, 12 * HOUR

    def failing(minute: int) -> bool:
        return begins <= minute < ends

    region = account(
        clock,
        late=lambda minute: minute - begins + 5 if failing(minute) else 5,
        changes={
            "aws_ses_up": lambda minute: not failing(minute),
            "aws_ses_exporter_last_poll_successful": lambda minute: not failing(minute),
            "aws_ses_exporter_poll_failures_total connection": lambda minute: (
                min(max(0, minute - begins), 6 * HOUR) // 5
            ),
            "aws_ses_exporter_last_success_timestamp_seconds": (
                lambda minute: 1 + 60 * (begins if failing(minute) else poll(minute))
            ),
        },
    )
    facts = {key: values for key, values in region.items() if _is_fact(key[0])}
    gone = only_when(facts, clock, lambda minute: not begins + HOUR <= minute < ends)
    series = {
        **relabelled({**region, **gone}, region="eu-west-1"),
        **account(clock),
        **relabelled(account(clock), region="us-west-2"),
    }
    return TimeLine(
        clock,
        series,
        {
            f"AWSSESTargetFailing {severity} eu-west-1 {source}": Opened(1, over=True)
            for severity in ("warning", "critical")
            for source in ("account", "cloudwatch")
        },
    )


def _is_fact(name: str) -> bool:
    other = ("_total", "_sum", "_average", "_rate", "_timestamp_seconds", "aws_ses_up", "_info")
    return name.startswith("aws_ses_") and not name.startswith("aws_ses_exporter_") and not name.endswith(other)


def quota_is_raised() -> TimeLine:
    """90 % of the quota are used until AWS raises it after ten hours."""
    quota = {"aws_ses_send_quota_max": lambda minute: 12_000.0 if minute < 10 * HOUR else 50_000.0}
    opened = {f"AWSSESQuotaUsage {each} us-east-1": Opened(1, over=True) for each in ("warning", "critical")}
    return TimeLine(DAY, account(DAY, changes=quota), opened)


def turn_of_the_year() -> TimeLine:
    """The counters at the turn of the year: closed for an hour, then 0 for a quarter, then what the new year has.

    The account sends at 40 % of its limit a second all the time.
    """
    clock, midnight = Clock(14), 8 * HOUR
    page = account(
        clock,
        mails=lambda _: 0.4 * 14 * HOUR,
        changes={"aws_ses_send_quota_max": lambda _: 2_000_000.0, "aws_ses_send_quota_rate_max": lambda _: 14.0},
    )

    def turned(values: list[Value]) -> list[Value]:
        last = next(value for minute, value in zip(clock, values, strict=True) if minute >= midnight + 5) or 0.0
        return [
            value if minute <= midnight else _turned(minute - midnight, value or 0.0, last)
            for minute, value in zip(clock, values, strict=True)
        ]

    counters = {
        key: turned(list(values))
        for key, values in page.items()
        if key[0].startswith("aws_ses_") and key[0].endswith("_total") and "exporter" not in key[0]
    }
    return TimeLine(clock, {**page, **counters})


def _turned(minutes: int, value: float, last: float) -> float:
    """Return a counter *minutes* after the year began, that would stand at *value* now and closed at *last*."""
    if minutes < 60:
        return min(value, last)
    return 0.0 if minutes < 75 else value - last


def down_in_a_breach() -> TimeLine:
    """The exporter is down for three hours while the account is over the line, under review and short of quota."""
    gone, back = 10 * HOUR, 13 * HOUR
    page = account(
        DAY,
        bounce_rate=lambda minute: 0.06 if minute >= 2 * HOUR else 0.01,
        shares={"bounce": 0.06},
        changes={
            "aws_ses_enforcement_status PROBATION": lambda minute: minute >= 4 * HOUR,
            "aws_ses_enforcement_status HEALTHY": lambda minute: minute < 4 * HOUR,
            "aws_ses_send_quota_max": lambda _: 16_000.0,
        },
    )
    return TimeLine(
        DAY,
        _without(page, DAY, gone, back),
        {
            BOUNCES: Opened(1),
            "AWSSESBounceShare warning us-east-1": Opened(1),
            "AWSSESAccountUnderReview critical us-east-1": Opened(1),
            "AWSSESQuotaUsage warning us-east-1": Opened(1),
            **{f"AWSSES{each}": Opened(1, over=True) for each in DOWN},
        },
    )


def down_while_mail_bounces() -> TimeLine:
    """The same for shares of a day's mail just over the critical lines, until the outage has left that day."""
    clock, gone, back = Clock(63), 30 * HOUR, 33 * HOUR
    page = account(clock, shares={"bounce": 0.105, "complaint": 0.00525})
    kinds = [f"{what}Share {severity}" for what in ("Bounce", "Complaint") for severity in ("warning", "critical")]
    opened = {f"AWSSES{kind} us-east-1": Opened(1) for kind in kinds}
    return TimeLine(
        clock, _without(page, clock, gone, back), opened | {f"AWSSES{each}": Opened(1, over=True) for each in DOWN}
    )


def late_data() -> TimeLine:
    """CloudWatch is two hours late from the fifth to the tenth hour; then the counters catch up at once.

    The account sends at 40 % of its limit a second in its bursts' mean.
    """

    def late(minute: int) -> int:
        return min(max(5, minute - 5 * HOUR), 2 * HOUR) if minute < 10 * HOUR else 5

    limit = {"aws_ses_send_quota_rate_max": lambda _: sum(map(bursts, range(HOUR))) / 3600 / 0.4}
    return TimeLine(DAY, account(DAY, late=late, changes=limit))


STORIES: Mapping[str, Callable[[], TimeLine]] = {
    **{
        story.__name__: story
        for story in (
            gaps_over_the_line,
            gaps_under_the_line,
            wobbling,
            restart,
            restart_in_place,
            one_region_of_three_fails,
            quota_is_raised,
            turn_of_the_year,
            down_in_a_breach,
            *((down_while_mail_bounces,) if SOAK else ()),
            late_data,
        )
    },
    "gaps_over_the_line_elsewhere": partial(elsewhere, 0.06, None),
    "gaps_under_the_line_elsewhere": partial(elsewhere, 0.0499, None),
    "nan_over_the_line_elsewhere": partial(elsewhere, 0.06, math.nan),
    "nan_under_the_line_elsewhere": partial(elsewhere, 0.0499, math.nan),
    "quiet_weekend": partial(quiet_weekend, 3),
    # The second weekend is one that the week before is known of; it takes half a minute.
    **({"quiet_weekends": partial(quiet_weekend, 10)} if SOAK else {}),
}
