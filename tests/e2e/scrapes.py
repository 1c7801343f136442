"""Ways in which Prometheus asks, the modes of a web configuration, and what comes of each way in each mode."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

import bcrypt

from tests.certificates import Papers
from tests.e2e.house import House, tls
from tests.processes import Running


def jobs(house: House) -> dict[str, dict[str, Any]]:
    """Return the ways in which Prometheus asks, each a scrape job."""
    trust = {"ca_file": str(house.ours.file), "server_name": "exporter"}

    def https(papers: Papers | None = None, **more: str) -> dict[str, Any]:
        shown = {"cert_file": str(papers.cert), "key_file": str(papers.key)} if papers else {}
        return {"scheme": "https", "tls_config": trust | shown | more}

    right, wrong = ({"basic_auth": {"username": "alice", "password": word}} for word in ("alice123", "bob123"))
    return {
        "http": {},
        "http, right password": right,
        "http, wrong password": wrong,
        "https": https(),
        "https, right password": https() | right,
        "https, wrong password": https() | wrong,
        "certificate": https(house.client),
        "certificate of another name": https(house.ours.issue("another", "prometheus.example.org")),
        "certificate of another authority": https(house.stranger),
        "up to TLS 1.2": https(max_version="TLS12"),
        "from TLS 1.3": https(min_version="TLS13"),
    }


def modes(house: House) -> dict[str, tuple[str, dict[str, set[str]]]]:
    """Return web configurations, each with what comes of jobs: those let in, told a status or why; others are cut."""
    plain = {"http", "http, right password", "http, wrong password"}
    secure = set(jobs(house)) - plain
    users = {"basic_auth_users": {"alice": bcrypt.hashpw(b"alice123", bcrypt.gensalt(4)).decode()}}
    ca = {"client_ca_file": str(house.ours.file)}
    strict = {"client_auth_type": "RequireAndVerifyClientCert", **ca}
    named = {"client_allowed_sans": ["prometheus.example"]}
    headers = {"Strict-Transport-Security": "max-age=60", "X-Frame-Options": "deny"}
    ours = {"certificate", "certificate of another name"}
    return {
        "nothing": ("", {"up": plain}),
        "password": (
            json.dumps(users),
            {"up": {"http, right password"}, "401": plain - {"http, right password"}},
        ),
        "TLS": (tls(house), {"up": secure}),
        "password over TLS": (
            json.dumps(json.loads(tls(house)) | users),
            {"up": {"https, right password"}, "401": secure - {"https, right password"}},
        ),
        "certificate if given": (
            tls(house, client_auth_type="VerifyClientCertIfGiven", **ca),
            {"up": secure - {"certificate of another authority"}, "alert": {"certificate of another authority"}},
        ),
        "certificate": (tls(house, **strict), {"up": ours, "alert": secure - ours}),
        "certificate of a name": (tls(house, **strict, **named), {"up": {"certificate"}, "alert": secure - ours}),
        "from TLS 1.3": (
            tls(house, min_version="TLS13"),
            {"up": secure - {"up to TLS 1.2"}, "alert": {"up to TLS 1.2"}},
        ),
        "up to TLS 1.2": (
            tls(house, max_version="TLS12"),
            {"up": secure - {"from TLS 1.3"}, "alert": {"from TLS 1.3"}},
        ),
        "headers": (json.dumps({"http_server_config": {"headers": headers}}), {"up": plain}),
        "rate": (json.dumps({"rate_limit": {"interval": "1h", "burst": 1}}), {"429": plain}),
    }


def came_of(server: Running, since: float) -> dict[str, str]:
    """Return what came of the last scrape of each job after *since* (unix seconds): `up`, or how it failed."""
    found = {}
    for target in json.loads(server.get("/api/v1/targets").text)["data"]["activeTargets"]:
        if datetime.fromisoformat(target["lastScrape"]).timestamp() > since:
            found[target["labels"]["job"]] = _outcome(target["lastError"])
    return found


def _outcome(error: str) -> str:
    """Return what *error* of a scrape is: `up` without one, a status of HTTP, an `alert` of TLS, `slow`, or `cut`."""
    status = re.search(r"HTTP status ([0-9]{3})", error)
    if status:
        return status[1]
    if "remote error: tls:" in error:
        return "alert"
    return "slow" if "deadline" in error else "cut" if error else "up"
