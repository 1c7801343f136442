from __future__ import annotations

import errno
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from exporter.errors import ListenError
from exporter.web.listen import address_of, open_sockets

Listen = Callable[..., tuple[socket.socket, ...]]


@pytest.fixture
def listen() -> Iterator[Listen]:
    opened: list[socket.socket] = []

    def sockets(*addresses: str) -> tuple[socket.socket, ...]:
        listeners = open_sockets(addresses)
        opened.extend(listeners)
        return listeners

    yield sockets
    for listener in opened:
        listener.close()


def connects(host: str, port: int) -> bool:
    with socket.create_connection((host, port), timeout=5):
        return True


def open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def has_ipv6() -> bool:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


def test_port_0_is_one_that_the_system_gives(listen: Listen) -> None:
    first, second = listen("127.0.0.1:0", "127.0.0.1:0")
    assert address_of(first).startswith("127.0.0.1:")
    assert address_of(first) != address_of(second)
    assert connects(*first.getsockname())


def test_a_host_name_is_its_first_address(listen: Listen) -> None:
    (listener,) = listen("localhost:0")
    assert connects("localhost", listener.getsockname()[1])


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")
def test_an_ipv6_address_stands_in_brackets(listen: Listen) -> None:
    (listener,) = listen("[::1]:0")
    port = listener.getsockname()[1]
    assert address_of(listener) == f"[::1]:{port}"
    assert connects("::1", port)


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")
def test_no_host_is_all_addresses_of_both_kinds(listen: Listen) -> None:
    (listener,) = listen(":0")
    port = listener.getsockname()[1]
    assert address_of(listener) == f"[::]:{port}"
    assert connects("127.0.0.1", port)
    assert connects("::1", port)


def test_no_host_is_ipv4_alone_where_ipv6_is_not_built_in(listen: Listen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "has_dualstack_ipv6", lambda: False)
    (listener,) = listen(":0")
    assert address_of(listener).startswith("0.0.0.0:")


@pytest.mark.parametrize("number", [errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT])
def test_no_host_is_ipv4_alone_where_ipv6_is_switched_off(
    listen: Listen, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    refuse_ipv6(monkeypatch, number)
    (listener,) = listen(":0")
    assert address_of(listener).startswith("0.0.0.0:")


def test_another_ipv6_problem_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    refuse_ipv6(monkeypatch, errno.EACCES)
    with pytest.raises(ListenError, match=r"^cannot listen on :0: Permission denied$"):
        open_sockets([":0"])


def refuse_ipv6(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    create_server = socket.create_server

    def refuse(address: tuple[str, int], *, family: int = socket.AF_INET, **others: object) -> socket.socket:
        if family == socket.AF_INET6:
            raise OSError(number, os.strerror(number))
        return create_server(address, family=family)

    monkeypatch.setattr(socket, "has_dualstack_ipv6", lambda: True)
    monkeypatch.setattr(socket, "create_server", refuse)


def test_a_port_in_use_is_one_line_and_leaves_nothing_open(listen: Listen) -> None:
    (taken,) = listen("127.0.0.1:0")
    before = open_descriptors()
    with pytest.raises(ListenError) as caught:
        open_sockets(["127.0.0.1:0", address_of(taken)])
    assert str(caught.value) == f"cannot listen on {address_of(taken)}: Address already in use"
    assert open_descriptors() == before


def test_an_address_of_another_machine_is_refused() -> None:
    with pytest.raises(ListenError, match=r"^cannot listen on 192.0.2.1:0: Cannot assign requested address$"):
        open_sockets(["192.0.2.1:0"])


def test_a_name_that_does_not_resolve_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(ListenError, match=r"^cannot listen on no-such-host:0: Name or service not known$"):
        open_sockets(["no-such-host:0"])


def test_an_error_without_a_number_keeps_its_text(monkeypatch: pytest.MonkeyPatch) -> None:
    def odd(*_: object, **__: object) -> None:
        raise OSError("something odd")

    monkeypatch.setattr(socket, "getaddrinfo", odd)
    with pytest.raises(ListenError, match=r"^cannot listen on localhost:0: something odd$"):
        open_sockets(["localhost:0"])


@pytest.mark.parametrize("address", ["", "9199", "host:", "::1:9199", "[::1]", "[]:1", ":65536", ":x", "a:1:2"])
def test_what_is_not_an_address_is_refused(address: str) -> None:
    with pytest.raises(ListenError, match="not an address like"):
        open_sockets([address])
