"""A web configuration file becomes `WebAccess`, or one ConfigError with every problem there is."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from exporter.config.files import as_text
from exporter.config.foreign import Findings, Part
from exporter.config.layers import one_line
from exporter.config.web.access import Rate, WebAccess, stamp
from exporter.config.web.hashes import read_hash
from exporter.config.web.pem import read_regular
from exporter.config.web.tls import FILES, TlsReader
from exporter.config.yaml_lines import read_yaml
from exporter.errors import ConfigError, Problem

GROUPS = ("tls_server_config", "http_server_config", "basic_auth_users", "rate_limit")
HEADERS: dict[str, tuple[str, ...]] = {
    "Content-Security-Policy": (),
    "Strict-Transport-Security": (),
    "X-Content-Type-Options": ("nosniff",),
    "X-Frame-Options": ("deny", "sameorigin"),
    "X-XSS-Protection": (),
}
"""The headers that the toolkit lets a file set, each with the values it may have; without any, all."""
WEAK_COST = 10
MAX_COST = 15
"""A check takes some 2 s then, and twice as long with each step: one at a time, whoever asks with whatever password."""

_UNITS = {"h": 3_600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ns": 1e-9}
_PIECE = r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(h|ms|m|s|us|µs|μs|ns)"
_DURATION = re.compile(f"(?:{_PIECE})+")
"""As Go's time.ParseDuration reads it, but for a sign."""
_LONGEST_SECONDS = 2**63 / 1e9
"""The longest that Go can hold."""
_TELLING = re.compile(r"[$:]|-----|\\n")
"""What names of keys and of files do not have, and hashes, passwords after their user, and keys in PEM do."""


def read_web_file(path: Path) -> WebAccess:
    """Read the file at *path* and the files that it names, relative to its folder. An empty one asks for nothing.

    Raises:
        ConfigError: something is wrong; it holds all problems, not only the first.
    """
    where = one_line(str(path))
    stamps = {path: stamp(path)}
    document = read_yaml(as_text(read_regular(path, where), where), where, least=None)
    findings = Findings(document, where, problems=document.problems)
    top = Part(findings, (), document.values)
    top.refuse_unknown(GROUPS)
    tls = None
    if (part := top.part("tls_server_config")) is not None:
        named = (part.values.get(name) for name in FILES)
        files = [path.parent / name for name in named if name and isinstance(name, str)]
        stamps |= {file: stamp(file) for file in files}
        tls = TlsReader(part, path.parent).read()
    users, headers, rate = _users(top), _headers(top), _rate(top)
    if findings.problems:
        problems = sorted(findings.problems, key=lambda problem: problem.line or 0)
        raise ConfigError(tuple(map(_discreet, problems)))
    doubts = tuple(str(_discreet(doubt)) for doubt in findings.doubts)
    return WebAccess(tls, users, headers, rate, stamps, doubts)


def _discreet(problem: Problem) -> Problem:
    """Return *problem* without what may be a secret at the wrong place: it is named by its group and its line."""
    if problem.value is not None and (problem.key in GROUPS or _TELLING.search(problem.value)):
        problem = replace(problem, value=None)
    if _TELLING.search(problem.key):
        group = problem.key.partition(".")[0]
        problem = replace(problem, key=group if group in GROUPS else "")
    return problem


def _users(top: Part) -> dict[str, bytes]:
    part = top.part("basic_auth_users")
    users: dict[str, bytes] = {}
    for name, value in part.values.items() if part else ():
        hashed = read_hash(value) if isinstance(value, str) else None
        loc = ("basic_auth_users", name)
        if not name or ":" in name:
            top.findings.wrong(loc, "is no name of a user: it is empty or has a colon", show=False)
        elif hashed is None:
            message = "must be a bcrypt hash, such as `htpasswd -nBC 12 USER` prints after the colon"
            top.findings.wrong(loc, message, show=False)
        elif hashed.cost > MAX_COST:
            message = f"has cost {hashed.cost}, over {MAX_COST}: every wrong password would take seconds to check"
            top.findings.wrong(loc, message, show=False)
        else:
            users[name] = hashed.text
            if hashed.cost < WEAK_COST:
                top.findings.doubt(loc, f"has cost {hashed.cost:02}: soon guessed where the hash leaks", show=False)
    return users


def _headers(top: Part) -> tuple[tuple[str, str], ...]:
    part = top.part("http_server_config")
    if part is None:
        return ()
    part.refuse_unknown(("http2", "headers"))
    if part.switch("http2", default=False):
        part.doubt("http2", "is not offered: clients are served HTTP/1.1")
    headers = part.part("headers")
    if headers is None:
        return ()
    headers.refuse_unknown(HEADERS)
    return tuple(
        (name, text)
        for name, value in headers.values.items()
        if name in HEADERS and (text := _header(headers, name, value))
    )


def _header(part: Part, name: str, value: object) -> str:
    """Return the text of one header; empty for none, or with a problem."""
    loc = (*part.loc, name)
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if text is None or text == "":
        return ""
    if not isinstance(text, str) or not (text.isascii() and text.isprintable()):
        part.findings.wrong(loc, "must be text of printable ASCII on one line")
    elif HEADERS[name] and text not in HEADERS[name]:
        part.findings.wrong(loc, f"must be one of {', '.join(HEADERS[name])}")
    else:
        return text
    return ""


def _rate(top: Part) -> Rate | None:
    part = top.part("rate_limit")
    if part is None:
        return None
    part.refuse_unknown(("interval", "burst"))
    seconds = _interval(part)
    burst = part.whole("burst", 0, 0, 1_000_000)
    if seconds and not burst:
        part.findings.wrong((*part.loc, "burst"), "must be at least 1 with an interval: with 0 no request is served")
    return Rate(seconds, burst) if seconds and burst else None


def _interval(part: Part) -> float:
    """Return the seconds of `interval`, 0 for no limit, or with a problem."""
    value = part.values.get("interval")
    if value is None:
        return 0.0
    seconds = -1.0
    if isinstance(value, int) and not isinstance(value, bool):
        seconds = value / 1e9 if 0 <= value < 2**63 else -1.0
        if value > 0:
            part.doubt("interval", "has no unit: it is taken for nanoseconds, as in Go")
    elif isinstance(value, str) and _DURATION.fullmatch(value):
        seconds = sum(float(number) * _UNITS[unit] for number, unit in re.findall(_PIECE, value))
    if not 0 <= seconds < _LONGEST_SECONDS:
        message = "must be a time with its unit, such as 100ms or 1s, of 292 years at most; 0 for no limit"
        part.findings.wrong((*part.loc, "interval"), message)
        return 0.0
    return seconds
