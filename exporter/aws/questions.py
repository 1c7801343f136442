"""The SDK's writer of JSON requests, without its copies of lists: a poll asks for thousands of metrics in them."""

from __future__ import annotations

from typing import Any

from botocore.serialize import JSONSerializer


class PlainSerializer(JSONSerializer):
    """Takes lists as they are. Times, bytes and fractions would have to be converted, and no list we send has any."""

    def _serialize_type_list(self, serialized: dict[str, Any], value: list[Any], _shape: Any, key: str) -> None:
        serialized[key] = value


def hasten(client: Any) -> None:
    """Let *client*, of the SDK, write in this way if it writes JSON; one of a later SDK may have no such part."""
    if type(getattr(client, "_serializer", None)) is JSONSerializer:
        client._serializer = PlainSerializer()  # noqa: SLF001 - the SDK lets nobody give it to a client
