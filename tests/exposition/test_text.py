from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import utils

from exporter.catalogue import Family
from exporter.exposition import text

go_string: Callable[[float], str] = utils.floatToGoString


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (5, "5.0"),
        (0.1432, "0.1432"),
        (123456.0, "123456.0"),
        (1234567.0, "1.234567e+06"),
        (1795324500.0, "1.7953245e+09"),
        (1e16, "1e+16"),
        (-1234567.0, "-1234567.0"),
        (1e-07, "1e-07"),
        (math.inf, "+Inf"),
        (-math.inf, "-Inf"),
        (math.nan, "NaN"),
    ],
)
def test_numbers_look_as_go_writes_them(value: float, shown: str) -> None:
    assert text.number(value) == shown


@given(st.floats())
def test_numbers_look_as_prometheus_client_writes_them_and_lose_nothing(value: float) -> None:
    shown = text.number(value)
    assert shown == go_string(value)
    assert float(shown) == value or math.isnan(value)


def test_label_values_are_escaped_and_never_cut() -> None:
    value = 'say "hi"\\\n' + "é" * 255
    assert text.label_text((("a", value),)) == '{a="say \\"hi\\"\\\\\\n' + "é" * 255 + '"}'
    assert text.label_text(()) == ""


def test_help_is_escaped_by_the_rules_of_each_format() -> None:
    family = Family("a_total", "counter", 'one "two"\\ three\nfour')
    assert text.header(family, openmetrics=False) == (
        b'# HELP a_total one "two"\\\\ three\\nfour\n# TYPE a_total counter\n'
    )
    assert text.header(family, openmetrics=True) == (b'# HELP a one \\"two\\"\\\\ three\\nfour\n# TYPE a counter\n')


def test_half_a_surrogate_pair_cannot_break_the_page() -> None:
    assert text.encoded("a\ud800b") == b"a?b"
