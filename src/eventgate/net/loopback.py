"""Which hosts are this machine: they never go through a proxy, and nobody is on the way to them."""

from __future__ import annotations

import ipaddress


def is_loopback(host: str) -> bool:
    """Whether `host`, a name or an address, is the loopback interface (RFC 6761, 6.3, for names)."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
