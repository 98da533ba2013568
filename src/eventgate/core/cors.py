"""Cross-origin requests from browsers (Fetch standard, CORS protocol): only for origins that are configured."""

from __future__ import annotations

from eventgate.core.head import NAMES, Head

_EXPOSED = b"X-Correlation-ID, Retry-After"
_ALLOWED_HEADERS = b", ".join(sorted(NAMES - {b"origin", b"access-control-request-method"}))
"""All that the gate reads and a page may set."""
_MAX_AGE_SECONDS = b"600"


class Cors:
    """`origins` are exact origins such as `https://portal.example`, or `*` for any."""

    def __init__(self, origins: tuple[str, ...]) -> None:
        self._any = "*" in origins
        self._origins = frozenset(origin.encode() for origin in origins)

    def headers(self, origin: bytes | None) -> list[tuple[bytes, bytes]]:
        """What an answer to a page of `origin` carries."""
        vary = [] if self._any else [(b"vary", b"Origin")]
        if origin is None or not self._allows(origin):
            return vary
        allowed = b"*" if self._any else origin
        return [*vary, (b"access-control-allow-origin", allowed), (b"access-control-expose-headers", _EXPOSED)]

    def preflight(self, head: Head, methods: str) -> list[tuple[bytes, bytes]] | None:
        """The headers of the answer to a preflight request; None if it is none that is allowed."""
        origin = head.first(b"origin")
        if origin is None or not self._allows(origin) or head.first(b"access-control-request-method") is None:
            return None
        return [
            (b"access-control-allow-methods", methods.encode()),
            (b"access-control-allow-headers", _ALLOWED_HEADERS),
            (b"access-control-max-age", _MAX_AGE_SECONDS),
        ]

    def _allows(self, origin: bytes) -> bool:
        return self._any or origin in self._origins
