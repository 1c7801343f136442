"""The alternative names in a certificate, by which a client may be let in."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping


def plain_san(text: str) -> str:
    """Return *text*, an alternative name of a certificate, addresses of IP in their usual form."""
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return text


def sans_of(certificate: Mapping[str, object] | None) -> frozenset[str]:
    """Return the alternative names in *certificate*, as `ssl` gives it: DNS, IP, e-mail and URI."""
    names = (certificate or {}).get("subjectAltName", ())
    if not isinstance(names, tuple):
        return frozenset()
    return frozenset(plain_san(value) for kind, value in names if kind in {"DNS", "IP Address", "email", "URI"})
