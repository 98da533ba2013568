"""What stands in a receipt, and its compact form: MessagePack, with three bits for each outcome."""

from __future__ import annotations

import functools
import zlib
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from eventgate.core.model import Outcome, WriteResult
from eventgate.core.receipts.scope import FINGERPRINT_BYTES, Scope, digest

SETTLED: Final = frozenset({Outcome.DELIVERED, Outcome.DUPLICATE, Outcome.DEFERRED})
"""A writer that ended so need not be asked again."""
MAX_ID_BYTES: Final = 255
"""A longer event id stands in a receipt as its digest; who sends the receipt back has to say the id again."""

_TOPIC_BYTES: Final = 8
_SUBJECT_BYTES: Final = 16
_ID_DIGEST_BYTES: Final = 16
_NAME_BYTES: Final = 4
_ENTRY_BYTES: Final = _NAME_BYTES + FINGERPRINT_BYTES

_DIGITS: Final = {
    Outcome.DELIVERED: "1",
    Outcome.DUPLICATE: "2",
    Outcome.DEFERRED: "3",
    Outcome.CONFLICT: "4",
    Outcome.REFUSED: "5",
    Outcome.FAILED: "6",
    Outcome.UNKNOWN: "7",
    Outcome.SKIPPED: "0",
}
"""Each outcome as an octal digit. They are part of the format: a digit never changes its meaning."""
_known = functools.lru_cache(maxsize=4096)(digest)
"""Of names that come again and again."""
_NOT_ASKED: Final = _DIGITS[Outcome.SKIPPED]
_OF_DIGIT: Final = {digit: WriteResult(outcome) for outcome, digit in _DIGITS.items() if outcome in SETTLED}
_WORTH_PACKING: Final = 64

Detail = tuple[Mapping[str, str | int], str | None]
"""Position and reason of a settled writer."""


class Content(msgspec.Struct, frozen=True, array_like=True):
    """A receipt without its signature.

    `event_id` is None where the id is so long that `id_digest` stands for it. `writers` holds for each a short hash of
    its name and its fingerprint; `outcomes` a digit for each writer of each item. `details` are those of a single
    event, where there is room for them.
    """

    expires_at: int
    topic: bytes
    subject: bytes
    sha256: bytes
    count: int | None
    event_id: str | None
    id_digest: bytes
    writers: bytes
    outcomes: bytes
    is_packed: bool = False
    details: list[Detail | None] | None = None

    @property
    def width(self) -> int:
        """How many writers there are."""
        return len(self.writers) // _ENTRY_BYTES


encode = msgspec.msgpack.Encoder().encode
decode = msgspec.msgpack.Decoder(Content).decode


def compose(
    scope: Scope,
    event_id: str,
    results: Sequence[Mapping[str, WriteResult]],
    targets: Mapping[str, bytes],
    expires_at: int,
) -> Content:
    """What a receipt says of `results`, one mapping for each item; writers without a target are left out."""
    digits = "".join(
        _DIGITS[item[name].outcome] if name in item else _NOT_ASKED for item in results for name in targets
    )
    packed = number = int(digits or "0", 8).to_bytes(_octets(len(digits)), "big")
    if len(number) > _WORTH_PACKING:
        packed = min(number, zlib.compress(number), key=len)
    is_long = len(event_id.encode("utf-8", "surrogatepass")) > MAX_ID_BYTES
    return Content(
        expires_at,
        _known(scope.topic, _TOPIC_BYTES),
        _known(scope.subject, _SUBJECT_BYTES),
        scope.sha256,
        scope.count,
        None if is_long else event_id,
        digest(event_id, _ID_DIGEST_BYTES) if is_long else b"",
        b"".join(_name(name) + mark for name, mark in targets.items()),
        packed,
        packed is not number,
        [_detail(results[0].get(name)) for name in targets] if scope.count is None else None,
    )


def foreign(content: Content, scope: Scope) -> str | None:
    """What of `content` is for another request than `scope` is; None if nothing."""
    if content.topic != _known(scope.topic, _TOPIC_BYTES):
        return "topic"
    if content.subject != _known(scope.subject, _SUBJECT_BYTES):
        return "subject"
    if content.sha256 != scope.sha256 or content.count != scope.count:
        return "body"
    return None


def event_id_of(content: Content, named: str | None) -> str | None:
    """The event id, where the request itself names `named`; None if that is another one, or one that is missing."""
    if named is None or named == content.event_id:
        return content.event_id
    return named if content.event_id is None and digest(named, _ID_DIGEST_BYTES) == content.id_digest else None


def digits_of(content: Content) -> str:
    """A digit for each writer of each item; raises `ValueError` where they are not as many as that."""
    many = content.width * (1 if content.count is None else content.count)
    raw = _unpack(content.outcomes, _octets(many)) if content.is_packed else content.outcomes
    digits = f"{int.from_bytes(raw, 'big'):o}".zfill(many) if many else ""
    if len(digits) != many or len(raw) != _octets(many):
        raise ValueError("not as many outcomes as items and writers")
    return digits


def columns(content: Content, digits: str, targets: Mapping[str, bytes]) -> list[tuple[int, str]] | None:
    """Which column of `digits` belongs to which writer; None where a settled writer writes elsewhere now.

    Writers that are no longer among `targets` have no column.
    """
    names = {_name(name): name for name in targets}
    found = []
    width = content.width
    for column in range(width):
        entry = content.writers[column * _ENTRY_BYTES : (column + 1) * _ENTRY_BYTES]
        name = names.get(entry[:_NAME_BYTES])
        if name is None or not _is_any_settled(digits[column::width]):
            continue
        if entry[_NAME_BYTES:] != targets[name]:
            return None
        found.append((column, name))
    return found


def settled_result(digit: str, detail: Detail | None) -> WriteResult | None:
    """The result that a digit stands for; None where the writer has to run again."""
    result = _OF_DIGIT.get(digit)
    if result is None or detail is None:
        return result
    return WriteResult(result.outcome, detail[0], detail[1])


def _is_any_settled(digits: str) -> bool:
    return any(digit in digits for digit in _OF_DIGIT)


def _detail(result: WriteResult | None) -> Detail | None:
    if result is None or result.outcome not in SETTLED or not (result.position or result.reason):
        return None
    return result.position, result.reason


@functools.lru_cache(maxsize=256)
def _name(name: str) -> bytes:
    """Tells a topic's writers apart; that it is the same writer, the fingerprint says."""
    return zlib.crc32(name.encode()).to_bytes(_NAME_BYTES, "big")


def _octets(digits: int) -> int:
    return (digits * 3 + 7) // 8


def _unpack(packed: bytes, size: int) -> bytes:
    """At most `size` bytes, whatever `packed` would become."""
    unpacking = zlib.decompressobj()
    raw = unpacking.decompress(packed, size + 1)
    if not unpacking.eof:
        raise ValueError("more outcomes than items and writers")
    return raw
