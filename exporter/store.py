"""What is known now, replaced whole, target by target. Memory only: after a restart it is read back from AWS."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import count

from exporter.series.observations import Series


@dataclass(frozen=True, slots=True)
class TargetKey:
    """One account's way in and one region; *target* is the configured name, else the role's account, and so on."""

    target: str
    region: str


@dataclass(frozen=True, slots=True)
class Entry:
    """What one source of a target knows.

    *account_id* is None while it is unknown; *answered* tells whether the last poll was answered, None before the
    first one; *series* are good whether or not it was.
    """

    key: TargetKey
    source: str
    account_id: str | None = None
    answered: bool | None = None
    series: tuple[Series, ...] = ()


@dataclass(frozen=True, slots=True)
class TargetState:
    """All that is known of one target; *version* is new whenever anything in it is, and never used again."""

    key: TargetKey
    name: str | None
    entries: Mapping[str, Entry]
    version: int

    @property
    def account_id(self) -> str | None:
        """The account's 12 digits, from the first source that knows them; without them there are no series."""
        return next((entry.account_id for entry in self.entries.values() if entry.account_id is not None), None)

    @property
    def up(self) -> bool | None:
        """Whether every source answered its last poll; None while some were not tried and none has failed."""
        answers = [entry.answered for entry in self.entries.values()]
        if False in answers:
            return False
        return None if None in answers else True

    @property
    def series_count(self) -> int:
        """How many series all sources together hold."""
        return sum(len(entry.series) for entry in self.entries.values())


@dataclass(frozen=True, slots=True)
class Registration:
    """A target to make known: its configured *name*, the *sources* that count for `aws_ses_up`.

    It goes on with what the target *heir_of* knows, which may be its own former self or one of another name.
    """

    key: TargetKey
    name: str | None
    sources: tuple[str, ...]
    heir_of: TargetKey | None = None


class Store:
    """The states of all targets. Readers get frozen states and may keep them; a writer replaces one state at a time."""

    def __init__(self) -> None:
        """Start empty."""
        self._states: dict[TargetKey, TargetState] = {}
        self._versions = count(1)
        self._version = 0

    @property
    def version(self) -> int:
        """A number that is new whenever anything in the store is."""
        return self._version

    def keys(self) -> tuple[TargetKey, ...]:
        """Return the targets in the order in which they were exchanged last."""
        return tuple(self._states)

    def target(self, key: TargetKey) -> TargetState:
        """Return the state of *key*; raises KeyError when it is not registered."""
        return self._states[key]

    def exchange(self, registrations: Iterable[Registration]) -> None:
        """Take *registrations*, in their order, in place of all that was registered, each with what it is heir to."""
        self._states = {each.key: self._state(each) for each in registrations}
        self._next_version()

    def put(self, entry: Entry) -> None:
        """Replace what one source of a target knows; raises KeyError when target or source is not registered."""
        state = self._states[entry.key]
        if state.entries[entry.source] == entry:
            return
        entries = {**state.entries, entry.source: entry}
        self._states[entry.key] = replace(state, entries=entries, version=self._next_version())

    def _state(self, new: Registration) -> TargetState:
        before = self._states[new.heir_of].entries if new.heir_of in self._states else {}
        entries = {
            source: replace(before[source], key=new.key) if source in before else Entry(new.key, source)
            for source in new.sources
        }
        return TargetState(new.key, new.name, entries, self._next_version())

    def _next_version(self) -> int:
        self._version = next(self._versions)
        return self._version
