"""Addresses to listen on become sockets that listen.

Every socket is open before anything else starts, so that a port in use is one line and no half-started daemon.
"""

from __future__ import annotations

import contextlib
import errno
import os
import socket
from collections.abc import Iterable

from exporter.config.values import host_and_port
from exporter.errors import ListenError

BACKLOG = 128


def open_sockets(addresses: Iterable[str]) -> tuple[socket.socket, ...]:
    """Listen on each of *addresses*: `:9199` (all of IPv6 and IPv4), `127.0.0.1:0` (any free port), `[::1]:9199`.

    A host name is its first address.

    Raises:
        ListenError: an address is not one, or is in use, or not of this machine; no socket is left open.
    """
    with contextlib.ExitStack() as stack:
        sockets = tuple(stack.enter_context(_open(address)) for address in addresses)
        stack.pop_all()
    return sockets


def address_of(listener: socket.socket) -> str:
    """Return where *listener* listens, as `127.0.0.1:9199` or `[::]:9199`, with the port that the system gave."""
    host, port = listener.getsockname()[:2]
    return f"[{host}]:{port}" if listener.family == socket.AF_INET6 else f"{host}:{port}"


def _open(address: str) -> socket.socket:
    try:
        host, port = host_and_port(address)
    except ValueError:
        message = "not an address like :9199, 127.0.0.1:9199 or [::1]:9199"
        raise ListenError(f"cannot listen on {address}: {message}") from None
    try:
        return _listen_on(host, port) if host else _listen_everywhere(port)
    except OSError as error:
        raise ListenError(f"cannot listen on {address}: {_cause(error)}") from error


def _listen_everywhere(port: int) -> socket.socket:
    if socket.has_dualstack_ipv6():
        try:
            return socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True, backlog=BACKLOG)
        except OSError as error:
            if error.errno not in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
                raise
    return socket.create_server(("0.0.0.0", port), backlog=BACKLOG)  # noqa: S104 - an empty host asks for it


def _listen_on(host: str, port: int) -> socket.socket:
    family, _, _, _, where = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    return socket.create_server(where[:2], family=family, backlog=BACKLOG)


def _cause(error: OSError) -> str:
    if isinstance(error, socket.gaierror) or error.errno is None:
        return error.strerror or str(error)
    return os.strerror(error.errno)
