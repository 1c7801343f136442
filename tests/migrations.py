"""What `migrate` printed, read again from its text, and pages compared by it."""

from __future__ import annotations

import contextlib
import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from prometheus_client.parser import text_string_to_metric_families

from exporter.catalogue import label_name
from exporter.commands.migrate import migrate
from exporter.config.dialect import DialectName
from exporter.config.dialect import Place as Where
from exporter.config.load import Loaded, load
from tests.fakes.cloudwatch import FakeCloudWatch
from tests.golden_pages import PLACE, Shown, rendered

ACCOUNT = {"account_id": "123456789012", "region": "us-east-1"}
NATIVE = "native.yml"
OWN = re.compile(r"aws_ses_(?!exporter_)")

_LINE = re.compile(
    r"#   (?P<old>[\w:]+)\{(?P<given>.*?)\}"
    r"(?: -> (?P<new>\w+)\{(?P<called>[^}]*)\})?(?P<goes> goes)?(?: \((?P<mark>\d+)\))?"
)
_LEFT_OUT = re.compile(r"#   (?P<old>[\w:]+)\{(?P<given>.*?)\}: (?P<reason>.+)")
_MARK = re.compile(r"#   \((?P<mark>\d+)\) (?P<text>.+)")
_EVERYWHERE = re.compile(r"#   (?P<new>\w+)\{(?P<called>[^}]*)\}: before (?P<before>.+)")
_LABEL = re.compile(r'([\w*]+)(?:=("(?:[^"\\]|\\.)*"))?')
_ANY = ("*", "dimension_*")

Sample = tuple[str, frozenset[tuple[str, str]]]


class Place(NamedTuple):
    """A name with what its labels have to be, None for any value, in the order of the text."""

    name: str
    labels: tuple[tuple[str, str | None], ...]

    def values(self, sample: Sample) -> dict[str, str] | None:
        """Return what *sample* has for the labels of any value, None where it is not one of these.

        An empty label is none, as for Prometheus. `*` is any dimensions, called as natively.
        """
        labels = {name: value for name, value in sample[1] if value}
        given = {name: value for name, value in self.labels if value != "" and name not in _ANY}
        more = labels.keys() - given.keys()
        fits = sample[0] == self.name and given.keys() <= labels.keys() and bool(more) == self.is_of_any
        if not fits or any(value not in {None, labels[name]} for name, value in given.items()):
            return None
        if self.labels[-1][0] == _ANY[1] and not all(name.startswith("dimension_") for name in more):
            return None
        named = {name: labels[name] for name, value in given.items() if value is None}
        return {**named, **{label_name(name.removeprefix("dimension_")): labels[name] for name in more}}

    @property
    def is_of_any(self) -> bool:
        return self.labels[-1][0] in _ANY


@dataclass
class Printed:
    """The lists in the comments: *moves* old to new with a mark, *beside* with a mark or gone, and *left_out*.

    *everywhere* has what more targets and regions have now, with where it was before.
    """

    text: str
    moves: list[tuple[Place, Place, str | None]] = field(default_factory=list)
    beside: dict[Place, str] = field(default_factory=dict)
    everywhere: dict[Place, str] = field(default_factory=dict)
    left_out: dict[Place, str] = field(default_factory=dict)
    marks: dict[str, str] = field(default_factory=dict)
    others: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        for line in self.text.splitlines():
            if mark := _MARK.fullmatch(line):
                self.marks[mark["mark"]] = mark["text"]
            elif found := _LINE.fullmatch(line):
                old = _place(found["old"], found["given"])
                if found["new"] is not None:
                    self.moves.append((old, _place(found["new"], found["called"]), found["mark"]))
                else:
                    self.beside[old] = found["mark"] or found["goes"].strip()
            elif more := _EVERYWHERE.fullmatch(line):
                self.everywhere[_place(more["new"], more["called"])] = more["before"]
            elif left := _LEFT_OUT.fullmatch(line):
                self.left_out[_place(left["old"], left["given"])] = left["reason"]
            elif line.startswith("# - "):
                self.others.append(line[4:])
        used = {mark for _, _, mark in self.moves if mark} | {mark for mark in self.beside.values() if mark.isdecimal()}
        assert used == self.marks.keys()


class Compared(NamedTuple):
    """Of the number of *samples* compared: the *untold* differences, and those *announced*, each with the text.

    *new* is what nothing became.
    """

    samples: int
    untold: list[Sample]
    announced: dict[Sample, str]
    new: set[Sample]


