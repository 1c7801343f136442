"""Java's regular expressions in Python's words: the same meaning, or a refusal."""

from __future__ import annotations

import re
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.config.java_patterns import python_pattern


@pytest.mark.parametrize(
    ("java", "matches", "fails"),
    [
        (r"\Qa.b\E", "a.b", "axb"),
        (r"x\Q[", "x[", "x"),
        (r"[\Q]^\E]+", "]^", "a"),
        (r"\\Q", "\\Q", "Q"),
        (r"(?<n>a)\k<n>", "aa", "a"),
        (r"(?<!b)a(?<=a)", "a", "b"),
        (r"[]a]+", "]a", "b"),
        (r"[^]a]+", "b", "]"),
        (r"[a||b]+", "|a", "c"),
        (r"(?i)NEWS", "news", "new"),
        (r"[+\-]\[", "-[", "+"),
    ],
)
def test_what_is_written_otherwise_means_the_same(java: str, matches: str, fails: str) -> None:
    found = python_pattern(java)
    assert re.fullmatch(found, matches)
    assert not re.fullmatch(found, fails)


@pytest.mark.parametrize(
    "java", ["[a-z&&[^b]]", "[a[b]]", "[[:alpha:]]", "[+--]", r"\p{Alpha}", r"\h", r"\v", "x(?i)y"]
)
def test_what_python_lacks_or_takes_for_something_else_is_refused(java: str) -> None:
    with pytest.raises(ValueError, match="which is not read here"):
        python_pattern(java)


@given(st.text(alphabet=r"ab.*+?()[]{}^$|&-~\QE<>:=!", max_size=12))
def test_any_text_is_refused_or_compiles_without_a_warning(text: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            re.compile(python_pattern(text))
        except (ValueError, re.error):
            return


@given(st.text(max_size=12).filter(lambda text: "\\E" not in text and not text.endswith("\\")))
def test_what_is_quoted_matches_itself(text: str) -> None:
    assert re.fullmatch(python_pattern(rf"\Q{text}\E"), text)
