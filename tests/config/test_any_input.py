"""Whatever the input: settings, or lines that people can read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from exporter.config.keys import keys
from exporter.config.load import load
from exporter.config.settings import Settings
from exporter.errors import ConfigError

NAMES = sorted({str(key.loc[-1]) for key in keys()})
SCALARS: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(-1, 90_000),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(
        ["us-east-1", "Sum", "p99", "count", "Send", "arn:aws:iam::123456789012:role/r", ":9199", "[::1]:0"]
    ),
)


def _grown(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    name = st.one_of(st.sampled_from(NAMES), st.text(max_size=4))
    return st.one_of(st.lists(inner, max_size=3), st.dictionaries(name, inner, max_size=5))


TREES = st.dictionaries(
    st.sampled_from([*Settings.model_fields, "unknown"]), st.recursive(SCALARS, _grown, max_leaves=12), max_size=6
)


def _loads_or_refuses(path: Path, environ: Mapping[str, str], flags: Mapping[str, Any]) -> None:
    refusal: ConfigError | None = None
    try:
        assert isinstance(
            load(path, environ=environ, flags=flags, default_region=lambda: "us-east-1").settings, Settings
        )
    except ConfigError as error:
        refusal = error
    if refusal is not None:
        lines_shown = str(refusal).split("\n")
        assert len(lines_shown) == len(refusal.problems) > 0
        assert all(line.strip() and line.isprintable() for line in lines_shown)


@given(tree=TREES, environ=st.dictionaries(st.sampled_from(NAMES), st.text(max_size=12), max_size=3))
def test_any_tree_gives_settings_or_readable_lines(
    tree: dict[str, Any], environ: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "fuzzed.yaml"
    path.write_text(yaml.safe_dump(tree, allow_unicode=True), encoding="utf-8", errors="replace")
    variables = {f"AWS_SES_EXPORTER__{name.upper()}": text for name, text in environ.items()}
    _loads_or_refuses(path, variables, {"log.level": "info"})


@given(data=st.one_of(st.binary(max_size=60), st.text("ab:-[]{}&*!#|>'\"%@`?, \n\t<0", max_size=60).map(str.encode)))
@example(data=b"a: &a\n  <<: *a\n")
@example(data=b"&a {<<: [*a]}")
@example(data=b"? &a [*a]\n: *a")
@example(data=b"--- !!binary a")
@example(data=b"a: !!int x\nb: !!float y\nc: !!bool z\nd: !!null w\ne: <<\n")
@example(data=b"!!set {a, b}")
@example(data=b"web: !!omap []")
@example(data=b"log: &l {level: info}\nweb: {<<: [*l, 3]}")
def test_any_bytes_give_settings_or_readable_lines(data: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.getbasetemp() / "bytes.yaml"
    path.write_bytes(data)
    _loads_or_refuses(path, {}, {})
