"""What a plan selects of a list: whole sets, the first ones, and never two series under one name."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from exporter.config.selections import CONFIGURATION_SET, Chosen, DimensionPlan, Found, Selection
from exporter.series.dimensions import Ask, Place, Selector, asks, wanted
from exporter.series.queries import Dimensions

NEWS, SHOP = ((CONFIGURATION_SET, "news"),), ((CONFIGURATION_SET, "shop"),)
RULE = (("RuleName", "r"), ("RuleSetName", "s"))


def places(plan: DimensionPlan, listing: dict[str, list[Dimensions]], *metrics: str) -> list[Place]:
    return list(wanted(plan, metrics, listing).places)


def of_sets(limit: int | None = None, include: tuple[str, ...] = (), exclude: tuple[str, ...] = ()) -> Selection:
    return Selection(((CONFIGURATION_SET, Found(include, exclude)),), limit=limit)


def test_nothing_is_selected_by_default() -> None:
    assert wanted(DimensionPlan(), ["Send"], {"Send": [NEWS]}).places == ()
    assert asks(DimensionPlan()) == ()


def test_exact_values_are_read_whether_or_not_they_are_listed_and_in_every_combination() -> None:
    chosen = Selection((("b", Chosen(("2", "1"))), ("a", Chosen(("x",)))), "Send")
    plan = DimensionPlan((chosen,))
    assert asks(plan) == ()
    assert places(plan, {}, "Send", "Bounce") == [
        ("Send", (("a", "x"), ("b", "1"))),
        ("Send", (("a", "x"), ("b", "2"))),
    ]


def test_a_set_is_found_by_exactly_its_dimensions() -> None:
    more = (*NEWS, ("ses:from-domain", "a.example"))
    other: Dimensions = (("ses:from-domain", "a.example"),)
    listing: dict[str, list[Dimensions]] = {"Send": [SHOP, NEWS, more, other, RULE, ()], "Bounce": [NEWS]}
    assert places(DimensionPlan((of_sets(),)), listing, "Send", "Bounce") == [
        ("Bounce", NEWS),
        ("Send", NEWS),
        ("Send", SHOP),
    ]


def test_patterns_match_whole_values_and_what_is_excluded_goes() -> None:
    names = ("news", "news-de", "old-news", "newsletter")
    listing: dict[str, list[Dimensions]] = {"Send": [((CONFIGURATION_SET, name),) for name in names]}
    found = places(DimensionPlan((of_sets(include=("news.*", "shop"), exclude=(".*letter",)),)), listing, "Send")
    assert [dict(dimensions)[CONFIGURATION_SET] for _, dimensions in found] == ["news", "news-de"]


def test_a_value_chosen_beside_a_pattern_has_to_be_listed() -> None:
    selection = Selection((("RuleSetName", Chosen(("s",))), ("RuleName", Found())), "Received")
    plan = DimensionPlan((selection,))
    assert asks(plan) == (Ask(None, ("RuleName", "RuleSetName")),)
    assert places(plan, {}, "Received") == []
    other = (("RuleName", "r"), ("RuleSetName", "t"))
    assert places(plan, {"Received": [RULE, other]}, "Received") == [("Received", RULE)]


def test_all_is_every_set_that_has_a_dimension() -> None:
    plan = DimensionPlan((Selection((), "Send"),))
    assert asks(plan) == (Ask("Send", ()),)
    assert places(plan, {"Send": [(), RULE, NEWS], "Bounce": [NEWS]}, "Send", "Bounce") == [
        ("Send", RULE),
        ("Send", NEWS),
    ]


def test_a_question_is_asked_once_and_of_ten_dimensions_at_most() -> None:
    many = Selection(tuple((f"d{number:02}", Found()) for number in range(12)), "Send")
    plan = DimensionPlan((of_sets(), of_sets(limit=3), Selection(((CONFIGURATION_SET, Found()),), "Send"), many))
    assert asks(plan) == (Ask(None, (CONFIGURATION_SET,)), Ask(None, tuple(f"d{number:02}" for number in range(10))))


def test_over_the_limit_of_sets_the_first_stay_with_all_their_metrics() -> None:
    listing: dict[str, list[Dimensions]] = {"Send": [SHOP, NEWS], "Bounce": [SHOP]}
    found = wanted(DimensionPlan((of_sets(limit=1),)), ["Send", "Bounce"], listing)
    assert found.places == (("Send", NEWS),)
    assert found.over_limit == (("Bounce", SHOP), ("Send", SHOP))


def test_over_the_limit_of_metrics_whole_sets_go_and_not_one_metric_of_all() -> None:
    sets: list[Dimensions] = [((CONFIGURATION_SET, f"set-{number}"),) for number in range(4)]
    listing = {"Send": sets, "Bounce": sets}
    found = wanted(DimensionPlan((of_sets(),), limit=5), ["Send", "Bounce"], listing)
    assert [metric for metric, _ in found.places] == ["Bounce", "Send", "Bounce", "Send", "Bounce"]
    assert found.over_limit == (("Send", sets[2]), ("Bounce", sets[3]), ("Send", sets[3]))


def test_what_two_selections_want_is_over_no_limit_when_one_of_them_has_room() -> None:
    plan = DimensionPlan((of_sets(limit=1), Selection(((CONFIGURATION_SET, Chosen(("shop",))),), "Send")))
    found = wanted(plan, ["Send"], {"Send": [NEWS, SHOP]})
    assert (found.places, found.over_limit) == ((("Send", NEWS), ("Send", SHOP)), ())


def test_dimensions_whose_labels_would_have_one_name_are_left_out() -> None:
    clashing: list[Dimensions] = [
        (("region", "x"),),
        (("AccountId", "x"),),
        (("job", "x"),),
        (("Instance", "x"),),
        (("ses:from-domain", "x"), ("ses_from_domain", "y")),
    ]
    found = wanted(DimensionPlan((Selection((), "Send"),)), ["Send"], {"Send": [*clashing, NEWS]})
    assert found.places == (("Send", NEWS),)
    assert {dimensions for _, dimensions in found.clashing} == set(clashing)


sets_of_dimensions = st.lists(
    st.tuples(st.sampled_from(["a", "b", "region", CONFIGURATION_SET]), st.text(max_size=3)),
    min_size=1,
    max_size=3,
    unique_by=lambda pair: pair[0],
).map(lambda pairs: tuple(sorted(pairs)))
listings = st.dictionaries(
    st.sampled_from(["Send", "Bounce", "Received"]), st.lists(sets_of_dimensions, max_size=8, unique=True), max_size=3
)
selections = st.lists(
    st.one_of(
        st.sampled_from([Selection((), "Send"), Selection((), "Received"), of_sets(), of_sets(2), of_sets(0)]),
        st.builds(
            lambda names, metric, limit: Selection(tuple((name, Found()) for name in sorted(names)), metric, limit),
            st.sets(st.sampled_from(["a", "b", "region"]), min_size=1),
            st.sampled_from([None, "Send"]),
            st.sampled_from([None, 1, 3]),
        ),
    ),
    max_size=3,
).map(tuple)


@given(selections, listings, st.integers(0, 12))
def test_limits_hold_and_say_what_they_left_out_whatever_the_order_of_the_list(
    chosen: tuple[Selection, ...], listing: dict[str, list[Dimensions]], limit: int
) -> None:
    metrics = ["Send", "Bounce"]
    plan = DimensionPlan(chosen, limit=limit)
    found = wanted(plan, metrics, listing)
    assert len(found.places) <= limit
    assert found == wanted(plan, reversed(metrics), {name: sets[::-1] for name, sets in reversed(listing.items())})
    everything = {
        (metric, dimensions)
        for metric in metrics
        for dimensions in listing.get(metric, [])
        if Selector(plan).wants((metric, dimensions))
    }
    parts = (found.places, found.over_limit, found.clashing)
    assert set().union(*parts) == everything
    assert sum(map(len, parts)) == len(everything), "each is in one part only"


@given(selections, listings, st.integers(0, 12), st.integers(0, 12))
def test_a_larger_limit_takes_nothing_away(
    chosen: tuple[Selection, ...], listing: dict[str, list[Dimensions]], one: int, other: int
) -> None:
    small, large = sorted((one, other))
    few = wanted(DimensionPlan(chosen, limit=small), ["Send", "Bounce"], listing).places
    assert wanted(DimensionPlan(chosen, limit=large), ["Send", "Bounce"], listing).places[: len(few)] == few


@given(listings, st.integers(0, 4), st.data())
def test_what_stays_in_a_shorter_list_is_read_as_before(
    listing: dict[str, list[Dimensions]], limit: int, data: st.DataObject
) -> None:
    plan = DimensionPlan((Selection((), "Send"), Selection((), "Bounce")), limit=limit)
    before = wanted(plan, ["Send", "Bounce"], listing).places
    less = {name: [each for each in sets if data.draw(st.booleans())] for name, sets in listing.items()}
    after = wanted(plan, ["Send", "Bounce"], less).places
    assert {(metric, each) for metric, each in before if each in less[metric]} <= set(after)
