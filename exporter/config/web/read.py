"""A web configuration file becomes `WebAccess`, or one ConfigError with every problem there is."""

from __future__ import annotations

import re
from pathlib import Path

from exporter.config.files import read_text
from exporter.config.foreign import Findings, Part
from exporter.config.layers import one_line
from exporter.config.web.access import Rate, WebAccess, stamp
from exporter.config.web.tls import FILES, TlsReader
from exporter.config.yaml_lines import Document, read_yaml
from exporter.errors import ConfigError

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

_HASH = re.compile(r"\$2[aby]\$(?P<cost>0[4-9]|[12][0-9]|3[01])\$[./A-Za-z0-9]{53}", re.ASCII)
_DURATION = re.compile(r"(?:[0-9]+(?:\.[0-9]+)?(?:h|ms|m|s))+", re.ASCII)
_UNITS = {"h": 3_600.0, "m": 60.0, "s": 1.0, "ms": 0.001}


def read_web_file(path: Path) -> WebAccess:
    """Read the file at *path* and the files that it names, relative to its folder. An empty one asks for nothing.

    Raises:
        ConfigError: something is wrong; it holds all problems, not only the first.
    """
    where = one_line(str(path))
    stamps = {path: stamp(path)}
    text = read_text(path, where)
    blank = all(not line.strip() or line.startswith("#") for line in text.splitlines())
    document = Document() if blank else read_yaml(text, where)
    findings = Findings(document, where, problems=document.problems)
    top = Part(findings, (), document.values)
    top.refuse_unknown(GROUPS)
    tls = None
    if (part := top.part("tls_server_config")) is not None:
        named = (part.values.get(name) for name in FILES)
        files = [path.parent / name for name in named if isinstance(name, str)]
        stamps |= {file: stamp(file) for file in files}
        tls = TlsReader(part, path.parent).read()
    access = WebAccess(tls, _users(top), _headers(top), _rate(top), stamps, tuple(map(str, findings.doubts)))
    if findings.problems:
        raise ConfigError(tuple(sorted(findings.problems, key=lambda problem: problem.line or 0)))
    return access


def _users(top: Part) -> dict[str, bytes]:
    part = top.part("basic_auth_users")
    users: dict[str, bytes] = {}
    for name, value in part.values.items() if part else ():
        match = _HASH.fullmatch(value) if isinstance(value, str) else None
        loc = ("basic_auth_users", name)
        if not name or ":" in name:
            top.findings.wrong(loc, "is no name of a user: it is empty or has a colon", show=False)
        elif match is None:
            message = "must be a bcrypt hash, such as `htpasswd -nBC 12 USER` prints after the colon"
            top.findings.wrong(loc, message, show=False)
        elif int(match["cost"]) > MAX_COST:
            message = f"has cost {match['cost']}, over {MAX_COST}: every wrong password would take seconds to check"
            top.findings.wrong(loc, message, show=False)
        else:
            users[name] = value.encode()
            if int(match["cost"]) < WEAK_COST:
                top.findings.doubt(loc, f"has cost {match['cost']}: soon guessed where the hash leaks", show=False)
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
    value = part.values.get("interval")
    burst = part.whole("burst", 0, 0, 1_000_000)
    if value is None or (value == 0 and not isinstance(value, bool)):
        return None
    loc = (*part.loc, "interval")
    if not isinstance(value, str) or not _DURATION.fullmatch(value):
        part.findings.wrong(loc, "must be a time with its unit, such as 100ms or 1s; 0 for no limit")
        return None
    seconds = sum(float(number) * _UNITS[unit] for number, unit in re.findall(r"([0-9.]+)(h|ms|m|s)", value))
    if seconds and not burst:
        part.findings.wrong((*part.loc, "burst"), "must be at least 1 with an interval: with 0 no request is served")
    return Rate(seconds, burst) if seconds and burst else None
