"""What is written as YAML is the same when it is read again, and reads as a person writes it."""

from __future__ import annotations

from typing import Any

import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from exporter.config.yaml_lines import read_yaml
from exporter.config.yaml_text import written

TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
    st.sampled_from(["1e3", "0x10", "012", "1_000", "5:00", "yes", "NO", "~", "null", "<<", "=", "2026-01-01", ".inf"]),
)
SCALARS = st.one_of(TEXTS, st.integers(-(10**20), 10**20), st.booleans(), st.floats(allow_nan=False))
VALUES: st.SearchStrategy[Any] = st.recursive(
    SCALARS, lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXTS, inner, max_size=4))
)


@given(values=st.dictionaries(TEXTS, VALUES, min_size=1, max_size=4))
@example(
    values={"a b" * 2_000: ["a b" * 2_000, "\u2028", "\ufeff", "\x85", "\t", " a", "a ", "a #b", "a: b", "\U0001f4e7"]}
)
def test_what_is_written_is_read_as_the_same(values: dict[str, Any]) -> None:
    text = written(values)
    assert read_yaml(text, "file").values == values
    assert list(yaml.compose_all(text, yaml.SafeLoader)), "and by other tools"


def test_lists_of_scalars_take_a_line_and_mappings_one_for_each_key() -> None:
    shared = ["us-east-1"]
    values = {"targets": [{"regions": shared, "name": "a"}, {"regions": shared}], "web": {"listen_addresses": []}}
    assert written(values) == (
        "targets:\n  - regions: [us-east-1]\n    name: a\n  - regions: [us-east-1]\nweb:\n  listen_addresses: []\n"
    )