class Migrated(NamedTuple):
    """What `migrate` printed, the warnings, and what is loaded of the file and of the output."""

    printed: Printed
    warnings: list[str]
    theirs: Loaded
    native: Loaded

    @property
    def values(self) -> dict[str, Any]:
        """The output as it stands."""
        read: dict[str, Any] = yaml.safe_load(self.printed.text)
        return read

    async def compared(self, cloudwatch: FakeCloudWatch, now: float, place: Where = PLACE) -> Compared:
        """Return how the pages of both differ at *place* after a poll at *now* of what *cloudwatch* holds."""
        before, after = [
            samples((await rendered(loaded, cloudwatch, now, place=place)).decode())
            for loaded in (self.theirs, self.native)
        ]
        assert all(shown.timestamp is None for shown in after.values())
        return compared(self.printed, before, after, " ".join(place))


def migrated(
    path: Path, *, dialect: DialectName | None = None, fallback: str | None = None, snake_case: bool = False
) -> Migrated:
    """Migrate the file at *path*, and load both; *fallback* is the region where it names none."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = migrate(
            path,
            dialect,
            labels_snake_case=snake_case,
            default_region=lambda: fallback,
            unknown_regions=lambda _: (),
        )
    assert code == 0
    output = path.with_name(NATIVE)
    output.write_text(out.getvalue(), encoding="utf-8")
    theirs = load(
        path,
        environ={},
        flags={},
        default_region=lambda: fallback,
        dialect=dialect,
        labels_snake_case=snake_case,
    )
    native = load(output, environ={}, flags={}, default_region=lambda: fallback)
    assert native.settings.dialect.name is DialectName.NATIVE
    return Migrated(Printed(out.getvalue()), err.getvalue().splitlines(), theirs, native)


def samples(page: str) -> dict[Sample, Shown]:
    """Return what *page* has of SES."""
    return {
        (sample.name, frozenset(sample.labels.items())): Shown(
            sample.value, None if sample.timestamp is None else float(sample.timestamp)
        )
        for family in text_string_to_metric_families(page)
        for sample in family.samples
        if OWN.match(sample.name)
    }


def compared(
    printed: Printed, before: Mapping[Sample, Shown], now: Mapping[Sample, Shown], where: str = " ".join(PLACE)
) -> Compared:
    """Follow each sample of the page *before* to the page *now*, those of *where*, by nothing but what is printed."""
    untold: list[Sample] = []
    announced: dict[Sample, str] = {}
    new = set(now)
    for sample, shown in before.items():
        target, mark = _followed(printed, sample, where)
        there = now.get(target) if target is not None else None
        new -= {target} if target is not None else set()
        if there == Shown(shown.value, None) and mark is None:
            continue
        if mark is None:
            untold.append(sample)
        elif there is None or there.value != shown.value:
            announced[sample] = printed.marks.get(mark, mark)
    return Compared(len(before), untold, announced, new)


def _followed(printed: Printed, sample: Sample, where: str) -> tuple[Sample | None, str | None]:
    marks, targets = [], set()
    for old, new, mark in printed.moves:
        values = old.values(sample)
        if values is not None:
            names = [name for name, _ in new.labels if name not in _ANY]
            assert names[:2] == list(ACCOUNT)
            if not new.is_of_any:
                values = dict(zip(names[len(names) - len(values) :], values.values(), strict=True))
            labels = {**ACCOUNT, **values}
            targets.add((new.name, frozenset(labels.items())))
            marks.append(mark)
    if targets:
        assert len(targets) == 1, "one series becomes one"
        return targets.pop(), next((mark for mark in marks if mark is not None and _holds(printed, mark, where)), None)
    for place in printed.left_out:
        if place.values(sample) is not None:
            return None, "left out"
    beside = next((mark for place, mark in printed.beside.items() if place.values(sample) is not None), None)
    return sample, beside


def _holds(printed: Printed, mark: str, where: str) -> bool:
    """Return whether the change of *mark* is one of *where*: it names the places where it is not of all."""
    _, named, places = printed.marks[mark].partition(", in ")
    return not named or where in places.split(", ")


def _place(name: str, labels: str) -> Place:
    found = _LABEL.findall(labels)
    return Place(name, tuple((label, json.loads(value) if value else None) for label, value in found))
