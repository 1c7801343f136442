"""Answers in plain text, which no cache keeps and no browser takes for anything else."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from starlette.responses import PlainTextResponse, Response

TEXT_HEADERS = {"x-content-type-options": "nosniff", "cache-control": "no-store"}

_NONE: Mapping[str, str] = MappingProxyType({})


def plain(text: str | bytes, status_code: int = 200, headers: Mapping[str, str] = _NONE) -> Response:
    """Return *text* as an answer, with *headers* too."""
    return PlainTextResponse(text, status_code, headers={**TEXT_HEADERS, **headers})


def come_again(text: str, headers: Mapping[str, str] = _NONE) -> Response:
    """Return the answer for which there is too much to do now; by its `Retry-After` the health check knows it."""
    return plain(text, 503, {"retry-after": "1", **headers})
