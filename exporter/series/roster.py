"""The series of one account and region: those that are read, and those shown though their dimensions vanished."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from exporter.catalogue import Kind
from exporter.config.dialect import Rule
from exporter.config.plan import MetricPlan
from exporter.config.selections import DimensionPlan
from exporter.series.counts import Count
from exporter.series.dimensions import Listing, Picker, Place, Selector, Wanted, wanted_in_steps
from exporter.series.held import Held
from exporter.series.observations import Series
from exporter.series.queries import Dimensions
from exporter.series.rules import HeldRule, WindowRule, state_of
from exporter.series.states import Pace, State
from exporter.series.turns import Steps, in_order, portions

RuleStates = tuple[HeldRule | WindowRule, ...]


class Roster:
    """A state for each series. Of the account as a whole they are there from the start, with dimensions as selected.

    To select may be long work, so it goes in steps; until the last one everything is as before.
    """

    def __init__(
        self, plans: Sequence[MetricPlan], dimensions: DimensionPlan, pace: Pace, rules: Sequence[Rule] = ()
    ) -> None:
        """Begin with the account's own series.

        *rules* are those of a foreign file. What they show with dimensions is among what *dimensions* selects.
        """
        self._plans = {plan.name: plan for plan in plans}
        self._position = {plan.name: position for position, plan in enumerate(plans)}
        self._dimensions = dimensions
        self._pace = pace
        self._by_metric: dict[str, list[tuple[Rule, Picker | None]]] = {}
        for rule in rules:
            picker = None if rule.selection is None else Picker(rule.selection)
            self._by_metric.setdefault(rule.metric, []).append((rule, picker))
        self._read_seconds = max((plan.range_seconds for plan in plans), default=0)
        own = ((plan.name, ()) for plan in plans if plan.account_level)
        self.states: dict[Place, State] = {place: self._state(place) for place in own}
        rules_of_own = {metric: self._rule_states((metric, ())) for metric in sorted(self._by_metric)}
        self.rules: dict[Place, RuleStates] = {
            (metric, ()): states for metric, states in rules_of_own.items() if states
        }
        self.vanished_at: dict[Place, float] = {}
        self._reading = self.shown

    @property
    def places(self) -> tuple[Place, ...]:
        """What is shown, vanished or not: the account's own series first, then in order of the dimensions."""
        return tuple(self.states)

    @property
    def shown(self) -> tuple[State, ...]:
        """The states of all that is shown, those of rules after the native ones."""
        return (*self.states.values(), *(state for states in self.rules.values() for state in states))

    @property
    def reading(self) -> tuple[State, ...]:
        """The states to ask for, in the same order."""
        return self._reading

    def series(self, now: float) -> Iterator[Series]:
        """Yield every series that is known, of vanished dimensions too."""
        for state in self.shown:
            yield from state.series(now)

    def select(self, now: float, listing: Listing) -> Steps[Wanted]:
        """Take what is selected of *listing*, and of exact sets, and return it.

        What is listed no more is asked for no more. It stays as long as a value of its metric may be held, since it
        may come back, and as long as the limit leaves room. What gives way to others under a limit goes at once.
        """
        former = ((place, self.vanished_at.get(place, now)) for place in self.states if place[1])
        return (yield from self._take(listing, former))

    def adopt(self, previous: Roster, listing: Listing) -> Steps[Wanted]:
        """Go on from what *previous*, of the same account, knows; *listing* is what it selected from."""
        selector = Selector(self._dimensions)
        former = (
            (place, moment)
            for place, moment in previous.vanished_at.items()
            if place[0] in self._plans and selector.wants(place)
        )
        return (yield from self._take(listing, former, previous))

    def expire(self, now: float) -> None:
        """Drop what has been vanished for too long."""
        over = [
            place for place, moment in self.vanished_at.items() if now - moment >= self._plans[place[0]].max_age_seconds
        ]
        for place in over:
            del self.states[place], self.vanished_at[place]
            self.rules.pop(place, None)

    def _take(
        self, listing: Listing, former: Iterable[tuple[Place, float]], previous: Roster | None = None
    ) -> Steps[Wanted]:
        """Put in force what is selected and, of the *former* places, those that vanished and may stay.

        Each of these comes with the moment at which it vanished, if it did.
        """
        found = yield from wanted_in_steps(self._dimensions, self._plans, listing)
        vanished = yield from self._vanished(found, former)
        states = {place: state for place, state in self.states.items() if not place[1]}
        rules = {place: self.rules[place] for place in self.rules if not place[1]}
        for portion in portions((yield from self._ordered(found, vanished))):
            for place in portion:
                states[place] = self.states.get(place) or self._state(place)
                if rule_states := self.rules.get(place) or self._rule_states(place):
                    rules[place] = rule_states
            yield
        if previous is not None:
            yield from _adopted(states, rules, previous)
        reading: list[State] = []
        for portion in portions(states):
            reading += [states[place] for place in portion if place not in vanished]
            yield
        for portion in portions(rules):
            reading += [state for place in portion if place not in vanished for state in rules[place]]
            yield
        self.states, self.rules, self.vanished_at, self._reading = states, rules, vanished, tuple(reading)
        return found

    def _vanished(self, found: Wanted, former: Iterable[tuple[Place, float]]) -> Steps[dict[Place, float]]:
        """Return which of the *former* places stay though they were not *found*; what vanished first leaves first."""
        there = set[Place]()
        for portion in portions((*found.places, *found.over_limit)):
            there.update(portion)
            yield
        missing: dict[Place, float] = {}
        for pairs in portions(former):
            missing.update(pair for pair in pairs if pair[0] not in there)
            yield
        room = self._dimensions.limit - len(found.places)
        if len(missing) <= room:
            return missing
        newest_first = yield from in_order((-moment, place[1], place[0]) for place, moment in missing.items())
        return {(metric, dimensions): -minus for minus, dimensions, metric in newest_first[:room]}

    def _ordered(self, found: Wanted, vanished: Mapping[Place, float]) -> Steps[list[Place]]:
        """Return all places with dimensions: in order of these, then as the metrics are configured."""
        keys = ((dimensions, self._position[metric], metric) for metric, dimensions in (*found.places, *vanished))
        return [(metric, dimensions) for dimensions, _, metric in (yield from in_order(keys))]

    def _state(self, place: Place) -> State:
        plan = self._plans[place[0]].dimensioned if place[1] else self._plans[place[0]]
        make = Count if plan.kind is Kind.COUNT else Held
        return make(plan, self._pace, place[1])

    def _rule_states(self, place: Place) -> RuleStates:
        metric, dimensions = place
        return tuple(
            state_of(rule, self._pace, dimensions, self._read_seconds)
            for rule, picker in self._by_metric.get(metric, ())
            if _shows(picker, dimensions)
        )


def _adopted(states: Mapping[Place, State], rules: Mapping[Place, RuleStates], previous: Roster) -> Steps[None]:
    """Let *states* and *rules* go on from those of *previous*."""
    for portion in portions(states):
        for place in portion:
            if place in previous.states:
                states[place].adopt(previous.states[place])
        yield
    for portion in portions(rules):
        for place in portion:
            for state in rules[place]:
                for other in previous.rules.get(place, ()):
                    if other.rule.reads == state.rule.reads:
                        state.adopt(other)
        yield


def _shows(picker: Picker | None, dimensions: Dimensions) -> bool:
    """Return whether a rule shows *dimensions*: what its selection, *picker*, keeps; without one, the whole account."""
    if picker is None:
        return not dimensions
    return bool(dimensions) and picker.keeps(dimensions)
