"""The data rules, each broken in one place. The numbers are the design's; those beyond them are in `more_rules`."""

from __future__ import annotations

from dataclasses import dataclass

COUNTS = ("tests/series/test_counts.py",)
COUNTED = ("tests/series/test_counts.py", "tests/series/test_count_properties.py")
HELD = ("tests/series/test_held.py",)
WINDOWS = ("tests/series/test_windows.py",)
QUERIES = ("tests/series/test_queries.py",)
SOURCE = ("tests/sources/test_cloudwatch.py",)
ACCOUNT = ("tests/sources/test_account.py",)
SCHEDULER = ("tests/test_scheduler.py",)


@dataclass(frozen=True, slots=True)
class Mutant:
    """A *rule* broken: in *file* of the package, *old* becomes *new*, and one of *tests* has to fail."""

    rule: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.rule}: {self.file}: {self.old.strip()} -> {self.new.strip()}"


OF_DATA = (
    # 1. One read, three cuts.
    Mutant("1 a counter waits 300 s", "series/windows.py", "SETTLE_SECONDS = 300", "SETTLE_SECONDS = 0", WINDOWS),
    Mutant(
        "1 windows are aligned to UTC",
        "series/windows.py",
        "return int(moment // step) * step",
        "return int(moment // step) * step + 1",
        WINDOWS,
    ),
    Mutant(
        "1 the end is exclusive",
        "series/queries.py",
        "not start <= moment < end",
        "not start <= moment <= end",
        QUERIES,
    ),
    Mutant(
        "1 the times of each answer are looked at",
        "series/queries.py",
        "if times != self._times:",
        "if self._times is None:",
        QUERIES,
    ),
    Mutant(
        "1 the gauge waits its delay",
        "series/counts.py",
        "end = floor_to(now - self.plan.delay_seconds, period)",
        "end = floor_to(now, period)",
        COUNTS,
    ),
    Mutant(
        "1 the rate is the newest",
        "series/held.py",
        "moment = max(points)",
        "moment = min(points)",
        HELD,
    ),
    # 2. Reads overlap and are idempotent.
    Mutant(
        "2 a datapoint is one",
        "series/shelf.py",
        "self._put(moment, read)",
        "self._put(moment, value + read)",
        COUNTED,
    ),
    Mutant(
        "2 reads reach back over a gap", "series/windows.py", "else last_end) - range", "else end) - range", WINDOWS
    ),
    Mutant(
        "2 a long gap is a start", "series/windows.py", "RESTART_SECONDS = 7200", "RESTART_SECONDS = 720000", COUNTS
    ),
    Mutant(
        "2 a clock set back behind the hour is a start",
        "series/counts.py",
        "return set_back or days_overdue",
        "return days_overdue",
        COUNTED,
    ),
    Mutant(
        "2 cuts never move back",
        "series/ledger.py",
        "max(self.cuts.minutes, minutes)",
        "minutes or self.cuts.minutes",
        COUNTED,
    ),
    # 3. Counts are counters.
    Mutant(
        "3 a day is no less than its hours",
        "series/ledger.py",
        "self._days.raise_to(day, self._hours.sum(day, day + DAY))",
        "False",
        COUNTED,
    ),
    Mutant(
        "3 an hour is no less than its minutes",
        "series/ledger.py",
        "self._hours.raise_to(hour, self._minutes.sum(hour, hour + HOUR))",
        "False",
        COUNTED,
    ),
    Mutant(
        "3 hours are counted from the days on",
        "series/ledger.py",
        "self._hours.exact_sum(days, hours)",
        "self._hours.exact_sum(year.start, hours)",
        COUNTED,
    ),
    Mutant(
        "3 a closed day that grows is counted",
        "series/ledger.py",
        "if days and days[0] < self._closed_to:",
        "if False:",
        COUNTED,
    ),
    Mutant(
        "3 absent until all was read",
        "series/counts.py",
        "if self.memory.ledger is None and read != ask.resolutions():",
        "if self.memory.ledger is None and not read:",
        COUNTS,
    ),
    Mutant(
        "3 the hourly look",
        "series/counts.py",
        "if hour_due(now, self._pace.look_seconds) > self.memory.looked_hour:",
        "if False:",
        COUNTS,
    ),
    Mutant(
        "3 the daily look",
        "series/counts.py",
        "if day_due(now, self._pace.look_seconds) > self.memory.looked_day:",
        "if False:",
        COUNTS,
    ),
    Mutant("3 only a larger one replaces", "series/shelf.py", "if read > value:", "if True:", COUNTED),
    Mutant("3 smaller answers are told", "series/shelf.py", "smaller += 1", "smaller += 0", COUNTS),
    Mutant(
        "3 the year is shown as 0 for a while",
        "series/windows.py",
        "YEAR_OPEN_SECONDS = 4500",
        "YEAR_OPEN_SECONDS = 3600",
        COUNTED,
    ),
    Mutant(
        "3 the year turns at one",
        "series/windows.py",
        "datetime.fromtimestamp(now - DAY_SETTLE_SECONDS, UTC).year",
        "datetime.fromtimestamp(now, UTC).year",
        WINDOWS,
    ),
    Mutant(
        "3 no cut over a hole",
        "series/counts.py",
        "if ask.minutes in read and minutes.start <= max(year, *ledger.cuts):",
        "if ask.minutes in read:",
        COUNTED,
    ),
    # 4. Counts are gauges too.
    Mutant(
        "4 no datapoint is 0",
        "series/counts.py",
        'ZERO_WHEN_ABSENT = frozenset({"Sum", "SampleCount"})',
        "ZERO_WHEN_ABSENT = frozenset()",
        COUNTS,
    ),
    # 5. Rates are held, never invented.
    Mutant(
        "5 a rate ends at its age",
        "series/held.py",
        "Reading(value, moment + self._plan.max_age_seconds,",
        "Reading(value, math.inf,",
        HELD,
    ),
    Mutant(
        "5 a rate is read at a minute",
        "series/held.py",
        "self.period_seconds = MINUTE if plan.kind is Kind.RATE else plan.period_seconds",
        "self.period_seconds = plan.period_seconds",
        HELD,
    ),
    Mutant(
        "5 an older one changes nothing",
        "series/held.py",
        "if moment >= self.memory.newest.get(statistic, (moment, 0.0))[0]:",
        "if True:",
        HELD,
    ),
    Mutant(
        "5 the look reads three hours",
        "series/windows.py",
        "HELD_LOOK_BACK_SECONDS = 3 * HOUR",
        "HELD_LOOK_BACK_SECONDS = 60",
        HELD,
    ),
    # 6. Unknown is absent.
    Mutant(
        "5 a look makes up for those that were missed",
        "series/held.py",
        "end - HELD_LOOK_BACK_SECONDS, looked_end + HOUR - HELD_LOOK_BACK_SECONDS",
        "end - HELD_LOOK_BACK_SECONDS",
        HELD,
    ),
    Mutant(
        "6 a gauge leaves at its time",
        "series/counts.py",
        "GAUGE_MIN_SECONDS = 900",
        "GAUGE_MIN_SECONDS = 90000",
        COUNTS,
    ),
    Mutant(
        "6 facts leave at their time",
        "sources/account.py",
        "MIN_AGE_SECONDS = 3600",
        "MIN_AGE_SECONDS = 360000",
        ACCOUNT,
    ),
    Mutant(
        "6 a partial answer replaces nothing",
        "series/queries.py",
        'if partial.status != "Complete":',
        'if partial.status == "Never":',
        QUERIES,
    ),
    Mutant(
        "6 messages mean that it is not whole",
        "series/queries.py",
        "        if message is not None:\n",
        "        if False:\n",
        QUERIES,
    ),
    Mutant("6 a token that repeats ends it", "series/pages.py", "if hash(token) in self._seen:", "if False:", QUERIES),
    Mutant(
        "6 NaN is no value",
        "series/queries.py",
        "if not 0.0 <= value <= LARGEST:",
        "if value < 0.0 or value > LARGEST:",
        QUERIES,
    ),
    Mutant(
        "6 up is of every source",
        "store.py",
        "        if False in answers:\n            return False\n",
        "",
        ("tests/test_store.py",),
    ),
    # 7. A scrape never calls AWS, and the page is kept.
    Mutant(
        "7 what ended is not served",
        "series/observations.py",
        "while reading is not None and reading.valid_until <= now:",
        "while False:",
        ("tests/exposition/test_page.py",),
    ),
    # 8. Each account and region stands alone.
    Mutant(
        "8 polls have a fixed phase",
        "scheduler.py",
        "return int.from_bytes(digest) % interval_seconds",
        "return int.from_bytes(digest) % 7",
        SCHEDULER,
    ),
    Mutant(
        "8 a failed poll is counted by its reason",
        "scheduler.py",
        "reason=None if error is None else error.reason,",
        "reason=None,",
        SCHEDULER,
    ),
    Mutant(
        "8 a failure of one call is its own",
        "sources/cloudwatch.py",
        "OF_ONE_CALL = frozenset({Reason.INTERNAL, Reason.INVALID_RESPONSE, Reason.OTHER})",
        "OF_ONE_CALL = frozenset()",
        SOURCE,
    ),
    Mutant(
        "8 an account is claimed once",
        "sources/identity.py",
        "if holder[0] < rank:",
        "if False:",
        ("tests/sources/test_identity.py",),
    ),
    # 9. Time is checked.
    Mutant(
        "9 five minutes off fail the poll",
        "aws/observer.py",
        "MAX_OFFSET_SECONDS = 300.0",
        "MAX_OFFSET_SECONDS = 1e9",
        ("tests/aws/test_clients.py", "tests/faults/test_clock.py"),
    ),
    Mutant(
        "9 a poll that began ahead counts nothing",
        "sources/cloudwatch.py",
        "                    raise ahead\n",
        "                    pass\n",
        SOURCE,
    ),
    Mutant(
        "9 facts of a poll that began ahead are not taken",
        "sources/account.py",
        "            raise ahead\n",
        "            pass\n",
        ACCOUNT,
    ),
    Mutant(
        "9 a minute off is told",
        "aws/observer.py",
        "WARN_OFFSET_SECONDS = 60.0",
        "WARN_OFFSET_SECONDS = 1e9",
        ("tests/aws/test_observer.py", "tests/faults/test_clock.py"),
    ),
)
