"""Requests that a browser makes for a page of another site, with the password that it remembers."""

from __future__ import annotations

from starlette.datastructures import Headers


def from_elsewhere(headers: Headers) -> bool:
    """Return whether a request with *headers* was begun by a page of another site.

    Browsers say so in `Sec-Fetch-Site` (W3C, Fetch Metadata Request Headers), older ones in `Origin` only; who types an
    address and programs say nothing of it.
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site not in {"same-origin", "none"}
    origin = headers.get("origin")
    return origin is not None and origin.lower().partition("://")[2] != headers.get("host", "").lower()
