"""Which proxy a request goes through, by the environment (`HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`, also lower case)."""

from __future__ import annotations

import ipaddress
import os
from urllib.parse import SplitResult, unquote, urlsplit

import msgspec

from eventgate.errors import SourceError
from eventgate.net.loopback import is_loopback


class Proxy(msgspec.Struct, frozen=True):
    """A proxy's address, and what it wants to know of its user (`name:password`)."""

    url: str
    credentials: str | None = None


def proxy_for(address: SplitResult) -> Proxy | None:
    """The proxy for `address`; None to go straight. Raises `SourceError` for a proxy that is no HTTP proxy.

    Loopback addresses never go through a proxy. `NO_PROXY` is a comma-separated list of host names, each of which
    stands for its subdomains too, of IP addresses or networks, or `*`; with `:port` an entry is for that port only.
    """
    if not any(name.lower().endswith("_proxy") for name in os.environ):
        return None
    from urllib.request import getproxies_environment

    host = address.hostname or ""
    proxies = getproxies_environment()
    configured = proxies.get(address.scheme)
    if not configured or is_loopback(host) or _is_exempt(address, proxies.get("no", "")):
        return None
    try:
        proxy = urlsplit(configured if "://" in configured else f"http://{configured}")
        if proxy.scheme not in ("http", "https") or not proxy.hostname:
            raise ValueError
        credentials = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}" if proxy.username else None
        return Proxy(f"{proxy.scheme}://{_with_port(proxy)}", credentials)
    except ValueError:
        raise SourceError("proxy: it is no HTTP proxy that the environment names") from None


def _with_port(address: SplitResult) -> str:
    host = address.hostname or ""
    host = f"[{host}]" if ":" in host else host
    return host if address.port is None else f"{host}:{address.port}"


def _is_exempt(address: SplitResult, no_proxy: str) -> bool:
    host = address.hostname or ""
    for entry in no_proxy.lower().split(","):
        name = entry.strip().lstrip(".")
        if name == "*" or (name and (_covers(name, host) or _covers(name, _with_port(address)))):
            return True
    return False


def _covers(name: str, host: str) -> bool:
    if host == name or host.endswith(f".{name}"):
        return True
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(name, strict=False)
    except ValueError:
        return False
