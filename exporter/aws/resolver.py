"""Names of hosts to addresses, in a thread of its own for each name, so that one that hangs holds up no other.

The SDK asks in the threads of the event loop: a handful for everything, so that the names of one dead region take them
from all others, and the end of the process waits for the last of them.
"""

from __future__ import annotations

import socket
from typing import Any

from aiohttp.abc import AbstractResolver, ResolveResult

from exporter.aside import aside
from exporter.aws.flight import SingleFlight

_NUMERIC = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
_AS_NUMBERS = socket.NI_NUMERICHOST | socket.NI_NUMERICSERV


_Question = tuple[str, int, socket.AddressFamily]


class Resolver(AbstractResolver):
    """Asks the system, as the SDK does, but each question once at a time, whoever has it.

    Each client has a connector that asks, so one resolver has to serve all of them, also over reloads: then there are
    never more threads than names.
    """

    def __init__(self) -> None:
        """Begin with no question under way."""
        self._asking: dict[_Question, SingleFlight[list[ResolveResult]]] = {}

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the addresses of *host*.

        Raises:
            OSError: there are none, or nobody to ask.
        """
        question = (host, port, family)
        if question not in self._asking:
            self._asking[question] = SingleFlight(lambda: self._ask(question))
        return list(await self._asking[question]())

    async def _ask(self, question: _Question) -> list[ResolveResult]:
        host, port, family = question
        try:
            found = await aside(
                lambda: socket.getaddrinfo(host, port, family, socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
            )
        finally:
            del self._asking[question]
        return [_result(host, kind, proto, address) for kind, _, proto, _, address in found]

    async def close(self) -> None:
        """Do nothing: nothing is open."""


def _result(host: str, family: int, proto: int, address: tuple[Any, ...]) -> ResolveResult:
    number, port = socket.getnameinfo(address, _AS_NUMBERS)  # with the zone of a link-local address; asks nobody
    return ResolveResult(hostname=host, host=number, port=int(port), family=family, proto=proto, flags=_NUMERIC)
