"""config.example.yaml and docs/configuration.md are what scripts/generate_docs.py makes of the model."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel

from exporter.config.environment import FLAGS
from exporter.config.keys import ITEM, Loc, keys
from exporter.config.settings import MetricSettings, Settings
from exporter.config.yaml_lines import read_yaml

ROOT = Path(__file__).parent.parent.parent
EXAMPLE = ROOT / "config.example.yaml"
DOCUMENT = ROOT / "docs" / "configuration.md"


def example_with_metrics() -> str:
    """Return the example with its commented list of metrics in place of the default."""
    before, _, rest = EXAMPLE.read_text(encoding="utf-8").partition("metrics: null\n")
    block, _, after = rest.partition("\n\n")
    lines = [line.removeprefix("# ") for line in block.splitlines() if not line.startswith("# An entry")]
    return before + "\n".join(lines) + "\n\n" + after


def leaves(value: Any, loc: Loc = ()) -> Iterator[tuple[Loc, Any]]:
    if isinstance(value, dict):
        for name, item in value.items():
            yield from leaves(item, (*loc, name))
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        yield from leaves(value[ITEM], (*loc, ITEM))
    else:
        yield loc, value


def test_the_documented_configuration_is_up_to_date(tmp_path: Path) -> None:
    """`make docs` sets UPDATE_DOCS and writes the files anew."""
    script = ROOT / "scripts" / "generate_docs.py"
    if "UPDATE_DOCS" in os.environ:
        subprocess.run([sys.executable, script], check=True, cwd=ROOT)
    (tmp_path / "configuration.md").write_text(DOCUMENT.read_text(encoding="utf-8"), encoding="utf-8")
    subprocess.run([sys.executable, script, tmp_path / "example.yaml", tmp_path / "configuration.md"], check=True)
    hint = "run `make docs`"
    assert (tmp_path / "example.yaml").read_text(encoding="utf-8") == EXAMPLE.read_text(encoding="utf-8"), hint
    assert (tmp_path / "configuration.md").read_text(encoding="utf-8") == DOCUMENT.read_text(encoding="utf-8"), hint


def test_the_example_documents_every_key_with_its_default() -> None:
    document = dict(leaves(read_yaml(example_with_metrics(), "example").values))
    expected = {key.loc: key.field for key in keys() if key.shape.model is None}
    del expected["targets",], expected["metrics",]
    assert set(document) == set(expected)
    given: dict[Loc, Any] = {("targets", ITEM, "regions"): ["us-east-1"], ("metrics", ITEM, "name"): "Send"}
    for loc, value in document.items():
        default = expected[loc].default
        assert value == given.get(loc, list(default) if isinstance(default, tuple) else default), loc
    assert EXAMPLE.read_text(encoding="utf-8").count("\nmetrics: null\n") == 1


def test_the_example_documents_every_key_with_a_comment_above_it() -> None:
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines):
        if line and not line.lstrip().startswith("#"):
            assert lines[number - 1].lstrip().startswith("#"), line


def test_both_forms_of_the_documented_example_are_valid() -> None:
    for text in (EXAMPLE.read_text(encoding="utf-8"), example_with_metrics()):
        assert Settings(**yaml.safe_load(text)).targets[0].regions == ("us-east-1",)


def test_every_key_and_variable_and_flag_is_documented() -> None:
    page = DOCUMENT.read_text(encoding="utf-8")
    for key in keys():
        assert f"`{key.variable}`" in page or key.shape.model is not None
        assert f"`{key.loc[-1]}`" in page or key.shape.model is not None
    for flag in FLAGS.values():
        assert f"`{flag}`" in page


@pytest.mark.parametrize("name", [*Settings.model_fields, *MetricSettings.model_fields])
def test_what_is_documented_says_seconds_where_the_name_does(name: str) -> None:
    model: type[BaseModel] = Settings if name in Settings.model_fields else MetricSettings
    if name.endswith("_seconds"):
        assert re.match("seconds ", model.model_fields[name].description or "")
