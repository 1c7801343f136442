"""Regular expressions: those that might never end are refused before anybody waits for one."""

from __future__ import annotations

import re
import time
import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.config import patterns
from tests.effort import examples

ENDLESS = (
    "(a+)+b",
    "(a*)*",
    "((a+))+b",
    "(?:a+?)+b",
    "(a|a)*b",
    "(a|ab|b)*c",
    "(a?){30}a{30}",
    "(a{1,50}){1,50}b",
    "(a+){5,}",
    "(.*,)*x",
    r"(\w+\s?)*$",
    "(-[a-z]+[a-z]+)*",
    "((?:-[a-z]+)*x)*",
    "(?i:(a+)A)*",
    "(?=(a+)+b)a",
    "(x(a+)+)?",
    "c|(b+)+",
    r"(a(?P<x>b)?(?P=x))*",
    "([^-]*-?)*",
)
QUICK = (
    ".*[.]example",
    "[a-z]+(-[a-z]+)*",
    "(-[^-]+)*",
    "(foo|bar)*",
    "(?:a|b)+",
    "(a|b|c.)+",
    "([0-9]{1,3}[.]){3}[0-9]{1,3}",
    r"([a-z0-9-]+\.)*example\.com",
    r"\d+(,\d+)*",
    r"(\w+\.)+com",
    r"(\W+a)*",
    "(?i)news.*|shop.*",
    "(?!test).*",
    "(news|shop)(-.+)?",
    "(x{3})+",
)


@pytest.mark.parametrize("text", ENDLESS)
def test_what_might_never_end_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="for ever"):
        patterns.check(text)


@pytest.mark.parametrize("text", QUICK)
def test_what_comes_to_an_end_is_taken(text: str) -> None:
    patterns.check(text)


@pytest.mark.parametrize("text", ["(", "a{9999999999999}", "(" * 900 + "a" + ")" * 900, "*"])
def test_what_is_no_expression_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a regular expression"):
        patterns.check(text)


@pytest.mark.parametrize("text", ["[[a]", "[a&&b]", "[a--b]", "[a||b]", "[a~~b]"])
def test_what_a_later_python_may_read_in_another_way_is_refused_and_nothing_is_printed(text: str) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with pytest.raises(ValueError, match=r"doubled & \| ~ -"):
            patterns.check(text)
    assert not caught


@pytest.mark.parametrize(
    "text",
    [
        "(?:(?:a*){0,3}){0,3}",
        "(?:a*){0,3}(?:a*){0,3}",
        "(?:(?:(?:a{0,3}){0,3}){0,3}){0,3}",
        ".*a.*b.*c.*d.*e.*",
        "x(a*a*a*a*a*a*|b)",
    ],
)
def test_many_repeats_one_after_the_other_or_a_few_of_a_few_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"repeats more than five times, as in"):
        patterns.check(text)


@pytest.mark.parametrize(
    "text",
    [
        ".*a.*b.*c.*d.*",
        "(a.*|b.*|c.*|d.*|e.*|f.*|g.*)",
        "([0-9]{1,3}[.]){3}[0-9]{1,3}(/[0-9]{1,2})?",
        "(?:a*){0,3}",
        "(prod-a|prod-b|prod-c)-(eu-west-1|eu-west-2)-[a-z]+(-[a-z]+)*",
        "a?b?c?d?e?f?g?h?",
    ],
)
def test_a_few_repeats_are_taken(text: str) -> None:
    patterns.check(text)


pieces = st.recursive(
    st.sampled_from(["a", "b", "-", ".", "[ab]", "[^a]", "", r"\w"]),
    lambda inner: st.one_of(
        st.builds("".join, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda parts: f"({'|'.join(parts)})", st.lists(inner, min_size=1, max_size=3)),
        st.builds(
            lambda part, repeat: f"(?:{part}){repeat}", inner, st.sampled_from(["*", "+", "?", "{2}", "{0,3}", "{1,9}"])
        ),
    ),
    max_leaves=5,
)


@given(pieces)
@settings(max_examples=examples(300))
def test_what_is_taken_is_done_with_a_long_value_at_once(text: str) -> None:
    try:
        patterns.check(text)
    except ValueError:
        return
    begun = time.process_time()
    for value in ("a" * 28 + "!", "ab" * 14 + "!", "-a" * 14 + "!", "aab-" * 7 + "!"):
        re.fullmatch(text, value)
    assert time.process_time() - begun < 1, "seconds; 2^28 ways take minutes"
