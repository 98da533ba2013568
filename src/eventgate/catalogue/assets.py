"""Styles, scripts and pictures of the pages: files of the package, each read when it is first asked for."""

from __future__ import annotations

import functools
import gzip
import hashlib
from importlib.resources import files
from typing import Final

import msgspec

from eventgate.core.head import Head
from eventgate.core.model import Response
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


class Asset(msgspec.Struct, frozen=True):
    """One file. `etag` is made of its content, quotes included."""

    media: bytes
    etag: bytes
    content: bytes


@functools.cache
def asset(name: str) -> Asset:
    """The file called `name`, kept once it was read; raises `RouteNotFound` where there is none of that name."""
    for file in (files("eventgate.catalogue") / "static").iterdir():
        media = TYPES.get(name.rpartition(".")[2])
        if file.name in (name, f"{name}.gz") and media is not None:
            content = file.read_bytes()
            if file.name != name:  # what others publish is large, and kept pressed
                content = gzip.decompress(content)
            return Asset(media, b'"%s"' % hashlib.sha256(content).hexdigest()[:16].encode(), content)
    raise RouteNotFound


def answer(name: str, head: Head) -> Response:
    """The answer to GET of the asset `name`: 304 to a browser that has it already. Raises `RouteNotFound`."""
    found = asset(name)
    headers = (*_HEADERS, (b"etag", found.etag))
    if any(_names(value, found.etag) for value in head.all(b"if-none-match")):
        return Response(304, headers, b"")
    return Response(200, ((b"content-type", found.media), *headers), found.content)


def _names(condition: bytes, etag: bytes) -> bool:
    """Whether `If-None-Match` has `etag`, by the weak comparison (RFC 9110, section 13.1.2): proxies weaken ETags."""
    return any(each.strip().removeprefix(b"W/") in (etag, b"*") for each in condition.split(b","))
