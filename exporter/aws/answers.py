"""The SDK's parser of JSON answers, which reads large ones in a thread, and lists of numbers and times in one go."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from aiobotocore.parsers import AioJSONParser, AioResponseParserFactory
from botocore.parsers import JSONParser

from exporter.aside import in_a_thread

LARGE_BYTES = 64 * 1024
"""What takes several milliseconds to read."""


class PatientParser(AioJSONParser):
    """Lets others have the event loop while it parses."""

    _times: tuple[list[Any], list[datetime | None]] = ([], [])
    """The last list of times as it came, and what was read: most series have datapoints at the same ones."""

    async def _do_parse(self, response: Any, shape: Any) -> Any:
        if len(response["body"]) < LARGE_BYTES:
            return await super()._do_parse(response, shape)  # type: ignore[misc]  # not in the stubs
        # the SDK's own one is a coroutine that waits for nothing; this is the same work as a function
        work: Any = JSONParser._do_parse  # type: ignore[attr-defined]  # noqa: SLF001 - not in the stubs
        return await in_a_thread(lambda: work(self, response, shape))

    def _handle_list(self, shape: Any, node: Any) -> Any:
        """Return what the SDK does, which asks anew for each item what is to be done: most of its time."""
        if isinstance(node, list):
            if shape.member.type_name == "double":
                return node
            if shape.member.type_name == "timestamp":
                return self._read_times(node)
        return super()._handle_list(shape, node)  # type: ignore[misc]  # not in the stubs

    def _read_times(self, node: list[Any]) -> list[datetime | None]:
        came, times = self._times
        if node != came:
            parse = self._timestamp_parser  # type: ignore[attr-defined]  # not in the stubs
            times = [None if item is None else parse(item) for item in node]
            self._times = node, times  # in one go, since several threads may parse at once
        return times


class ParserFactory(AioResponseParserFactory):
    """Makes the SDK's parsers, and ours for JSON."""

    def create_parser(self, protocol_name: str) -> Any:
        """Return a parser for *protocol_name*."""
        if protocol_name != "json":
            return super().create_parser(protocol_name)
        return PatientParser(**self._defaults)  # type: ignore[attr-defined]  # not in the stubs
