"""Foreign files with any mixture of keys: each loads, or is refused with lines that a person can read."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from exporter.config.load import Loaded
from exporter.errors import ConfigError


def loaded_or_refused(loading: Callable[[], Loaded]) -> Loaded | None:
    """Return what *loading* gives, None where it is refused; either way the lines that it says are readable."""
    try:
        loaded = loading()
    except ConfigError as error:
        unreadable = [problem for problem in error.problems if not (str(problem).isprintable() and problem.message)]
        if unreadable:
            pytest.fail(f"not readable: {unreadable}")
        return None
    assert all(line.isprintable() for line in loaded.warnings)
    assert 60 <= loaded.settings.poll_interval_seconds <= 300
    assert all(rule.statistics for rule in loaded.settings.dialect.rules)
    return loaded
