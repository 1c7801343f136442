from __future__ import annotations

import pytest

from exporter.aws.redaction import redacted, tells

KEY = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"


@pytest.mark.parametrize("text", ["a:" * 500_000, "http:/" * 200_000, "word " * 200_000 + KEY, KEY * 9_999])
def test_a_text_that_was_made_to_take_long_is_looked_at_in_part(text: str) -> None:
    assert KEY not in redacted(text)
    assert len(redacted(text)) <= 303
    assert tells(text, ())


@pytest.mark.parametrize("length", range(1_950, 2_050, 7))
def test_no_half_of_what_looks_like_a_secret_stays_at_the_end_of_what_is_looked_at(length: int) -> None:
    text = f"{'z' * 50} " * 39
    assert KEY[:6] not in redacted(text[:length].ljust(length, ".")[:-1] + f" {KEY} {KEY}")


def test_half_a_character_that_aws_or_a_variable_has_does_not_spoil_the_page_that_tells_it() -> None:
    assert redacted("profile a\udcff") == r"profile a\udcff"
    assert len(redacted("\ud800 " * 999).encode()) <= 303
