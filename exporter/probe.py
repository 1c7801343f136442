"""A probe for health checks of a container: `python -m exporter.probe [[[http[s]://]HOST:PORT]/PATH]`.

It ends with 0 when the exporter on this machine is well. Without a host and port it asks where an exporter listens that
the same user runs here (exporter/whereabouts.py), and port 9199 where it finds none. Without a scheme it tries plain
HTTP, then TLS. It trusts any certificate, since it only asks its own machine. Where the exporter asks for a password,
the probe takes it from `AWS_SES_EXPORTER_PROBE_BASIC_AUTH`, as `user:password`; without it, and where a client's
certificate is asked for, it learns no more than that somebody answers, and that has to do.
"""

from __future__ import annotations

import base64
import http.client
import os
import ssl
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from exporter.whereabouts import listening

DEFAULT = "127.0.0.1:9199"
PATH = "/-/healthy"
PROC = Path("/proc")
VARIABLE = "AWS_SES_EXPORTER_PROBE_BASIC_AUTH"
TIMEOUT_SECONDS = 2.0


def main(arguments: Sequence[str], environ: Mapping[str, str], proc: Path = PROC) -> int:
    """Ask the address in *arguments*, print what is wrong on stderr, and return the exit code, 0 or 1."""
    given = arguments[0] if arguments else PATH
    addresses = [f"{place}{given}" for place in listening(proc, DEFAULT)] if given.startswith("/") else [given]
    problems = []
    for address in addresses:
        problem = _problem_at(address, environ.get(VARIABLE, ""))
        if not problem:
            return 0
        problems.append(f"{address}: {problem}")
    print("\n".join(problems), file=sys.stderr)  # noqa: T201 - for the log of the health check
    return 1


def _problem_at(address: str, credentials: str) -> str:
    """Return what is wrong at *address*, by the first scheme that is understood there; empty when all is well."""
    problem = ""
    for url in [address] if "://" in address else [f"http://{address}", f"https://{address}"]:
        try:
            return _problem(url, credentials)
        except (http.client.BadStatusLine, ConnectionResetError) as error:
            problem = f"no answer: {error}"  # what speaks TLS hangs up on plain HTTP
        except (OSError, http.client.HTTPException, ValueError) as error:
            return f"cannot be asked: {error}"
    return problem


def _problem(url: str, credentials: str) -> str:
    """Return what is wrong, empty when all is well."""
    parts = urlsplit(url)
    headers = {"Authorization": f"Basic {base64.b64encode(credentials.encode()).decode()}"} if credentials else {}
    connection = _connection(parts.scheme, parts.hostname or "127.0.0.1", parts.port)
    try:
        connection.request("GET", parts.path or "/", headers=headers)
        answer = connection.getresponse()
        text = answer.read(1_000).decode(errors="replace").strip()
    except (ssl.SSLError, http.client.RemoteDisconnected, ConnectionResetError) as error:
        if parts.scheme == "https" and _asks_for_a_certificate(error):
            return ""
        raise
    finally:
        connection.close()
    if answer.status == http.client.OK or (answer.status == http.client.UNAUTHORIZED and not credentials):
        return ""
    return f"{answer.status} {text}"


def _asks_for_a_certificate(error: Exception) -> bool:
    """Return whether the other side may have ended TLS for want of a certificate; not all of them say so."""
    return not isinstance(error, ssl.SSLError) or isinstance(error, ssl.SSLEOFError) or "ALERT" in str(error.reason)


def _connection(scheme: str, host: str, port: int | None) -> http.client.HTTPConnection:
    if scheme == "http":
        return http.client.HTTPConnection(host, port, timeout=TIMEOUT_SECONDS)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return http.client.HTTPSConnection(host, port, timeout=TIMEOUT_SECONDS, context=context)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
