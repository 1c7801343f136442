from __future__ import annotations

import pytest

from exporter.series.observations import FACT, Reading, Series
from exporter.store import Entry, Registration, Store, TargetKey
from tests.stores import drop, register

KEY = TargetKey("default", "us-east-1")
SOURCES = ("cloudwatch", "account")
SERIES = (Series("sending_enabled", FACT, Reading(1.0)),)


def registered() -> Store:
    store = Store()
    register(store, KEY, "main", SOURCES)
    return store


def test_a_registered_target_knows_nothing_yet() -> None:
    state = registered().target(KEY)
    assert state.name == "main"
    assert state.account_id is None
    assert state.up is None
    assert state.series_count == 0
    assert [(entry.source, entry.answered) for entry in state.entries.values()] == [
        ("cloudwatch", None),
        ("account", None),
    ]


@pytest.mark.parametrize(
    ("cloudwatch", "account", "up"),
    [
        (None, None, None),
        (True, None, None),
        (True, True, True),
        (False, None, False),
        (True, False, False),
        (False, True, False),
    ],
)
def test_a_target_is_up_when_every_source_answered_and_down_as_soon_as_one_failed(
    cloudwatch: bool | None, account: bool | None, up: bool | None
) -> None:
    store = registered()
    store.put(Entry(KEY, "cloudwatch", None, cloudwatch))
    store.put(Entry(KEY, "account", None, account))
    assert store.target(KEY).up is up


def test_the_account_is_known_from_whichever_source_knows_it() -> None:
    store = registered()
    store.put(Entry(KEY, "account", "123456789012", True, SERIES))
    assert store.target(KEY).account_id == "123456789012"
    assert store.target(KEY).series_count == 1


def test_a_put_replaces_one_source_and_leaves_states_that_were_read_before_as_they_were() -> None:
    store = registered()
    before = store.target(KEY)
    store.put(Entry(KEY, "account", "123456789012", True, SERIES))
    assert before.entries["account"].series == ()
    assert store.target(KEY).entries["account"].series == SERIES
    assert store.target(KEY).entries["cloudwatch"] is before.entries["cloudwatch"]


def test_every_change_has_a_version_of_its_own_and_a_put_that_changes_nothing_has_none() -> None:
    store = registered()
    versions = [store.version]
    entry = Entry(KEY, "account", "123456789012", True, SERIES)
    store.put(entry)
    versions.append(store.version)
    assert store.target(KEY).version == store.version
    store.put(Entry(KEY, "account", "123456789012", True, tuple(SERIES)))
    assert store.version == versions[-1]
    drop(store, KEY)
    versions.append(store.version)
    register(store, KEY, "main", SOURCES)
    versions.append(store.version)
    assert versions == sorted(set(versions))


def test_a_target_registered_again_keeps_what_its_remaining_sources_said() -> None:
    store = registered()
    store.put(Entry(KEY, "cloudwatch", "123456789012", True, SERIES))
    store.put(Entry(KEY, "account", "123456789012", False))
    register(store, KEY, "renamed", ("cloudwatch",))
    state = store.target(KEY)
    assert state.name == "renamed"
    assert list(state.entries) == ["cloudwatch"]
    assert state.entries["cloudwatch"].series == SERIES
    assert state.up is True


def test_an_exchange_drops_keeps_adds_and_renames_in_its_own_order() -> None:
    old, gone, new = TargetKey("old", "eu-west-1"), TargetKey("gone", "eu-west-1"), TargetKey("new", "eu-west-1")
    store = registered()
    for key in (old, gone):
        register(store, key, None, SOURCES)
    for key, account_id in ((KEY, "123456789012"), (old, "210987654321")):
        store.put(Entry(key, "account", account_id, True, SERIES))
    version = store.version
    store.exchange(
        [
            Registration(new, None, ("cloudwatch",)),
            Registration(KEY, "other name", SOURCES, heir_of=old),
            Registration(old, None, ("account",), heir_of=KEY),
        ]
    )
    assert store.keys() == (new, KEY, old)
    assert store.version > max(store.target(key).version for key in (new, KEY, old)) > version
    assert store.target(new).account_id is None
    assert list(store.target(new).entries) == ["cloudwatch"]
    assert store.target(KEY).name == "other name"
    assert store.target(KEY).entries == {
        "cloudwatch": Entry(KEY, "cloudwatch"),
        "account": Entry(KEY, "account", "210987654321", True, SERIES),
    }
    assert store.target(old).entries == {"account": Entry(old, "account", "123456789012", True, SERIES)}


def test_an_exchange_for_nothing_is_a_change() -> None:
    store = registered()
    version = store.version
    store.exchange([])
    assert store.keys() == ()
    assert store.version > version


def test_targets_are_listed_in_the_order_of_their_first_registration() -> None:
    store = registered()
    other = TargetKey("another", "eu-west-1")
    register(store, other, None, SOURCES)
    register(store, KEY, "again", SOURCES)
    assert store.keys() == (KEY, other)


def test_what_is_not_registered_cannot_be_read_or_put() -> None:
    store = registered()
    drop(store, KEY)
    with pytest.raises(KeyError):
        store.target(KEY)
    with pytest.raises(KeyError):
        store.put(Entry(KEY, "account"))
    register(store, KEY, None, ("account",))
    with pytest.raises(KeyError):
        store.put(Entry(KEY, "cloudwatch"))
