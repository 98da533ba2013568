"""Styles, scripts and pictures of the pages: files of the package, each read when it is first asked for."""

from __future__ import annotations

import functools
import gzip
import hashlib
from importlib.resources import files
from typing import Final

import msgspec

from eventgate.core.accept import reads_gzip
from eventgate.core.head import Head
from eventgate.core.model import Headers, Response
from eventgate.errors import RouteNotFound

TYPES: Final = {
    "css": b"text/css; charset=utf-8",
    "js": b"text/javascript; charset=utf-8",
    "svg": b"image/svg+xml",
}
"""Media types by the ending of a file's name."""
_HEADERS: Final = (
    (b"cache-control", b"no-cache"),
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
_VARY: Final = (b"vary", b"Accept-Encoding")
_GZIP: Final = (b"content-encoding", b"gzip")


class Asset(msgspec.Struct, frozen=True):
    """One file, and `pressed` in gzip if that is how it is kept."""

    media: bytes
    content: bytes
    pressed: bytes | None = None


@functools.cache
def asset(name: str) -> Asset:
    """The file called `name`, kept once it was read; raises `RouteNotFound` where there is none of that name."""
    for file in (files("eventgate.catalogue") / "static").iterdir():
        media = TYPES.get(name.rpartition(".")[2])
        if file.name in (name, f"{name}.gz") and media is not None:
            content = file.read_bytes()
            if file.name == name:
                return Asset(media, content)
            return Asset(media, gzip.decompress(content), content)  # what others publish is large, and kept pressed
    raise RouteNotFound


def answer(name: str, head: Head, headers: Headers) -> Response:
    """The answer to GET of the asset `name`: 304 to a browser that has it already. Raises `RouteNotFound`.

    `headers` are the request's: to who reads gzip, what is kept pressed goes as it is.
    """
    found = asset(name)
    content, told = found.content, list(_HEADERS)
    if found.pressed is not None:
        told.append(_VARY)
        if reads_gzip(headers):
            content = found.pressed
            told.append(_GZIP)
    etag = _etag(content)
    told.append((b"etag", etag))
    if any(_names(value, etag) for value in head.all(b"if-none-match")):
        return Response(304, tuple(field for field in told if field != _GZIP), b"")
    return Response(200, ((b"content-type", found.media), *told), content)


@functools.lru_cache(maxsize=64)
def _etag(content: bytes) -> bytes:
    return b'"%s"' % hashlib.sha256(content).hexdigest()[:16].encode()


def _names(condition: bytes, etag: bytes) -> bool:
    """Whether `If-None-Match` has `etag`, by the weak comparison (RFC 9110, section 13.1.2): proxies weaken ETags."""
    return any(each.strip().removeprefix(b"W/") in (etag, b"*") for each in condition.split(b","))
