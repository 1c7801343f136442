"""A foreign file read key by key: each value is what it has to be, or a problem with its line."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import TypeAdapter, ValidationError

from exporter.config.dialect import Rule
from exporter.config.keys import Loc, dotted, shape_at
from exporter.config.layers import shown
from exporter.config.problems import nearest
from exporter.config.types import MetricName
from exporter.config.values import SECONDS_A_MINUTE, SECONDS_AN_HOUR, TWO_WEEKS_SECONDS
from exporter.config.yaml_lines import Document
from exporter.errors import Problem

FOREVER_SECONDS = 2_147_483_647
"""The largest number that a key of another exporter can hold."""
MAX_REACH_SECONDS = TWO_WEEKS_SECONDS
"""CloudWatch keeps minutes for 15 days."""
MAX_AGE_SECONDS = TWO_WEEKS_SECONDS
"""How long a value is held without a newer one, as by default."""
MAX_HELD_SECONDS = 604_800
MANY_DATAPOINTS = 1_440
"""A day of minutes."""

_METRIC_NAME: TypeAdapter[str] = TypeAdapter(MetricName)
_PERCENT = r"(?:[0-9]{1,2}(?:\.[0-9]{1,10})?|100(?:\.0{1,10})?)"
_NUMBER = r"[0-9]+(?:\.[0-9]{1,10})?"
_EXTENDED = re.compile(
    rf"IQM|(?:p|tm|wm|tc|ts){_PERCENT}"
    rf"|(?:TM|WM|TC|TS)\((?:{_PERCENT}%:(?:{_PERCENT}%)?|:{_PERCENT}%)\)"
    rf"|(?:TM|WM|TC|TS|PR)\((?:{_NUMBER}:(?:{_NUMBER})?|:{_NUMBER})\)"
)


def is_extended_statistic(text: str) -> bool:
    """Return whether *text* is a statistic beside the five plain ones (CloudWatch, "Statistics definitions")."""
    return _EXTENDED.fullmatch(text) is not None


@dataclass(slots=True)
class Findings:
    """What is wrong with *document*, the file *where*, and what is only *doubtful*."""

    document: Document
    where: str
    problems: list[Problem] = field(default_factory=list)
    doubts: list[Problem] = field(default_factory=list)
    _noted: set[tuple[int, Problem]] = field(default_factory=set)

    def wrong(self, loc: Loc, message: str, *, show: bool = True) -> None:
        """Note a problem with the value at *loc*, its text too where it is one to *show*."""
        self._note(self.problems, self._problem(loc, message, show=show))

    def doubt(self, loc: Loc, message: str, *, show: bool = True) -> None:
        """Note what is right and yet needs a word, with its text where it is one to *show*."""
        self._note(self.doubts, self._problem(loc, message, show=show))

    def line(self, loc: Loc) -> int | None:
        """Return the line of *loc*, or of the nearest place around it."""
        spots = self.document.spots
        return next((spots[loc[:end]].line for end in range(len(loc), -1, -1) if loc[:end] in spots), None)

    def _note(self, notes: list[Problem], problem: Problem) -> None:
        """Add *problem* once: what stands at the top of a file holds for each of its metrics."""
        if (id(notes), problem) not in self._noted:
            self._noted.add((id(notes), problem))
            notes.append(problem)

    def _problem(self, loc: Loc, message: str, *, show: bool) -> Problem:
        spot = self.document.spots.get(loc)
        text = shown(spot.text) if spot is not None and spot.text is not None and show else None
        return Problem(self.where, message, key=dotted(loc), value=text, line=self.line(loc))


@dataclass(frozen=True, slots=True)
class Part:
    """One mapping of the file, *values* at *loc*. An empty value counts as not given.

    *around* is where stands what holds where it says nothing: the top of the file, or a mapping around it.
    """

    findings: Findings
    loc: Loc
    values: Mapping[str, Any]
    around: Loc = ()

    def gives(self, name: str) -> bool:
        """Return whether there is a value for *name*."""
        return self.values.get(name) is not None

    def say_missing(self, name: str, what: str | None = None, *, nothing: object = "") -> None:
        """Note that *name* is missing and *what* it must be, unless it is there, not *nothing*, and wrong in itself."""
        if self.values.get(name) in (None, nothing):
            self.findings.wrong(self.loc, f"{name} is missing{f': {what}' if what else ''}", show=False)

    def names_metric(self, name: str, text: str) -> bool:
        """Return whether *text*, the value of *name*, can be a metric's name, and note it where it cannot."""
        try:
            _METRIC_NAME.validate_python(text)
        except ValidationError:
            self._wrong(name, f"must be {shape_at(('metrics', 0, 'name')).allowed}")
            return False
        return True

    def refuse_unknown(self, known: Collection[str]) -> None:
        """Note every key that is not *known*, with the nearest one that is."""
        for name in self.values:
            if name not in known:
                near = nearest(name, known)
                hint = f"did you mean {near}?" if near else f"known here: {', '.join(sorted(known))}"
                self.findings.wrong((*self.loc, name), f"unknown key; {hint}", show=False)

    def text(self, name: str) -> str | None:
        """Return the text of *name*, None without any."""
        value = self.values.get(name)
        if value is None or (isinstance(value, str) and value):
            return value
        self._wrong(name, "must be text, in quotes where it would be a number")
        return None

    def written(self, name: str) -> str | None:
        """Return what is written at *name*, also a number or a switch as its text, None without any."""
        value = self.values.get(name)
        if value is None or isinstance(value, str):
            return value or None
        spot = self.findings.document.spots.get((*self.loc, name))
        if spot is not None and spot.text is not None:
            return spot.text
        self._wrong(name, "must be text")
        return None

    def whole(self, name: str, default: int, least: int, most: int) -> int:
        """Return the whole number of *name*."""
        value = self.values.get(name)
        if value is None:
            return default
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            self._wrong(name, f"must be a whole number from {least} to {most}")
            return default
        return value

    def switch(self, name: str, *, default: bool) -> bool:
        """Return whether *name* is on."""
        value = self.values.get(name)
        if value is None or isinstance(value, bool):
            return default if value is None else value
        self._wrong(name, "must be true or false")
        return default

    def items(self, name: str) -> list[Any] | None:
        """Return the list of *name*, None without any."""
        value = self.values.get(name)
        if value is None or isinstance(value, list):
            return value
        self._wrong(name, "must be a list")
        return None

    def texts(self, name: str) -> tuple[str, ...] | None:
        """Return the list of texts of *name*, each once, None without any."""
        items = self.items(name)
        if items is None:
            return None
        good = []
        for position, item in enumerate(items):
            if isinstance(item, str) and item:
                good.append(item)
            else:
                self.findings.wrong((*self.loc, name, position), "must be text, in quotes where it would be a number")
        return tuple(dict.fromkeys(good))

    def part(self, name: str) -> Part | None:
        """Return the mapping of *name*, None without any."""
        value = self.values.get(name)
        if value is None or isinstance(value, dict):
            return None if value is None else Part(self.findings, (*self.loc, name), value)
        self._wrong(name, "must be a mapping of keys to values")
        return None

    def doubt(self, name: str, message: str) -> None:
        """Note what is right about *name* and yet needs a word."""
        self.findings.doubt(self.given_at(name), message)

    def given_at(self, name: str) -> Loc:
        """Return where the value of *name* stands: here, or around it."""
        return (*self.loc, name) if self.gives(name) else (*self.around, name)

    def aligned(self, name: str, seconds: int, *, delay_seconds: int, held: bool) -> int | None:
        """Return the period to read at for *seconds*, given as *name*: a minute at least, None where it is wrong.

        Of what is *held* whole hours of it are read to find the newest.
        """
        if seconds < SECONDS_A_MINUTE:
            self.doubt(name, f"is raised to {SECONDS_A_MINUTE}: SES publishes nothing finer")
            return SECONDS_A_MINUTE
        wrong = None
        if seconds % SECONDS_A_MINUTE:
            wrong = "is not a multiple of 60; it cannot be read in aligned periods"
        elif seconds + delay_seconds > MAX_REACH_SECONDS:
            wrong = f"is over {MAX_REACH_SECONDS} with its delay of {delay_seconds}: CloudWatch keeps minutes so long"
        elif held and math.lcm(seconds, SECONDS_AN_HOUR) > MAX_HELD_SECONDS:
            wrong = "does not divide a number of hours up to a week; what is held is read by hours, too"
        if wrong is not None:
            self.findings.wrong(self.given_at(name), wrong)
        return seconds if wrong is None else None

    def reach(self, name: str, seconds: int, *, least: int, delay_seconds: int, spare_seconds: int = 0) -> int:
        """Return how far back before the delay is read for *seconds*, the value of *name*, and *spare_seconds* more."""
        reach = min(max(seconds, least) + spare_seconds, MAX_REACH_SECONDS - delay_seconds)
        if reach < seconds + spare_seconds:
            back = delay_seconds + seconds + spare_seconds
            message = f"reaches back {back} s with its delay, cut to {MAX_REACH_SECONDS} s"
            self.doubt(name, f"{message}: CloudWatch keeps minutes for two weeks")
        return reach

    def say_reads(self, name: str, rule: Rule) -> None:
        """Say it where *rule* reads very much for the range that *name* gives."""
        datapoints = rule.range_seconds // rule.read_period_seconds
        if rule.reads_all and datapoints > MANY_DATAPOINTS:
            self.doubt(name, f"has each poll read {datapoints} datapoints of every statistic of {rule.metric}")

    def _wrong(self, name: str, message: str) -> None:
        self.findings.wrong((*self.loc, name), message)
