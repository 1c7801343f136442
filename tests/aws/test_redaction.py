from __future__ import annotations

from base64 import b64encode

import pytest

from exporter.aws.redaction import passwords, redacted, tells

SECRET = "sesame/open+now"
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


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("at http://u:SECRET@h:9/", "at ***h:9/"),
        ("at http:/u:SEC/RET@h", "at ***h"),
        ("at https://u:SEC RET@h now", "at ***h now"),
        ("at u:SECRET@h", "at ***h"),
        ("at http://u:a@SECRET@h", "at ***h"),
        ("me@example.com", "me@example.com"),
        (
            "User: arn:aws:sts::123456789012:assumed-role/r/a@b is not",
            "User: arn:aws:sts::123456789012:assumed-role/r/a@b is not",
        ),
    ],
)
def test_an_address_loses_its_user_and_password_however_it_is_written(text: str, safe: str) -> None:
    assert redacted(text) == safe


def test_no_half_of_a_secret_is_left_where_a_text_is_cut() -> None:
    for length in range(270, 310):
        assert "ses" not in redacted(f"{'x ' * length}"[:length] + SECRET, (SECRET,))


def test_a_secret_that_cannot_be_written_as_utf_8_is_a_secret_too() -> None:
    assert redacted("a sesame\udcff, a sesame%ED%B3%BF", ("sesame\udcff",)) == "a ***, a ***"


def test_a_short_secret_leaves_the_words_around_it() -> None:
    assert redacted("us-east-1 is east of us", ("us",)) == "***-east-1 is east of ***"
    assert redacted("a status", ("us",)) == "a status"


def test_the_passwords_of_proxies_are_known_as_they_are_written_and_as_they_are_sent() -> None:
    proxies = {"http": "http://me:a%40b@proxy:3128", "no": "localhost", "all": "http://h"}
    assert set(passwords(proxies)) == {"a%40b", "a@b", "me:a@b"}
    assert set(passwords({"https": "//me:plain@proxy"})) == {"plain", "me:plain"}
    assert set(passwords({"https": "me:plain@[proxy"})) == {"plain", "me:plain"}, "an address that is none ends nothing"


@pytest.mark.parametrize("address", ["http://sesame%2Fopen@proxy:3128", "http://sesame%2Fopen:@proxy:3128"])
def test_a_user_of_a_proxy_who_has_no_password_is_one(address: str) -> None:
    known = passwords({"https": address})
    assert set(known) == {"sesame%2Fopen", "sesame/open", "sesame/open:"}
    sent = b64encode(b"sesame/open:").decode()
    assert redacted(f"Basic {sent} of sesame/open@proxy, sesame%2Fopen", known) == "Basic *** of ***@proxy, ***"
