"""Texts without secrets: those that are known, however they are written, and what looks like one."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Collection, Mapping
from html import escape
from urllib.parse import quote, unquote

_LENGTH = 300
_LOOKED_AT = 2000
"""What looks like a secret is searched for in so much: in text that was made for it, that takes as long squared."""
_LONG = 8
_LIKE_SECRETS = re.compile(
    r"\b(?:AKIA|ASIA)[A-Z0-9]{8,}"  # access keys
    r"|[A-Za-z0-9+/=_-]{40,}"  # secret keys, tokens, signatures, encoded messages
    r"|https?:/.*@"  # user and password of an address, well formed or not
    r"|(?<!\S)(?!arn:)\S*:\S*@"  # and without a scheme
)


def redacted(text: str, secrets: Collection[str] = ()) -> str:
    """Return *text* on one line that is UTF-8, of bounded length, without *secrets* and without what looks like one."""
    text = _LIKE_SECRETS.sub("***", _beginning(" ".join(_without(text, secrets).split())))
    text = text.encode(errors="backslashreplace").decode()
    return text if len(text) <= _LENGTH else text[:_LENGTH] + "..."


def _beginning(text: str) -> str:
    """Return whole words of *text* as far as they are looked at: of a secret no half may stay that looks like none."""
    return text if len(text) <= _LOOKED_AT else f"{text[:_LOOKED_AT].rpartition(' ')[0]} ..."


def tells(text: str, secrets: Collection[str]) -> bool:
    """Return whether one of *secrets*, or what looks like one, is in *text*, or may be, as it is long."""
    return len(text) > _LOOKED_AT or _without(text, secrets) != text or _LIKE_SECRETS.search(text) is not None


def passwords(proxies: Mapping[str, str]) -> tuple[str, ...]:
    """Return what is secret in the addresses of *proxies*, by scheme: each password, also with its user before it.

    A user without a password is one: a token is given so (`http://TOKEN@proxy`), and sent as `TOKEN:`.
    """
    found = set[str]()
    for address in proxies.values():
        user, _, password = (address.partition("//")[2] or address).rpartition("@")[0].partition(":")
        if secret := password or user:
            found |= {secret, unquote(secret), f"{unquote(user)}:{unquote(password)}"}
    return tuple(found)


def _without(text: str, secrets: Collection[str]) -> str:
    """Return *text* without *secrets*, as they are, or as they stand in an address, a form, XML or a header.

    A short one has to stand alone, else it would take other words apart.
    """
    forms = {form for secret in secrets if secret for form in _forms(secret)}
    for form in sorted(forms, key=len, reverse=True):
        if len(form) >= _LONG:
            text = text.replace(form, "***")
        else:
            text = re.sub(rf"(?<![A-Za-z0-9]){re.escape(form)}(?![A-Za-z0-9])", "***", text)
    return text


def _forms(secret: str) -> tuple[str, ...]:
    data = secret.encode(errors="surrogatepass")  # of a variable that is not UTF-8
    return secret, quote(data), quote(data, safe=""), escape(secret), b64encode(data).decode()
