"""The rules of dimensions (D), of other exporters' files (F) and of linked accounts (L), each broken in one place."""

from __future__ import annotations

from tests.faults.rules import QUERIES, Mutant

DIMENSIONS = ("tests/series/test_dimensions.py",)
ROSTER = ("tests/series/test_roster.py",)
LISTING = ("tests/sources/test_listing.py",)
SELECTED = ("tests/sources/test_cloudwatch_dimensions.py", "tests/sources/test_cloudwatch_limits.py")
RULES = ("tests/series/test_rules.py",)
LINKED = ("tests/sources/test_linked.py",)
FLEET = ("tests/daemon/test_linked.py",)

OF_SELECTION = (
    # D. Dimensions.
    Mutant(
        "D a list counts only when it is whole",
        "series/pages.py",
        'raise self._error("NextToken repeats")',
        "return None",
        LISTING,
    ),
    Mutant("D a list without end ends", "series/pages.py", "len(self._seen) >= MAX_PAGES", "False", LISTING),
    Mutant(
        "D a list is good for its time, over a reload too",
        "sources/listing.py",
        "0 <= now - self.read_at < self._plan.refresh_seconds",
        "False",
        LISTING,
    ),
    Mutant(
        "D quiet senders are listed",
        "sources/listing.py",
        '{"Namespace": NAMESPACE, "Dimensions"',
        '{"Namespace": NAMESPACE, "RecentlyActive": "PT3H", "Dimensions"',
        LISTING,
    ),
    Mutant(
        "D what AWS would refuse is not asked for",
        "sources/listing.py",
        "not 0 < len(text) <= most",
        "not len(text) <= most",
        LISTING,
    ),
    Mutant(
        "D exactly these dimensions",
        "series/dimensions.py",
        "if tuple([name for name, _ in dimensions]) != self._names:",
        "if len(dimensions) != len(self._names):",
        DIMENSIONS,
    ),
    Mutant("D no more than the limit", "series/dimensions.py", "in metrics[:room]]", "in metrics]", DIMENSIONS),
    Mutant(
        "D no more than a selection's own limit",
        "series/dimensions.py",
        "(kept if room > 0 else over)",
        "kept",
        DIMENSIONS,
    ),
    Mutant(
        "D the first by their dimensions stay",
        "series/dimensions.py",
        "order = yield from in_order(everything)",
        "order = (yield from in_order(everything))[::-1]",
        DIMENSIONS,
    ),
    Mutant(
        "D labels that fall on others are left out",
        "series/dimensions.py",
        "if legal(tuple([name for name, _ in dimensions])):",
        "if True:",
        DIMENSIONS,
    ),
    Mutant(
        "D what vanished is asked for no more",
        "series/roster.py",
        "reading += [states[place] for place in portion if place not in vanished]",
        "reading += [states[place] for place in portion]",
        ROSTER,
    ),
    Mutant(
        "D what vanished stays while its values may be held",
        "series/roster.py",
        "        if len(missing) <= room:\n            return missing",
        "        if len(missing) <= room:\n            return {}",
        ROSTER,
    ),
    Mutant(
        "D what vanished is dropped at its age",
        "series/roster.py",
        "now - moment >= self._plans[place[0]].max_age_seconds",
        "False",
        ROSTER,
    ),
    Mutant(
        "D what vanished has the room that is left", "series/roster.py", "if len(missing) <= room:", "if True:", ROSTER
    ),
    Mutant(
        "D what vanished first leaves first",
        "series/roster.py",
        "newest_first[:room]",
        "newest_first[len(newest_first) - room :]",
        ROSTER,
    ),
    Mutant(
        "D what gives way goes at once",
        "series/roster.py",
        "portions((*found.places, *found.over_limit))",
        "portions(found.places)",
        ROSTER,
    ),
    Mutant(
        "D a new list keeps what is known",
        "series/roster.py",
        "states[place] = self.states.get(place) or self._state(place)",
        "states[place] = self._state(place)",
        ROSTER,
    ),
    Mutant(
        "D a reload keeps what is known",
        "series/roster.py",
        "states[place].adopt(previous.states[place])",
        "pass",
        ROSTER,
    ),
    Mutant(
        "D the first poll waits a little for the first list",
        "sources/selected.py",
        "if self.listing is None or self.listed is not None or self._waited:",
        "if True:",
        SELECTED,
    ),
    Mutant(
        "D a first list that was slow brings a poll",
        "sources/cloudwatch.py",
        "if self.selected.first_came:",
        "if False:",
        SELECTED,
    ),
    Mutant(
        "D what a list adds is read at once",
        "sources/cloudwatch.py",
        "await self._read_portions(await self.selected.take(now), now, failures)",
        "await self.selected.take(now)",
        SELECTED,
    ),
    Mutant(
        "D what is left out is counted",
        "sources/selected.py",
        "self._telemetry.series_dropped(reason, len(places))",
        "pass",
        SELECTED,
    ),
    Mutant(
        "D nobody waits for a list to be ready",
        "daemon/view.py",
        "if loop.source.name != DIMENSIONS",
        "if loop.source.name",
        ("tests/daemon/test_dimensions.py",),
    ),
    Mutant(
        "D families of their own",
        "exposition/naming.py",
        "dimensioned = bool(dimensions)",
        "dimensioned = False",
        ("tests/exposition/test_naming.py",),
    ),
    # F. Files of other exporters.
    Mutant(
        "F a window waits its delay",
        "series/rules.py",
        "return floor_to(now - self.rule.delay_seconds, self.rule.read_period_seconds)",
        "return floor_to(now, self.rule.read_period_seconds)",
        RULES,
    ),
    Mutant(
        "F a period published late is shown once",
        "series/rules.py",
        "self._told[statistic] = (newest, max(fresh)) if fresh else (window, told)",
        "self._told[statistic] = (window, told)",
        RULES,
    ),
    Mutant(
        "F a window without data is 0",
        "series/rules.py",
        "        if self.rule.is_filled:\n            moment",
        "        if False:\n            moment",
        RULES,
    ),
    Mutant(
        "F a window leaves at its time",
        "series/rules.py",
        "Reading(points.get(moment, 0.0), now + shown_for,",
        "Reading(points.get(moment, 0.0), now + 9 * shown_for,",
        RULES,
    ),
    Mutant(
        "F nothing outside the window",
        "series/rules.py",
        "if now - reach <= moment <= newest",
        "if moment <= newest",
        RULES,
    ),
    Mutant(
        "F the newest alone, unless all are asked for",
        "series/rules.py",
        "inside if self.rule.every else inside[-1:]",
        "inside",
        RULES,
    ),
    Mutant(
        "F windows are those of all series",
        "series/rules.py",
        "if start <= need and start % period == 0:",
        "if False:",
        RULES,
    ),
    Mutant("F equal questions are one", "series/queries.py", "in dict.fromkeys(queries):", "in queries:", QUERIES),
    Mutant(
        "F a rate is read at a minute",
        "config/dialect.py",
        "return 60 if self.kind is Kind.RATE else self.period_seconds",
        "return self.period_seconds",
        RULES,
    ),
    Mutant(
        "F a reload goes on with the same window alone",
        "series/rules.py",
        "isinstance(previous, WindowRule) and previous.rule.reads == self.rule.reads",
        "isinstance(previous, WindowRule)",
        RULES,
    ),
    Mutant(
        "F a rule is for its places",
        "config/dialect.py",
        "if rule.scope is None or place in rule.scope",
        "if True",
        ("tests/config/test_yace.py",),
    ),
    Mutant(
        "F a name is one series",
        "config/plan.py",
        "if not taken:",
        "if True:",
        ("tests/config/test_yace.py", "tests/daemon/test_dialects.py"),
    ),
    Mutant(
        "F every series has the labels of all",
        "config/dialect.py",
        '{**dict.fromkeys(others, ""), **dict(own)',
        "{**dict(own)",
        ("tests/exposition/test_filled_labels.py",),
    ),
    Mutant(
        "F of two series of one name the first is shown",
        "exposition/page.py",
        "if rows.setdefault(labels, series) is not series:",
        "rows[labels] = series\n                if False:",
        ("tests/exposition/test_page.py",),
    ),
    # L. Linked accounts.
    Mutant(
        "L each account's data is asked for by itself",
        "sources/linked.py",
        '{**query, "AccountId": self._account_id}',
        "{**query}",
        LINKED,
    ),
    Mutant(
        "L each account's own dimensions are listed",
        "sources/linked.py",
        '"OwningAccount": self._account_id}',
        "}",
        LINKED,
    ),
    Mutant(
        "L who is listed no more stays two weeks", "sources/linked.py", "now - moment < HELD_SECONDS", "False", LINKED
    ),
    Mutant("L who is unlinked goes", "sources/linked.py", "and not self._refused(number)", "", LINKED),
    Mutant(
        "L an account is no link of its own",
        "sources/linked.py",
        "await self._listed() - {own}",
        "await self._listed()",
        LINKED,
    ),
    Mutant(
        "L a new account is read after the look",
        "sources/linked.py",
        "        await self._regroup()\n",
        "",
        (*LINKED, *FLEET),
    ),
)
