from __future__ import annotations

import pytest

from exporter.config.values import host_and_port


@pytest.mark.parametrize(
    ("address", "host", "port"),
    [(":9199", "", 9199), ("127.0.0.1:0", "127.0.0.1", 0), ("[::1]:80", "::1", 80), ("localhost:1", "localhost", 1)],
)
def test_an_address_is_split_into_host_and_port(address: str, host: str, port: int) -> None:
    assert host_and_port(address) == (host, port)
