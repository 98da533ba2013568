"""Content codings: gzip and zstd bodies, decompressed within a bound (RFC 9110, section 8.4; RFC 1952; RFC 8878)."""

from __future__ import annotations

import asyncio
import sys
import zlib
from collections.abc import Callable, Iterator
from typing import Final, Literal, Protocol

from eventgate.errors import BodyTooLarge, InvalidJson

Coding = Literal["gzip", "zstd"]

STEP_BYTES: Final = 64 * 1024
"""What is decompressed at once, and fed in at once: a bomb is noticed this many bytes past the limit."""
STEPS_AT_ONCE: Final = 8
"""Steps before others get their turn: a millisecond or two."""
MAX_STREAMS: Final = 10_000
"""Streams that may follow one another in a body (gzip members, zstd frames): each costs some time, even if empty."""
MAX_WINDOW_LOG: Final = 23
"""A zstd stream may ask for a window of 8 MiB and no more (RFC 9659, section 3)."""


class _Stream(Protocol):
    """Decompresses one stream. `needs_input` is false while what was fed in has more to give."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int) -> bytes: ...


_Codec = tuple[Callable[[], _Stream], type[Exception]]
"""Makes a stream, and what its library raises for a malformed one."""


async def decompressed(body: bytes, coding: Coding, limit: int) -> bytes:
    """What `body` holds.

    Raises `BodyTooLarge` as soon as that is more than `limit` bytes: no more than these are ever in memory. Raises
    `InvalidJson` where it is not what `coding` says, ends early or is followed by something else.
    """
    make, error = _CODECS[coding]()
    pieces: list[bytes] = []
    size = 0
    try:
        for number, piece in enumerate(_pieces(body, coding, make), 1):
            size += len(piece)
            if size > limit:
                raise BodyTooLarge(limit)
            pieces.append(piece)
            if number % STEPS_AT_ONCE == 0:
                await asyncio.sleep(0)
    except error:
        raise InvalidJson(f"the body is not {coding}, as its Content-Encoding says") from None
    return b"".join(pieces)


def wire_limit(limit: int) -> int:
    """How long a body may be whose content is at most `limit` bytes: what does not compress grows a little."""
    return limit + limit // 64 + 1024


def _pieces(body: bytes, coding: Coding, make: Callable[[], _Stream]) -> Iterator[bytes]:
    offset = 0
    for _ in range(MAX_STREAMS):
        stream = make()
        while not stream.eof:
            data = b""
            if stream.needs_input:
                data = body[offset : offset + STEP_BYTES]
                offset += len(data)
                if not data:
                    raise InvalidJson(f"the body ends before its {coding} stream does")
            yield stream.decompress(data, STEP_BYTES)
        offset -= len(stream.unused_data)
        if offset == len(body):
            return
    raise InvalidJson(f"the body has more than {MAX_STREAMS} {coding} streams")


class _Gunzip:
    """zlib's stream in the form of zstd's."""

    def __init__(self) -> None:
        self._stream = zlib.decompressobj(wbits=31)

    @property
    def eof(self) -> bool:
        return self._stream.eof

    @property
    def needs_input(self) -> bool:
        return not self._stream.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        return self._stream.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        return self._stream.decompress(data or self._stream.unconsumed_tail, max_length)


def _gzip() -> _Codec:
    return _Gunzip, zlib.error


def _zstd() -> _Codec:
    """Imported with the first body that needs it."""
    if sys.version_info >= (3, 14):
        from compression import zstd
    else:
        from backports import zstd
    options = {int(zstd.DecompressionParameter.window_log_max): MAX_WINDOW_LOG}
    return lambda: zstd.ZstdDecompressor(options=options), zstd.ZstdError


_CODECS: Final[dict[Coding, Callable[[], _Codec]]] = {"gzip": _gzip, "zstd": _zstd}
