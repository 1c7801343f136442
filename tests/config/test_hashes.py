"""Hashes that Go takes: each is made into one that Python's bcrypt checks as Go does."""

from __future__ import annotations

import bcrypt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.config.web.hashes import read_hash
from exporter.config.web.read import read_web_file
from exporter.errors import ConfigError
from tests.effort import examples

GO = "$2a$04$/FURHByNZhjT9M8aFvqsA.QDw6Z4rhnb276NhAEEEmtKxYhkcTQua"
"""What golang.org/x/crypto/bcrypt 0.58.0 makes of `word`. That also takes it with any end of the salt from . to N."""
ALPHABET = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
CANONICAL = ".Oeu"


def is_of(text: str, password: bytes) -> bool:
    hashed = read_hash(text)
    assert hashed is not None
    return bcrypt.checkpw(password, hashed.text)


def test_what_python_makes_is_what_go_makes() -> None:
    assert bcrypt.hashpw(b"word", GO[:29].encode()) == GO.encode()


@pytest.mark.parametrize("last", ALPHABET)
def test_bits_beyond_the_salt_are_dropped_as_in_go(last: str) -> None:
    assert is_of(GO[:28] + last + GO[29:], b"word") == (last in ALPHABET[:16])


@pytest.mark.parametrize("canonical", CANONICAL)
def test_the_check_is_that_of_the_canonical_salt(canonical: str) -> None:
    made = bcrypt.hashpw(b"word", f"$2b$04${'abcdefghijklmnopqrstu'}{canonical}".encode()).decode()
    at = ALPHABET.index(canonical)
    for last in ALPHABET[at : at + 16]:
        written = made[:28] + last + made[29:]
        assert read_hash(written) == read_hash(made)
        assert is_of(written, b"word")
        assert not is_of(written, b"Word")


@pytest.mark.parametrize("last", sorted(set(ALPHABET) - {GO[-1]}))
def test_a_checksum_with_another_end_is_that_of_no_password_as_in_go(last: str) -> None:
    assert not is_of(GO[:-1] + last, b"word")


@pytest.mark.parametrize("prefix", ["$2$", "$2a$", "$2b$", "$2x$", "$2y$"])
def test_every_prefix_is_checked_as_go_checks_it(prefix: str) -> None:
    assert is_of(prefix + GO[4:], b"word")
    assert not is_of(prefix + GO[4:], b"other")


@pytest.mark.parametrize(
    "text",
    [
        *(GO[:4] + cost + GO[6:] for cost in ("00", "03", "32", "99", "+4", " 4", "4", "٠٤")),
        *(prefix + GO[4:] for prefix in ("", "$", "$1$", "$1a$", "$2z$", "$3$", "2a$", "$2a$$", "$2A$")),
        *(GO[:-1], GO + "a", GO + "\n", " " + GO, GO[:40] + "\0" + GO[41:], GO[:40] + "=" + GO[41:], GO.upper(), ""),
    ],
)
def test_what_is_no_hash_is_none(text: str) -> None:
    assert read_hash(text) is None


def test_a_hash_tells_its_cost_and_is_not_shown() -> None:
    hashed = read_hash(GO.replace("$04$", "$31$"))
    assert hashed is not None
    assert hashed.cost == 31
    assert "FURH" not in repr(hashed)


@settings(max_examples=examples(50))
@given(
    st.from_regex(r"\$2[a-z]?\$0[3-5]\$[./A-Za-z0-9]{53}", fullmatch=True),
    st.binary(max_size=72).filter(lambda password: b"\0" not in password),
)
def test_whatever_a_file_may_hold_can_be_checked(
    tmp_path_factory: pytest.TempPathFactory, text: str, password: bytes
) -> None:
    file = tmp_path_factory.getbasetemp() / "hashes.yml"
    file.write_text(f"basic_auth_users: {{alice: {text}}}")
    try:
        hashed = read_web_file(file).users["alice"]
    except ConfigError as error:
        (problem,) = error.problems
        assert problem.message.startswith("must be a bcrypt hash")
        return
    assert not bcrypt.checkpw(password, hashed), "by chance one in 2 to the 184"
    assert bcrypt.hashpw(password, hashed)[:29] == hashed[:29]
