"""How a server is asked, and what it answered, by whichever way: its body, within a size."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final, cast

import msgspec

from eventgate.core.codings import Coding, decompressed, wire_limit
from eventgate.errors import BodyTooLarge, InvalidJson, SourceError

ASKING: Final = {"User-Agent": "eventgate", "Accept-Encoding": "identity"}
"""Header fields of a request. Some firewalls turn away who does not say what he is."""
_CODINGS: Final[tuple[Coding, ...]] = ("gzip", "zstd")


class Answer(msgspec.Struct, frozen=True):
    """Status and headers, by their names in lower case; `read(amount)` reads the body, as a file's does."""

    status: int
    headers: Mapping[str, str]
    read: Callable[[int], bytes]

    @classmethod
    def of(cls, status: int, headers: Iterable[tuple[str, str]], read: Callable[[int], bytes]) -> Answer:
        """With the headers as they came."""
        return cls(status, {name.lower(): value for name, value in headers}, read)


class Body:
    """The bytes that came, and the coding that they came in. Nobody asked for one, but servers send it all the same."""

    def __init__(self, answer: Answer, max_bytes: int) -> None:
        """Read the body of `answer`, which must be at most `max_bytes` (decompressed); raises `SourceError`."""
        if answer.status != 200:
            raise SourceError(f"answered {answer.status}")
        coding = answer.headers.get("content-encoding", "identity").strip().lower()
        if coding != "identity" and coding not in _CODINGS:
            raise _undecodable()
        self._coding = None if coding == "identity" else cast("Coding", coding)
        self._max_bytes = max_bytes
        limit = max_bytes if self._coding is None else wire_limit(max_bytes)
        announced = answer.headers.get("content-length", "")
        if announced.isdecimal() and len(announced) < 20 and int(announced) > limit:
            raise _too_large(max_bytes)
        self._content = answer.read(limit + 1)
        if len(self._content) > limit:
            raise _too_large(max_bytes)

    async def content(self) -> bytes:
        """The body, decompressed; raises `SourceError`."""
        if self._coding is None:
            return self._content
        try:
            return await decompressed(self._content, self._coding, self._max_bytes)
        except BodyTooLarge:
            raise _too_large(self._max_bytes) from None
        except InvalidJson:
            raise _undecodable() from None


def _too_large(max_bytes: int) -> SourceError:
    return SourceError(f"more than {max_bytes} bytes")


def _undecodable() -> SourceError:
    return SourceError("the answer cannot be decompressed")
