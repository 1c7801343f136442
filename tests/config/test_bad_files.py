"""Every kind of bad file with its exact lines: tests/data/config/bad/NAME.yaml and NAME.txt."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from exporter.config.load import load
from exporter.errors import ConfigError

BAD = Path(__file__).parent.parent / "data" / "config" / "bad"
NAMES = sorted(path.stem for path in BAD.glob("*.yaml"))


@pytest.mark.parametrize("name", NAMES)
def test_a_bad_file_gives_exactly_its_golden_lines(
    name: str, monkeypatch: pytest.MonkeyPatch, update_golden: bool
) -> None:
    monkeypatch.chdir(BAD)
    with pytest.raises(ConfigError) as caught:
        load(Path(f"{name}.yaml"), environ={}, flags={}, default_region=lambda: "us-east-1")
    lines = f"{caught.value}\n"
    if update_golden or "UPDATE_GOLDEN" in os.environ:
        Path(f"{name}.txt").write_text(lines, encoding="utf-8")
    assert lines == Path(f"{name}.txt").read_text(encoding="utf-8")
    assert "hunter2" not in lines


def test_each_text_of_lines_has_its_file() -> None:
    assert sorted(path.stem for path in BAD.glob("*.txt")) == NAMES
