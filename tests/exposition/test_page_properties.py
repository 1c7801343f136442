from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.catalogue import Family
from exporter.exposition import NATIVE
from exporter.series.observations import FACT, HELD, TOTAL, Reading, Series
from tests.exposition.world import ACCOUNT, KEY, World
from tests.pages import read_openmetrics, read_text

pytestmark = pytest.mark.usefixtures("untraced")

text_values = st.text(st.characters(exclude_categories=()), max_size=300)
all_series = st.tuples(
    st.sampled_from(["Send", "Reputation.BounceRate", "Größe", "x" * 255]),
    st.sampled_from([TOTAL, HELD, "Sum", "p99.9"]),
    st.floats(min_value=0).map(Reading),
    st.lists(st.tuples(st.sampled_from(["ses:configuration-set", "isp"]), text_values), max_size=2).map(
        lambda pairs: tuple(sorted(pairs))  # as lists of metrics are read
    ),
).map(lambda parts: Series(*parts))


def surrogates_replaced(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


def family_of(series: Series) -> Family:
    dimensions = () if series.aspect == FACT else tuple(name for name, _ in series.labels)
    return NATIVE.family(series.metric, series.aspect, dimensions)


@given(st.lists(all_series, max_size=8), text_values)
def test_both_official_parsers_read_back_every_label_and_value(series: list[Series], name: str) -> None:
    world = World()
    world.add(KEY, *series, name=name)
    expected: dict[tuple[str, tuple[tuple[str, str], ...]], float] = {}
    for each in series:
        labels = [(key, surrogates_replaced(value)) for key, value in NATIVE.labels(ACCOUNT, KEY.region, each)]
        expected.setdefault((family_of(each).name, tuple(sorted(labels))), each.reading.value)
    families_in_order = [family_of(each) for each in series]
    clashing = {
        family.name
        for index, family in enumerate(families_in_order)
        if any(
            family != earlier and family.name.removesuffix("_total") == earlier.name.removesuffix("_total")
            for earlier in families_in_order[:index]
        )
        and family not in families_in_order[:index]
    }
    place = (("account_id", ACCOUNT), ("region", KEY.region))
    expected["aws_ses_up", place] = 1.0
    expected["aws_ses_target_info", (place[0], ("name", surrogates_replaced(name)), place[1])] = 1.0
    expected = {key: value for key, value in expected.items() if key[0] not in clashing}
    assert read_text(world.text()) == expected
    assert read_openmetrics(world.text(openmetrics=True)) == expected


chains = st.lists(st.tuples(st.floats(0, 1e6), st.floats(0, 1000)), max_size=4)


def chain(parts: list[tuple[float, float]], *, endless: bool) -> Reading | None:
    reading = Reading(-1.0) if endless else None
    until = sum(length for _, length in parts)
    for value, length in reversed(parts):
        reading = Reading(value, until, reading)
        until -= length
    return reading


@given(st.lists(st.tuples(chains, st.booleans()), min_size=1, max_size=4), st.lists(st.floats(-10, 5000), max_size=12))
def test_at_any_time_the_page_shows_what_each_reading_says_then_as_if_it_were_new(
    plans: list[tuple[list[tuple[float, float]], bool]], times: list[float]
) -> None:
    readings = [reading for parts, endless in plans if (reading := chain(parts, endless=endless)) is not None]
    series = [Series("Send", f"p{index}", reading) for index, reading in enumerate(readings)]
    world = World()
    world.add(KEY, *series)
    for now in times:
        world.now = now
        expected = {
            f"aws_ses_send_p{index}": shown.value for index, each in enumerate(readings) if (shown := each.at(now))
        }
        read = {name: value for (name, _), value in read_text(world.text()).items() if "_send_" in name}
        assert read == expected
