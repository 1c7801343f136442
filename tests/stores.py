"""A store's targets one by one, for tests; the daemon exchanges all of them at once."""

from __future__ import annotations

from exporter.store import Registration, Store, TargetKey


def register(store: Store, key: TargetKey, name: str | None, sources: tuple[str, ...]) -> None:
    """Put *key* last among the registered, or in its place again; it keeps what was said of its sources."""
    wanted = _registered(store)
    wanted[key] = Registration(key, name, sources, key)
    store.exchange(wanted.values())


def drop(store: Store, key: TargetKey) -> None:
    """Take *key* out."""
    wanted = _registered(store)
    del wanted[key]
    store.exchange(wanted.values())


def _registered(store: Store) -> dict[TargetKey, Registration]:
    states = map(store.target, store.keys())
    return {state.key: Registration(state.key, state.name, tuple(state.entries), state.key) for state in states}
