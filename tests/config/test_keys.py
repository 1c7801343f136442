from __future__ import annotations

import pytest

from exporter.config.keys import Loc, dotted, is_secret, keys, shape_at


@pytest.mark.parametrize(
    ("loc", "allowed"),
    [
        (("poll_interval_seconds",), "a whole number from 10 to 3600"),
        (("aws", "connect_timeout_seconds"), "a number from 0.1 to 60"),
        (("aws", "use_fips"), "true or false"),
        (("metrics", 7, "kind"), "one of count, rate, level"),
        (("log", "format"), "one of logfmt, json"),
        (("web",), "a mapping of keys to values"),
        (("targets", 0, "regions", 1), "the name of a region, such as us-east-1"),
    ],
)
def test_a_place_says_what_is_allowed_there(loc: Loc, allowed: str) -> None:
    assert shape_at(loc).allowed == allowed


@pytest.mark.parametrize("loc", [("nonsense",), ("targets", "name"), ("web", 0), ("poll_interval_seconds", "x")])
def test_nothing_is_known_where_nothing_belongs(loc: Loc) -> None:
    shape = shape_at(loc)
    assert (shape.type, dict(shape.fields), shape.is_list) == (None, {}, False)


def test_everything_at_and_below_a_secret_is_secret() -> None:
    assert {key.loc for key in keys() if is_secret(key.loc)} == {("targets", 0, "external_id"), ("aws", "proxy_url")}
    assert is_secret(("targets", 3, "external_id", "x", 0))
    assert not is_secret(("targets", 3))


def test_every_key_says_what_it_means_and_what_is_allowed() -> None:
    for key in keys():
        assert key.field.description, key.loc
        assert key.shape.allowed, key.loc


def test_a_loc_is_written_as_people_write_it() -> None:
    assert dotted(("targets", 0, "regions", 12)) == "targets[0].regions[12]"
    assert dotted(("web", "a\nb", "<<")) == "web.'a\\nb'.<<"
    assert dotted(()) == ""
