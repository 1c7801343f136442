"""No password of an address is shown, however badly it is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from exporter.config.keys import dotted
from exporter.config.layers import shown
from exporter.config.load import load
from exporter.errors import ConfigError

TARGETS = "targets: [{regions: [us-east-1]}]\n"
ADDRESSES = [
    "http://u:SECRET@h",
    "http://u:SEC/RET@h",
    "http://u:12/SECRET@h",
    "http://u:SEC RET@h",
    "http:/u:SECRET@h",
    "u:SECRET@h",
    "http://u:SEC@SECRET@h",
    "http://u:SEC?RET@h",
    "http://u:SECRET@",
    "http://@SECRET",
]

WELL_FORMED = {"http://u:SECRET@h", "http://u:SEC@SECRET@h", "http://@SECRET"}


def lines(file: Path, text: str) -> str:
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load(file, environ={}, flags={}, default_region=lambda: None)
    return str(caught.value)


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_endpoint_with_a_user_is_refused_and_not_shown(address: str, tmp_path: Path) -> None:
    shown_lines = lines(tmp_path / "c.yaml", f"{TARGETS}aws: {{endpoint_url: '{address}'}}")
    assert "aws.endpoint_url = <secret>: has a user or password; " in shown_lines
    assert "SEC" not in shown_lines


@pytest.mark.parametrize("address", [address for address in ADDRESSES if address not in WELL_FORMED])
def test_a_refused_proxy_is_not_shown(address: str, tmp_path: Path) -> None:
    shown_lines = lines(tmp_path / "c.yaml", f"{TARGETS}aws: {{proxy_url: '{address}'}}")
    assert "aws.proxy_url = <secret>: " in shown_lines
    assert "SEC" not in shown_lines


@pytest.mark.parametrize("address", ADDRESSES[:-1])
def test_an_address_where_none_belongs_is_shown_from_its_last_at_on(address: str, tmp_path: Path) -> None:
    file = tmp_path / "c.yaml"
    text = (
        f"targets: [{{regions: ['{address}']}}]\nweb: {{telemetry_path: '{address}', listen_addresses: ['{address}']}}"
    )
    assert "SEC" not in lines(file, text)
    assert "SEC" not in lines(file, f"{TARGETS}aws: {{? '{address}' : 1}}\n? '{address}'\n: 2")
    assert "SEC" not in lines(file, f"{TARGETS}aws: {{endpoint_url: ['{address}']}}")


def test_what_follows_the_last_at_stays_and_so_does_what_is_no_address() -> None:
    assert shown("http://u:a@b@host:1") == "<secret>@host:1"
    assert shown("http://host:1") == "http://host:1"
    assert dotted(("aws", "http://u:pw@host")) == "aws.'host'"
