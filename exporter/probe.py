"""A probe for health checks of a container: `python -m exporter.probe [[[http[s]://]HOST:PORT]/PATH]`.

It ends with 0 when the exporter on this machine is well. Without a host and port it asks where an exporter listens that
the same user runs here (exporter/whereabouts.py), and port 9199 where it finds none. Without a scheme it tries TLS,
then plain HTTP. It trusts any certificate, since it only asks its own machine. Where the exporter asks for a password,
the probe takes it from `AWS_SES_EXPORTER_PROBE_BASIC_AUTH`, as `user:password`, and sends it through TLS or to this
machine only. Without it, where a client's certificate is asked for, and where the exporter has no time for more, it
learns no more than that somebody answers, and that has to do.
"""

from __future__ import annotations

import base64
import http.client
import ipaddress
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
    """Return what is wrong at *address*, by the first scheme that is understood there; empty when all is well.

    What hangs up on a client of TLS and does not speak plain HTTP asks for a certificate; not all say so first.
    """
    problem, barred = "", False
    for url in [address] if "://" in address else [f"https://{address}", f"http://{address}"]:
        try:
            return _problem(url, credentials)
        except (ssl.SSLEOFError, http.client.BadStatusLine, ConnectionResetError) as error:
            problem = f"no answer: {error}"
            barred |= url.startswith("https:")
        except ssl.SSLError as error:
            problem = f"does not speak TLS: {error}"
        except (OSError, http.client.HTTPException, ValueError) as error:
            return f"cannot be asked: {error}"
    return "" if barred else problem


def _problem(url: str, credentials: str) -> str:
    """Return what is wrong, empty when all is well; raise what ended it before there was an answer."""
    parts = urlsplit(url)
    host = parts.hostname or "127.0.0.1"
    if parts.scheme == "http" and not _is_here(host):
        credentials = ""
    headers = {"Authorization": f"Basic {base64.b64encode(credentials.encode()).decode()}"} if credentials else {}
    connection = _connection(parts.scheme, host, parts.port)
    secured = False
    try:
        connection.connect()
        secured = parts.scheme == "https"
        connection.request("GET", parts.path or "/", headers=headers)
        answer = connection.getresponse()
        text = answer.read(1_000).decode(errors="replace").strip()
    except (ssl.SSLError, http.client.RemoteDisconnected, ConnectionResetError) as error:
        if secured or "ALERT" in str(getattr(error, "reason", "")):
            return ""  # for want of a certificate: TLS 1.3 asks for it when the client is done
        raise
    finally:
        connection.close()
    return "" if _is_well(answer, known=bool(credentials)) else f"{answer.status} {text}"


def _is_well(answer: http.client.HTTPResponse, *, known: bool) -> bool:
    """Return whether *answer* tells of an exporter that is well, or that has no time or no word for strangers."""
    match answer.status:
        case http.client.OK | http.client.TOO_MANY_REQUESTS:
            return True
        case http.client.UNAUTHORIZED:
            return not known
        case http.client.SERVICE_UNAVAILABLE:
            return answer.getheader("retry-after") is not None  # too much to do; what is not well says no time
    return False


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _connection(scheme: str, host: str, port: int | None) -> http.client.HTTPConnection:
    if scheme == "http":
        return http.client.HTTPConnection(host, port, timeout=TIMEOUT_SECONDS)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return http.client.HTTPSConnection(host, port, timeout=TIMEOUT_SECONDS, context=context)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
