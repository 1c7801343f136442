"""The page: what the store knows, as bytes that are kept until they would change, then the exporter's own metrics."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Generator, Iterable, Mapping
from functools import partial

from prometheus_client import CollectorRegistry

from exporter.catalogue import PREFIX, TARGET_INFO, UP, Family
from exporter.exposition.naming import NamingScheme, family_of, timestamp_of
from exporter.exposition.own import EOF, OwnMetrics
from exporter.exposition.shelf import Filled, Shelf, all_labels, label_names, shelve_in_steps
from exporter.exposition.text import Block, Row, block, header, number, openmetrics_name, single_samples
from exporter.series.observations import FACT, Series
from exporter.store import Store, TargetKey, TargetState

log = logging.getLogger(__name__)

RESERVED = PREFIX + "exporter_"
NAME_TAKEN = "series left out, its name is taken"
PLACE_TAKEN = "target left out, another one is the same account and region"


class Page:
    """Renders the store. Families of SES come first, then the exporter's own, those of its process last, each by name.

    The first part is a function of the store and the time: it is kept per target and family, and as a whole, and
    rendered again only when that target changed or a value ended. The second is kept while its version is the same. So
    a scrape costs the third part, which is short, and a copy.
    """

    def __init__(
        self,
        store: Store,
        scheme: NamingScheme,
        *,
        self_metrics: CollectorRegistry,
        clock: Callable[[], float],
        version: Callable[[], int] | None = None,
        process: Callable[[], Iterable[tuple[Family, float]]] = tuple,
    ) -> None:
        """Read *store* and name its series by *scheme*; *clock* gives unix seconds.

        *version* tells when something in *self_metrics* is new; without it they are looked at each time. *process*
        returns families of one sample without labels.
        """
        self._store = store
        self._scheme = scheme
        self._own = OwnMetrics(self_metrics, version)
        self._process = process
        self._clock = clock
        self._timestamp = partial(timestamp_of, scheme)
        self._families: dict[tuple[str, str, tuple[str, ...]], Family] = {}
        self._shelves: dict[TargetKey, Shelf] = {}
        self._filled: Filled = {}
        self._whole: dict[bool, tuple[int, Block]] = {}
        self._warned: set[tuple[str, str]] = set()
        self._renders = 0

    @property
    def renders(self) -> int:
        """How many times the samples of one target in one family were rendered so far."""
        return self._renders

    def render(self, *, openmetrics: bool, names: frozenset[str] | None = None) -> bytes:
        """Return the page as text 0.0.4 or OpenMetrics 1.0; *names* are the sample names to show, None for all."""
        known = self.known(openmetrics=openmetrics, names=names)
        return b"".join((known, *self.own(openmetrics=openmetrics, names=names)))

    def known(self, *, openmetrics: bool, names: frozenset[str] | None = None) -> bytes:
        """Return the first part: what AWS said. Without *names* it is the same object until something in it changes."""
        steps = self.known_in_steps(openmetrics=openmetrics, names=names)
        while True:
            try:
                next(steps)
            except StopIteration as end:
                return bytes(end.value)

    def known_in_steps(self, *, openmetrics: bool, names: frozenset[str] | None) -> Generator[None, None, bytes]:
        """Return what `known` does, after a step for each few milliseconds of work; there are none where it is kept.

        It is the page of the moment of the first step, whatever comes into the store between two.
        """
        now, version = self._clock(), self._store.version
        kept = self._kept(now, openmetrics=openmetrics) if names is None else None
        if kept is not None:
            return kept
        whole = yield from self._join(now, openmetrics=openmetrics, names=names)
        if names is None:
            self._whole[openmetrics] = (version, whole)
        return whole.content

    def kept(self, *, openmetrics: bool) -> bytes | None:
        """Return the first part where it is kept and would be the same now; another may be in the making meanwhile."""
        return self._kept(self._clock(), openmetrics=openmetrics)

    def _kept(self, now: float, *, openmetrics: bool) -> bytes | None:
        version, whole = self._whole.get(openmetrics, (None, None))
        if whole is None or version != self._store.version or not whole.good_at(now):
            return None
        return whole.content

    def own(self, *, openmetrics: bool, names: frozenset[str] | None = None) -> tuple[bytes, bytes]:
        """Return the second part, kept like the first, and the third, rendered now: the process, and the end mark."""
        readings = [reading for reading in self._process() if names is None or reading[0].name in names]
        form = single_samples(tuple([family for family, _ in readings]), openmetrics=openmetrics)
        process = form % tuple([number(value) for _, value in readings])
        end = EOF if openmetrics else b""
        return self._own.render(openmetrics=openmetrics, names=names), process.encode() + end

    def _join(self, now: float, *, openmetrics: bool, names: frozenset[str] | None) -> Generator[None, None, Block]:
        parts: dict[Family, list[Shelf]] = {}
        for shelf in (yield from self._shown()):
            for family in shelf.rows:
                parts.setdefault(family, []).append(shelf)
        pieces, until = [], math.inf
        for family in self._free(parts):
            if names is not None and family.name not in names:
                continue
            renders = self._renders
            blocks = self._blocks(family, parts[family], now, openmetrics=openmetrics)
            if self._renders > renders:
                yield
            until = min(until, *(part.until for part in blocks))
            if any(part.content for part in blocks):
                pieces += [header(family, openmetrics=openmetrics), *(part.content for part in blocks)]
        return Block(b"".join(pieces), now, until)

    def _blocks(self, family: Family, shelves: list[Shelf], now: float, *, openmetrics: bool) -> list[Block]:
        names = [labels for shelf in shelves for labels, _ in shelf.rows[family]] if len(shelves) > 1 else []
        if len(set(names)) < len(names):
            return [self._render(family, self._merged(family, shelves), now, openmetrics=openmetrics)]
        blocks = []
        for shelf in shelves:
            kept = shelf.blocks.get((openmetrics, family))
            if kept is None or not kept.good_at(now):
                kept = self._render(family, shelf.rows[family], now, openmetrics=openmetrics)
                shelf.blocks[openmetrics, family] = kept
            blocks.append(kept)
        return blocks

    def _merged(self, family: Family, shelves: list[Shelf]) -> tuple[Row, ...]:
        """Return the rows of all *shelves*, of each name the first target's: a scheme may leave out the region."""
        rows: dict[str, Series] = {}
        order = {id(shelf): position for position, shelf in enumerate(self._shelves.values())}
        for shelf in sorted(shelves, key=lambda shelf: order[id(shelf)]):
            for labels, series in shelf.rows[family]:
                if rows.setdefault(labels, series) is not series:
                    self._warn_once(NAME_TAKEN, family.name, region=shelf.place[1])
        return tuple(rows.items())

    def _render(self, family: Family, rows: tuple[Row, ...], now: float, *, openmetrics: bool) -> Block:
        self._renders += 1
        return block(family, rows, now, timestamp=self._timestamp, openmetrics=openmetrics)

    def _shown(self) -> Generator[None, None, list[Shelf]]:
        """Bring the shelves up to date; return those to show, sorted: of each account and region the first target."""
        self._shelves = yield from self._current()
        shown: dict[tuple[str, str], Shelf] = {}
        for key, shelf in self._shelves.items():
            for family in shelf.doubles:
                self._warn_once(NAME_TAKEN, family.name, region=key.region)
            if shown.setdefault(shelf.place, shelf) is not shelf:
                self._warn_once(PLACE_TAKEN, key.target, account=shelf.place[0], region=key.region)
        return [shown[place] for place in sorted(shown)]

    def _current(self) -> Generator[None, None, dict[TargetKey, Shelf]]:
        """Return a shelf for each target whose account is known: of those that changed, or all if its labels did."""
        before = self._shelves
        states = list(map(self._store.target, self._store.keys()))
        kept = _unchanged(before, states)
        named = {state.key: kept[state.key].named if state.key in kept else label_names(state) for state in states}
        filled = all_labels(named.values())
        if filled != self._filled:
            self._filled, kept = filled, {}
        shelve = partial(shelve_in_steps, scheme=self._scheme, family_of=self._family, filled=filled)
        shelves: dict[TargetKey, Shelf] = {}
        for state in states:
            key, account_id = state.key, state.account_id
            if key in kept:
                shelves[key] = kept[key]
            elif account_id is not None:
                shelves[key] = yield from shelve(state, account_id, before=before.get(key), named=named[key])
                yield
        return shelves

    def _family(self, series: Series) -> Family:
        if series.rule is not None:
            return family_of(self._scheme, series)
        dimensions = () if series.aspect == FACT else tuple([name for name, _ in series.labels])
        key = (series.metric, series.aspect, dimensions)
        if key not in self._families:
            self._families[key] = family_of(self._scheme, series)
        return self._families[key]

    def _free(self, families: Iterable[Family]) -> list[Family]:
        """Return, sorted, those whose names are theirs alone in both formats; the first to take one keeps it."""
        taken = {family.name: family for family in (UP, TARGET_INFO)}
        free = []
        for family in families:
            names = (family.name, openmetrics_name(family))
            if family.name.startswith(RESERVED) or any(taken.setdefault(name, family) != family for name in names):
                self._warn_once("family left out, its name is taken", family.name)
            else:
                free.append(family)
        return sorted(free, key=lambda family: family.name)

    def _warn_once(self, message: str, subject: str, **facts: str) -> None:
        if (message, subject) not in self._warned:
            self._warned.add((message, subject))
            log.warning(message, extra={"subject": subject, **facts})


def _unchanged(shelves: Mapping[TargetKey, Shelf], states: Iterable[TargetState]) -> dict[TargetKey, Shelf]:
    """Return those of *shelves* that still hold what *states* say."""
    return {
        state.key: shelves[state.key]
        for state in states
        if state.key in shelves and shelves[state.key].version == state.version
    }
