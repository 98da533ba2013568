"""How many connections a process may hold: each takes a file descriptor, and sinks and files need some as well."""

from __future__ import annotations

import resource

MOST_CONNECTIONS = 10_000
"""Connections of one process, however many descriptors it may have."""
_WANTED = 65_536
_KEPT_BACK = 256


def connection_limit() -> int:
    """Has the system allow as many descriptors as it will, and returns how many connections there is room for."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < _WANTED:
        wanted = _WANTED if hard == resource.RLIM_INFINITY else min(_WANTED, hard)
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            soft = wanted
        except (OSError, ValueError):  # some systems have a bound of their own
            pass
    allowed = _WANTED if soft == resource.RLIM_INFINITY else soft
    return max(1, min(MOST_CONNECTIONS, allowed - max(_KEPT_BACK, allowed // 4)))
