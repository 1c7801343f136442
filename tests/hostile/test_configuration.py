"""Hostile text in a configuration file, of every dialect."""

from __future__ import annotations

import os
from pathlib import Path
from random import Random

import pytest

from exporter.config import yaml_lines
from tests.effort import SOAK, examples
from tests.hostile import texts
from tests.hostile.dialects import DIALECTS, refusal
from tests.hostile.invariant import harmless

VARIANTS = 8


def _rng(*names: str) -> Random:
    return Random(os.urandom(8).hex() if SOAK else "/".join(names))


@pytest.mark.parametrize("name", DIALECTS)
def test_the_good_file_of_each_dialect_is_good(name: str, tmp_path: Path) -> None:
    file = tmp_path / "good.yml"
    file.write_text(DIALECTS[name].text())
    said = refusal(lambda: DIALECTS[name].read(file))
    assert said == "" or name == "web"  # which has no certificate


@pytest.mark.parametrize("name", DIALECTS)
@pytest.mark.parametrize("make", [*texts.REFUSED, *texts.EITHER], ids=lambda make: make.__name__)
def test_hostile_text_is_refused_in_readable_lines(
    make: texts.Make, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not SOAK:
        monkeypatch.setattr(yaml_lines, "MAX_VALUES", 5_000)  # 200 000 take 0.7 s to be too many
    rng, dialect = _rng(make.__name__, name), DIALECTS[name]
    file = tmp_path / "config.yml"
    refused = 0
    for _ in range(VARIANTS if make is texts.alias_bombs else examples(VARIANTS)):  # which take long in soak
        data = make(rng, dialect)
        file.write_bytes(data)
        said = refusal(lambda: dialect.read(file))
        harmless(said, files=(str(file),))
        refused += bool(said)
        assert said or make in texts.EITHER, data[:2_000]
    assert refused
