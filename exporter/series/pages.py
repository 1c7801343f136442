"""The bound on what AWS gives in pages: a list that goes round, or never ends, ends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from exporter.errors import InvalidResponseError

MAX_PAGES = 1_000
"""Of one list: half a million metrics or a hundred million datapoints, far more than any account has."""
MAX_TOKEN_LENGTH = 65_536


class Pages:
    """The way through one list by `NextToken`: at most 1 000 pages, and no token twice. Of tokens hashes are kept."""

    def __init__(self, operation: str) -> None:
        """Begin before the first page; errors name *operation* as AWS does, `ListMetrics` for example."""
        self._operation = operation
        self._seen: set[int] = set()

    def after(self, page: Mapping[str, Any]) -> str | None:
        """Return the token of the page after *page*, None if it is the last; to be called once for each page.

        Raises:
            InvalidResponseError: the token is none, or was given before, or this is page 1 000 and not the last.
        """
        token = page.get("NextToken")
        if not token:
            return None
        if not isinstance(token, str) or len(token) > MAX_TOKEN_LENGTH:
            raise self._error("NextToken is none")
        if hash(token) in self._seen:
            raise self._error("NextToken repeats")
        self._seen.add(hash(token))
        if len(self._seen) >= MAX_PAGES:
            raise self._error("the answer does not end")
        return token

    def _error(self, text: str) -> InvalidResponseError:
        return InvalidResponseError(f"{self._operation}: {text}")
