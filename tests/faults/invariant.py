"""The one check that follows every fault, whatever it was.

`holds` demands of everything that Prometheus saw, from before the fault until after the recovery:

- no value invented: each sample is one that the mail, as it truly was, accounts for, in a series that is meant to be;
- no count lost or twice: a counter never falls, and in the end it is what was sent, to the mail;
- other targets untouched: up at every scrape, not one failure, each counter exact at each scrape;
- memory and tasks bounded: tasks, open files and resident memory in the end are those of before;
- recovery by itself: within ten minutes of the healing every source is well, and the numbers are there;
- the failure visible: counted under the reasons that the fault has, and under no other; `aws_ses_up` is 0 meanwhile.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Mapping
from itertools import pairwise

from exporter.catalogue import FACTS, fact_family, held_family, statistic_family, total_family
from exporter.series.windows import floor_to
from tests.fakes.aws import Request
from tests.faults.mail import COUNTS, HOUR, RATE, Mail, Place
from tests.faults.prometheus import Scrape
from tests.faults.seen import Failure, Seen, failures, last_success

TASKS_MORE = 8
"""Polls that are under way, or work that they share, at a scrape."""
RESIDENT_MORE_BYTES = 64 << 20
"""What the longest answers, and a page a scrape, may leave behind in the allocator."""
GAUGE_SECONDS = 900
SLACK_SECONDS = 60.0
"""A poll is seen by its requests, which come a little after it has read its clock."""
MAX_AGE_SECONDS = 14 * 86400


def holds(
    world: Seen,
    failing: Collection[Failure] | Mapping[Place, Collection[Failure]],
    *,
    hit: Collection[Place],
    seen_down: bool | None = True,
    data_untouched: bool = False,
    lag_seconds: float = 0.0,
    clock_offsets: Collection[float] = (),
    max_age_seconds: int = MAX_AGE_SECONDS,
) -> None:
    """Check it all. Only *hit* may fail, and has every one of *failing*, no other; or each its own of them.

    *seen_down* is whether `aws_ses_up` was 0 at some scrape, None where that is a matter of moments.
    *data_untouched* is whether all counters stayed exact.
    *lag_seconds* is how old the answers may have been that AWS gave for new ones; *clock_offsets* what the
    daemon's clock was ahead in the meantime; *max_age_seconds* how long a rate is held.
    """
    scrapes = world.prometheus.scrapes
    assert scrapes
    assert all(scrape.healthy for scrape in scrapes), "unhealthy"
    _bounded(world)
    for place in world.mails:
        found = {each for scrape in scrapes for each, number in failures(scrape.samples, place).items() if number}
        meant = failing.get(place, ()) if isinstance(failing, Mapping) else failing
        assert found == (set(meant) if place in hit else set()), f"{place.target} failed by {found}"
        down = any(scrape.samples.get(_up(place)) == 0 for scrape in scrapes)
        if place not in hit or seen_down is not None:
            assert down == (place in hit and seen_down), f"{place.target} was {'' if down else 'never '}down"
        _recovered(world, place)
        exact, ahead = data_untouched or place not in hit, max(0.0, *clock_offsets, 0.0)
        for mail in (world.mails[place], *(each for each in world.sets if each.place == place)):
            _true(world, mail, exact=exact, ahead_seconds=ahead)
            _rates(world, mail, max_age_seconds)
            for metric in COUNTS:
                _gauges(world, mail, metric, lag_seconds, clock_offsets)
        if place in world.facts:
            _facts(world, place)
    _nothing_else(world)


def _up(place: Place) -> str:
    return f"aws_ses_up{{{place.labels}}}"


def _bounded(world: Seen) -> None:
    first, last = world.strains[0], world.strains[-1]
    assert max(strain.tasks for strain in world.strains) <= first.tasks + TASKS_MORE
    assert last.tasks <= first.tasks + world.slack.tasks
    assert last.descriptors <= first.descriptors + world.slack.descriptors
    assert last.resident_bytes <= first.resident_bytes + RESIDENT_MORE_BYTES


def _recovered(world: Seen, place: Place) -> None:
    after = [scrape for scrape in world.prometheus.scrapes if scrape.at >= world.healed_at + world.recovery_seconds]
    assert after, "too short a story"
    for scrape in after:
        assert scrape.samples[_up(place)] == 1, f"{place.target} did not recover"


def _true(world: Seen, mail: Mail, *, exact: bool, ahead_seconds: float) -> None:
    """Check every number of one place against its mail; *exact* at each scrape, else in the end."""
    polls = _polls(world, mail.place)
    scrapes, slack = world.prometheus.scrapes, world.slack.seconds
    for metric in COUNTS:
        name = f"{total_family(metric, dimensioned=mail.dimensioned).name}{{{mail.labels}}}"
        seen = [(scrape, scrape.samples[name]) for scrape in scrapes if name in scrape.samples]
        assert seen, f"{name} was never there"
        for (_, low), (after, high) in pairwise(seen):
            assert high >= low, f"{name} fell at {after.at}"
        for scrape, value in seen:
            if exact or scrape is scrapes[-1]:
                low = mail.counted(metric, _last(polls, _done(world, mail.place, scrape)) - slack)
                high = mail.counted(metric, _last(polls, scrape.at))
                assert low <= value <= high, f"{name} is {value} and not from {low} to {high} at {scrape.at}"
            else:
                most = mail.counted(metric, scrape.at + ahead_seconds)
                assert value <= most, f"{name} counts more than there was at {scrape.at}"
        assert seen[-1][0] is scrapes[-1], f"{name} is gone"


def _gauges(world: Seen, mail: Mail, metric: str, lag_seconds: float, clock_offsets: Collection[float]) -> None:
    name = f"{statistic_family(metric, 'Sum', dimensioned=mail.dimensioned).name}{{{mail.labels}}}"
    oldest = max(GAUGE_SECONDS, 3 * world.interval) + SLACK_SECONDS - min(0.0, *clock_offsets, 0.0)
    polls = _polls(world, mail.place)
    skews = (*(-float(seconds) for seconds in range(0, int(world.slack.seconds) + 1, 200)), *clock_offsets)
    for scrape in world.prometheus.scrapes:
        if name in scrape.samples:
            recent = polls[bisect_left(polls, scrape.begun - oldest) : bisect_right(polls, scrape.at)]
            seen = {
                (floor_to(poll + skew - 300, 300), poll - lag)
                for poll in recent
                for lag in (0.0, lag_seconds)
                for skew in skews
            }
            true = {mail.period(metric, end - 300, end, at) for end, at in seen}
            assert scrape.samples[name] in true, f"{name} is {scrape.samples[name]}, none of {true}, at {scrape.at}"


def _rates(world: Seen, mail: Mail, max_age_seconds: int) -> None:
    scrapes, polls = world.prometheus.scrapes, _polls(world, mail.place)
    name = f"{held_family(RATE, dimensioned=mail.dimensioned).name}{{{mail.labels}}}"
    aspects = [name, *(name.replace("{", f"_{aspect}{{") for aspect in ("average", "sum"))]
    time = name.replace("{", "_timestamp_seconds{")
    for scrape in scrapes:
        if time not in scrape.samples:
            assert not [each for each in aspects if each in scrape.samples]
            continue
        minute = scrape.samples[time]
        assert scrape.at - minute < max_age_seconds, f"{name} is too old at {scrape.at}"
        for each in aspects:
            assert scrape.samples[each] in mail.rate(minute, scrape.at), f"{each} is invented at {scrape.at}"
    newest = mail.newest_rate(_last(polls, scrapes[-1].at))
    if newest is not None and scrapes[-1].at - newest[0] < max_age_seconds:
        assert (scrapes[-1].samples[time], scrapes[-1].samples[name]) == newest


def _facts(world: Seen, place: Place) -> None:
    history, scrapes = world.facts[place], world.prometheus.scrapes
    for family, path in (("send_quota_max", "Max24HourSend"), ("send_quota_used", "SentLast24Hours")):
        known = [facts["SendQuota"][path] for facts in history]
        _one_of(scrapes, f"{fact_family(family).name}{{{place.labels}}}", known)
    known = [float(facts["SendingEnabled"]) for facts in history]
    _one_of(scrapes, f"{fact_family('sending_enabled').name}{{{place.labels}}}", known)


def _one_of(scrapes: list[Scrape], name: str, known: list[float]) -> None:
    for scrape in scrapes:
        assert scrape.samples.get(name, known[-1]) in known, f"{name} is invented at {scrape.at}"
    assert scrapes[-1].samples[name] == known[-1], f"{name} is not the newest in the end"


def _nothing_else(world: Seen) -> None:
    """Check that no series was ever there that is not there when all is well, and that all is a number."""
    scrapes = world.prometheus.scrapes
    last = scrapes[-1].samples
    meant = {name for name in last if not name.startswith(("aws_ses_exporter_", "process_", "python_"))}
    families = {fact_family(name).name for name in FACTS}
    for scrape in scrapes:
        for name, value in scrape.samples.items():
            assert value == value, f"{name} is not a number at {scrape.at}"  # noqa: PLR0124 - NaN is not itself
            native = not name.startswith(("aws_ses_exporter_", "process_", "python_"))
            assert not native or name in meant or name.partition("{")[0] in families, f"{name} at {scrape.at}"


def _polls(world: Seen, place: Place) -> list[float]:
    """Return when the place was asked for its data, as the daemon's clock was right then."""
    return [
        request.at
        for request in world.requests
        if request.operation == "GetMetricData" and (request.region, _owner(request)) == (place.region, place.account)
    ]


def _owner(request: Request) -> str:
    """Return whose data is asked for: a linked account's, through the account that asks, or that one's own."""
    return str(request.body["MetricDataQueries"][0].get("AccountId", request.account))


def _done(world: Seen, place: Place, scrape: Scrape) -> float:
    """Return the moment up to which polls must be on the page: where they take time, the end of the last one told."""
    if world.slack.seconds == 0:
        return scrape.at
    return min(scrape.begun, scrape.samples[last_success(place)])


def _last(polls: list[float], at: float) -> float:
    """Return the last of *polls* up to *at*, a day ago where there is none."""
    number = bisect_right(polls, at)
    return polls[number - 1] if number else at - 24 * HOUR
