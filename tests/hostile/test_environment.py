"""Hostile variables of the environment."""

from __future__ import annotations

import json
import os
from random import Random

import pytest

from exporter.config.keys import ENV_PREFIX, variables
from exporter.config.load import load
from tests.effort import SOAK, examples
from tests.hostile.dialects import refusal
from tests.hostile.invariant import SECRET, harmless
from tests.hostile.texts import DATES, HUGE, LOOKALIKE, NO_NUMBER, REDOS, WRONG

NAMES = sorted(variables())
NO_UTF8 = os.fsdecode(b"\xff\xfe\x80abc\xc3")
"""As Python shows what is no UTF-8 in the environment and in arguments."""


def _said(environ: dict[str, str], *files: str) -> str:
    said = refusal(lambda: load(None, environ=environ, flags={}, default_region=lambda: "us-east-1"))
    harmless(said, files=files)
    return said


def _rng(name: str) -> Random:
    return Random(os.urandom(8).hex() if SOAK else name)


@pytest.mark.parametrize("name", NAMES)
def test_values_of_wrong_kinds_are_refused(name: str) -> None:
    rng = _rng(name)
    texts = [json.dumps(value) for value in WRONG] + [*HUGE, *NO_NUMBER, *DATES, *REDOS]
    texts += [NO_UTF8, "\ud800", "[" * 100_000, "{" * 5_000, '{"a":' * 2_000, "\n", "\x1b[31m", "x" * 99_999, "@" * 999]
    is_file = name.endswith("__CONFIG_FILE")
    said = [_said({name: text}, *([text[:9], '"'] if is_file else [])) for text in rng.choices(texts, k=examples(6))]
    assert any(said)
    assert is_file or all(ENV_PREFIX in each for each in said if each)


def test_names_that_nobody_knows_are_refused() -> None:
    rng = _rng("names")
    for _ in range(examples(40)):
        name = rng.choice(NAMES)
        place = rng.randrange(len(ENV_PREFIX), len(name))
        odd = rng.choice(
            [
                name[:place] + rng.choice("XQ_é\n\x1b\udcff") + name[place:],
                name[:place] + name[place + 1 :],
                name.lower(),
                name.translate(LOOKALIKE),
                f"{ENV_PREFIX}{'X' * rng.choice([1, 10_000])}",
                f"{name}__{rng.choice(['', '0', 'X'])}",
                ENV_PREFIX,
                f"{ENV_PREFIX}__",
            ]
        )
        said = _said({odd: "1"})
        assert said or odd in NAMES or not odd.startswith(ENV_PREFIX), odd


def test_a_thousand_unknown_names_are_told_briefly() -> None:
    assert "900 more" in _said({f"{ENV_PREFIX}X{number}": "1" for number in range(1_000)})


@pytest.mark.parametrize("text", [SECRET, f"[{SECRET}", f"http://a:{SECRET}@[", f"{SECRET}@", f'["{SECRET}"]'])
@pytest.mark.parametrize("name", [name for name in NAMES if name.endswith("_URL")])
def test_a_secret_in_an_address_that_is_wrong_is_not_shown(name: str, text: str) -> None:
    if name.endswith("PROXY_URL") or "@" in text:
        assert _said({name: text})


def test_what_is_not_for_us_is_left_alone() -> None:
    others = {"": "x", "=": "x", "AWS_SES_EXPORTER": "x", "AWS_SES_EXPORTER_PORT": "x", NO_UTF8: NO_UTF8}
    assert _said({**others, "X" * 100_000: "x" * 1_000_000}) == ""
