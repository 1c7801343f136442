"""Checks of single values; each returns the value or raises ValueError with the cause."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from pydantic import SecretStr

from exporter.config import patterns

SECONDS_A_MINUTE = 60
SECONDS_AN_HOUR = 3_600
SECONDS_A_DAY = 86_400
TWO_WEEKS_SECONDS = 14 * SECONDS_A_DAY
"""As long as CloudWatch lists a metric that has no data any more."""
MAX_PORT = 65_535
ALL = "all"
DEFAULT_LABEL = "default"
"""What a target is called that has neither name, role nor profile."""

_ROLE_ARN = re.compile(r"arn:[a-z-]+:iam::([0-9]{12}):role/")
_STATISTIC = re.compile(r"Sum|Average|Minimum|Maximum|SampleCount|p(?:[0-9]{1,2}(?:\.[0-9])?|100(?:\.0)?)")
_ADDRESS = re.compile(r"(?P<host>\[[^\[\]]*\]|[^\[\]:]*):(?P<port>[0-9]{1,5})", re.ASCII)
_HOST = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.-]{0,251}[A-Za-z0-9_])?\.?", re.ASCII)
_PATH = re.compile(r"(?:/[A-Za-z0-9._~-]+)+/?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Allowed:
    """What a value may be, as it ends the sentence `must be ...`; metadata of a type."""

    text: str


def period(seconds: int) -> int:
    """Return *seconds* if CloudWatch and the ledger can cut a day into it."""
    if seconds % SECONDS_A_MINUTE:
        raise ValueError("is not a multiple of 60")
    if seconds > SECONDS_AN_HOUR and seconds % SECONDS_AN_HOUR:
        raise ValueError("is over an hour but not whole hours")
    if SECONDS_A_DAY % seconds:
        raise ValueError("does not divide a day")
    return seconds


def account_text(value: object) -> object:
    """Return an account number written without quotes as text: the reader keeps every digit of it."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def role_account(role_arn: str) -> str | None:
    """Return the account's 12 digits in *role_arn*, None where it is not the ARN of a role."""
    found = _ROLE_ARN.match(role_arn)
    return found[1] if found else None


def statistic(text: str) -> str:
    """Return *text* if it is a statistic that CloudWatch has for every metric."""
    if not _STATISTIC.fullmatch(text):
        raise ValueError("is not a statistic")
    return text


def pattern(text: str) -> str:
    """Return *text* if it is a regular expression that comes to an end."""
    patterns.check(text)
    return text


def dimension_choice(choice: object) -> object:
    """Return *choice* if it is `all` or names a dimension; what is inside is for `dimension_rules`."""
    if choice != ALL and not (isinstance(choice, dict) and choice):
        raise ValueError("is not a set of dimensions")
    return choice


def host_and_port(address: str) -> tuple[str, int]:
    """Split a listen address; the host is empty for every address and has no brackets.

    Raises:
        ValueError: *address* is not `host:port`, `:port` or `[ipv6]:port`.
    """
    match = _ADDRESS.fullmatch(address)
    if match is None:
        raise ValueError("is not a listen address")
    host, port = match["host"], int(match["port"])
    if port > MAX_PORT:
        raise ValueError("has a port over 65535")
    if host.startswith("["):
        try:
            ipaddress.IPv6Address(host[1:-1])
        except ValueError:
            raise ValueError("has no IPv6 address between its brackets") from None
        return host[1:-1], port
    if host and not _HOST.fullmatch(host):
        raise ValueError("has a host that is none")
    return host, port


def listen_address(text: str) -> str:
    """Return *text* if it is an address to listen on."""
    host_and_port(text)
    return text


def telemetry_path(text: str) -> str:
    """Return *text* if it is a path that none of the exporter's own pages has."""
    if not _PATH.fullmatch(text):
        raise ValueError("is not a path")
    if text.rstrip("/") == "/config" or f"{text}/".startswith("/-/"):
        raise ValueError("is a page of the exporter itself")
    if {".", ".."} & set(text.split("/")):
        raise ValueError("has a segment . or .., which clients take away before they ask")
    return text


def endpoint_url(text: str) -> str:
    """Return *text* if it is an http or https address without user and password.

    `http://user:1/2@host` is refused too: it means the host `user`, and who wrote it means a password.
    """
    if "@" in text:
        raise ValueError("has a user or password")
    _check_address(text)
    return text


def proxy_url(secret: SecretStr) -> SecretStr:
    """Return *secret* if it is an http or https address, with or without user and password."""
    _check_address(secret.get_secret_value())
    return secret


def _check_address(text: str) -> None:
    if not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("is not an address")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise ValueError("is not an address") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname or port == 0:
        raise ValueError("is not an http or https address")
    if parts.query or parts.fragment:
        raise ValueError("has a query")
    if "@" in parts.path:
        raise ValueError("has an @ in its path (in a password / is written %2F)")
