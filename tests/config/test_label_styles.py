"""The names of other exporters: whatever AWS or a file calls a thing, the page can be read."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.catalogue import label_names
from exporter.config import cloudwatch_names, yace_names
from exporter.config.foreign import is_extended_statistic
from exporter.config.label_styles import LabelStyle, dimension_label, yace_word

LABEL = re.compile(r"(?!__)[a-zA-Z_][a-zA-Z0-9_]*")
FAMILY = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
TEXT = st.text(max_size=8) | st.text(alphabet="_9aB-:% ", max_size=8)


@given(TEXT, st.sampled_from(LabelStyle))
def test_labels_are_legal_and_not_those_of_prometheus(text: str, style: LabelStyle) -> None:
    assert LABEL.fullmatch(dimension_label(style, text))
    if style is not LabelStyle.CLOUDWATCH_EXPORTER:
        assert LABEL.fullmatch(f"custom_tag_{yace_word(style, text)}")


@given(st.lists(TEXT, min_size=2, max_size=3, unique=True))
def test_cloudwatch_exporters_labels_differ_where_the_native_ones_do(names: list[str]) -> None:
    if label_names(names) is not None:
        served = [
            *dict(cloudwatch_names.LABELS),
            *(dimension_label(LabelStyle.CLOUDWATCH_EXPORTER, it) for it in names),
        ]
        assert len(set(served)) == len(served)


def test_a_label_that_would_begin_with_a_digit_begins_with_a_line() -> None:
    assert dimension_label(LabelStyle.CLOUDWATCH_EXPORTER, "9d") == "_9d"


STATISTICS = ["Sum", "p99.99", "tm90", "wm98", "tc0.5", "ts80", "IQM", "TM(2%:98%)", "TM(150:1000)", "WM(:90%)"]
STATISTICS += ["PR(:300)", "PR(100:2000)", "TC(0.005:0.030)", "TS(80%:)", "p100", "p95.0123456789"]


@given(TEXT, st.sampled_from(STATISTICS))
def test_names_of_families_are_legal(metric: str, statistic: str) -> None:
    theirs = cloudwatch_names.family(metric, statistic, dimensions=None, own_help=None, unit="None")
    assert FAMILY.fullmatch(theirs.name)
    assert FAMILY.fullmatch(yace_names.family(metric, statistic).name)


def test_every_statistic_that_cloudwatch_documents_is_known() -> None:
    assert [each for each in STATISTICS if not is_extended_statistic(each)] == ["Sum"]


@pytest.mark.parametrize(
    "text", ["p101", "p", "tm", "TM()", "TM(:)", "PR(1%:2%)", "TM(1%:2)", "TM(101%:)", "iqm", "p9\u0669"]
)
def test_what_is_none_is_refused(text: str) -> None:
    assert not is_extended_statistic(text)
