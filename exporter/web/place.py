"""Where a client is, as far as one place may hold no more than its share."""

from __future__ import annotations

import ipaddress

IPV6_CLIENT_BITS = 64


def place_of(peer: str) -> str:
    """Return what of the address *peer* is one client: of IPv6 the network, in which each has as many as he likes."""
    try:
        address = ipaddress.ip_address(peer.partition("%")[0])
    except ValueError:
        return peer
    if isinstance(address, ipaddress.IPv4Address):
        return peer
    return str(address.ipv4_mapped or ipaddress.ip_network((address, IPV6_CLIENT_BITS), strict=False))
