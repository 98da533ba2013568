"""The answer to a batch: a result for every item, in order, and what they have in common (docs/api.md)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec

from eventgate.core import judging, responses
from eventgate.core.batch.judging import Refused
from eventgate.core.delivery import verdict
from eventgate.core.limits import MAX_PROBLEMS
from eventgate.core.model import Event, Response, WriteResult
from eventgate.core.topics import Topic
from eventgate.errors import Problem

RETRYABLE: Final = frozenset({429, 500, 503})
"""Statuses of items that may be sent again as they are."""
MIXED: Final = 207

MAX_DETAIL_BYTES: Final = 3 * 1024 * 1024
"""How much refused items may say together before those that follow say one thing each: AWS Lambda passes on answers of
up to 6 MiB, quotation marks escaped, and an answer that is lost makes its caller post again what was delivered."""

_encode: Final = msgspec.json.Encoder().encode
_BOOLEANS: Final = {False: b"false", True: b"true"}
_NOTHING_WRONG: Final = b'"retryable":false,"errors":[]}'
_TRUNCATED: Final = {False: b"", True: b',"truncated":true'}


class _Outcome(msgspec.Struct, frozen=True):
    """What a delivered item's result says before and after its event id."""

    status: int
    problems: Sequence[Problem]
    before: bytes
    after: bytes


class Results:
    """Collects the results of a batch of `count` items, in any order."""

    def __init__(self, topic: Topic, count: int) -> None:
        self._topic = topic
        self._texts: list[bytes] = [b""] * count
        self._said: list[WriteResult] | None = None
        self._outcome: _Outcome
        self._problems: dict[Problem, None] = {}
        self._detail = 0
        self._truncated = False
        self.statuses: Counter[int] = Counter()

    def deliver(self, index: int, event: Event, results: dict[str, WriteResult]) -> None:
        """The item reached the writers, with `results`."""
        said = list(results.values())
        if said != self._said:  # or else it is what was said of the item before
            self._outcome = self._told_of(event, results)
            self._said = None if any(result.pointer is not None for result in said) else said
        outcome = self._outcome
        text = b'{"index":%d%b%b%b' % (index, outcome.before, _encode(event.event_id), outcome.after)
        self._texts[index] = text
        self.statuses[outcome.status] += 1
        if outcome.problems:
            self._note(outcome.problems)

    def refuse(self, index: int, refused: Refused) -> None:
        """The item was refused before any writer was asked."""
        refusal = refused.refusal
        text = b'{"index":%d,"status":%d,"event_id":%b,"writers":{},%b' % (
            index,
            refusal.status,
            _encode(refused.event_id),
            self._told(refusal.status, refusal.problems, truncated=refusal.truncated),
        )
        self._add(index, refusal.status, text, refusal.problems)

    def validate(self, index: int, refused: Refused | None) -> None:
        """The item was judged, and is not to be delivered; `refused` says why it could not be."""
        problems = () if refused is None else refused.refusal.problems
        status = 200 if refused is None else refused.refusal.status
        tail = self._told(status, problems, truncated=refused is not None and refused.refusal.truncated)
        text = b'{"index":%d,"status":%d,"valid":%b,%b' % (index, status, _BOOLEANS[refused is None], tail)
        self._add(index, status, text, problems)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Different problems of the items, as many as an answer lists."""
        return tuple(self._problems)

    @property
    def status(self) -> int:
        """The status that the items share, else 207."""
        return next(iter(self.statuses)) if len(self.statuses) == 1 else MIXED

    def answer(self, **members: Any) -> Response:
        """The answer; `members` that are not None go into it, before the results."""
        status = self.status
        head = b'{"success":%b,"statusCode":%d' % (_BOOLEANS[status in (200, 202)], status)
        if status >= 400:
            head += b',"errors":' + _encode(self.problems) + _TRUNCATED[self._truncated]
        tail = b"".join(
            b",%b:%b" % (_encode(name), _encode(value)) for name, value in members.items() if value is not None
        )
        body = b'%b,"results":[%b]%b}' % (head, b",".join(self._texts), tail)
        headers = (responses.JSON, responses.RETRY_AFTER) if status in (429, 503) else (responses.JSON,)
        return Response(status, headers, body)

    def _told_of(self, event: Event, results: dict[str, WriteResult]) -> _Outcome:
        shown = judging.masked(results, event, self._topic)
        status, problems = verdict(self._topic, shown)
        writers = _encode({name: responses.wire(result) for name, result in shown.items()})
        after = b',"writers":%b,%b' % (writers, _tail(status, problems) if problems else _NOTHING_WRONG)
        return _Outcome(status, problems, b',"status":%d,"event_id":' % status, after)

    def _told(self, status: int, problems: Sequence[Problem], *, truncated: bool) -> bytes:
        """What is wrong with an item: everything, unless others have said too much already."""
        self._truncated = self._truncated or truncated
        if self._detail > MAX_DETAIL_BYTES and len(problems) > 1:
            problems, truncated = problems[:1], True
        tail = _tail(status, problems, truncated=truncated)
        self._detail += len(tail)
        return tail

    def _add(self, index: int, status: int, text: bytes, problems: Iterable[Problem]) -> None:
        self._texts[index] = text
        self.statuses[status] += 1
        self._note(problems)

    def _note(self, problems: Iterable[Problem]) -> None:
        for problem in problems:
            if len(self._problems) < MAX_PROBLEMS:
                self._problems[problem] = None
            elif problem not in self._problems:
                self._truncated = True


def _tail(status: int, problems: Sequence[Problem], *, truncated: bool = False) -> bytes:
    retryable = _BOOLEANS[status in RETRYABLE]
    return b'"retryable":%b,"errors":%b%b}' % (retryable, _encode(problems), _TRUNCATED[truncated])
