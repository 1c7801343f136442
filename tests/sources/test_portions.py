"""A poll's questions in portions: bounded, whole, and what is new before the past."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.series.observations import Series
from exporter.series.queries import Query
from exporter.series.states import Answered, Outcome, State
from exporter.series.windows import DAY, HOUR, MINUTE, Span
from exporter.sources import portions as room
from exporter.sources.portions import portions

NOW = 1_800_000_000


class Asking:
    """A state that wants minutes, and hours and days besides, and does no more."""

    def __init__(self, name: str, *, minutes: int = 20, days: int = 0, begins: bool = False) -> None:
        self.begins = begins
        self.queries = [Query(name, "Sum", MINUTE, Span(NOW - minutes * MINUTE, NOW))]
        if days:
            self.queries.append(Query(name, "Sum", HOUR, Span(NOW - DAY, NOW)))
            self.queries.append(Query(name, "Sum", DAY, Span(NOW - days * DAY, NOW)))

    def adopt(self, previous: State) -> None:
        raise NotImplementedError

    def starting(self, now: float) -> bool:
        assert now == NOW
        return self.begins

    def wants(self, now: float) -> list[Query]:
        assert now == NOW
        return self.queries

    def follow_up(self, now: float, answered: Answered) -> list[Query]:
        raise NotImplementedError

    def absorb(self, now: float, answered: Answered) -> Outcome:
        raise NotImplementedError

    def series(self, now: float) -> Iterator[Series]:
        raise NotImplementedError


STATES = st.lists(
    st.builds(
        Asking,
        st.sampled_from(["Send", "Bounce", "Open", "Click"]),
        minutes=st.integers(1, 60),
        days=st.sampled_from([0, 0, 5, 50]),
        begins=st.booleans(),
    ),
    max_size=12,
)


@given(states=STATES, limit=st.integers(1, 400))
async def test_every_question_is_asked_once_and_what_begins_is_whole(states: list[Asking], limit: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(room, "AT_ONCE", limit)
        made = await portions(states, NOW)
    asked = [query for portion in made for query in portion.queries]
    assert sorted(asked, key=repr) == sorted((query for state in states for query in state.queries), key=repr)
    for state in states:
        homes = [portion for portion in made if any(each is state for each in portion.states)]
        assert len(homes) == 1 if state.begins else 1 <= len(homes) <= 2
        assert set(state.queries) <= {query for portion in homes for query in portion.queries}
    for portion in made:
        assert portion.datapoints <= limit or len({query.metric for query in portion.queries}) == 1


async def test_what_is_new_of_all_comes_before_the_past_of_any(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "AT_ONCE", 500)
    names = [f"M{number}" for number in range(10)]
    made = await portions([Asking(name, days=300) for name in names], NOW)
    assert [query.period_seconds for query in made[0].queries] == [MINUTE] * 10
    assert [{query.period_seconds for query in portion.queries} for portion in made[1:]] == [{HOUR, DAY}] * 10


async def test_little_is_one_portion() -> None:
    states = [Asking("Send", days=300, begins=True), Asking("Bounce", days=300), Asking("Open")]
    (portion,) = await portions(states, NOW)
    assert portion.states == states


async def test_who_wants_nothing_has_no_portion() -> None:
    assert await portions([], NOW) == []
