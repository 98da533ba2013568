"""What both clients do before and around a course: bytes, local judgement, keys, headers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

import eventgate
from eventgate.client import bodies
from eventgate.client.answers import Answer, BatchAnswer, Unanswered
from eventgate.client.bodies import Event
from eventgate.client.course import Course, Lost, Patience, Retry, Send, post_batch, post_one
from eventgate.client.reading import Reply

_AGENT = f"eventgate-client/{eventgate.__version__}"


class Batch(msgspec.Struct, frozen=True):
    """Events on a line each, and the answers of those that were refused here, by index."""

    events: Sequence[bytes]
    refused: Mapping[int, Answer]

    def sent(self) -> list[bytes]:
        """The events that go to the gate."""
        return [event for index, event in enumerate(self.events) if index not in self.refused]

    def whole(self, answer: BatchAnswer) -> BatchAnswer:
        """The gate's `answer` to what was sent, with those given here in their places."""
        if not self.refused:
            return answer
        theirs = iter(answer.results)
        results = tuple(self.refused.get(index) or next(theirs) for index in range(len(self.events)))
        statuses = {result.status for result in results}
        return msgspec.structs.replace(answer, results=results, status=statuses.pop() if len(statuses) == 1 else 207)


class Posts:
    """Makes courses out of events. Safe to use from any thread."""

    def __init__(self, retry: Retry, compress: bool, conf: str | None) -> None:
        self._retry = retry
        self._patience = Patience(retry)
        self._compress = compress
        self._checking = None
        if conf is not None:
            from eventgate.client.checking import Checking  # all of the core, for those who ask for it

            self._checking = Checking(conf)

    def take(self, topic: str, event: Event) -> tuple[bytes, Answer | None]:
        """The text of `event`, and its answer if it is refused here."""
        text = bodies.as_text(event)
        return text, None if self._checking is None else self._checking.refuse(topic, text)

    def take_batch(self, topic: str, events: Iterable[Event]) -> Batch:
        """The texts of `events`, and the answers of those that are refused here."""
        lines = [bodies.as_line(bodies.as_text(event)) for event in events]
        if self._checking is None:
            return Batch(lines, {})
        answers = ((index, self._checking.refuse(topic, line)) for index, line in enumerate(lines))
        return Batch(lines, {index: answer for index, answer in answers if answer is not None})

    def one(self, topic: str, text: bytes, key: str | None, receipt: str | None) -> Course[Answer]:
        """The course of a single event."""
        outgoing = bodies.single(topic, text, bodies.new_key(key))
        return post_one(outgoing, bodies.known_receipt(receipt), self._retry, self._patience)

    def batch(self, topic: str, batch: Batch, key: str | None, receipt: str | None) -> Course[BatchAnswer]:
        """The course of a batch."""
        key, receipt, sent = bodies.new_key(key), bodies.known_receipt(receipt), batch.sent()
        if not sent:
            return batch.whole(BatchAnswer(status=202, results=(), key=key, attempts=0))
        outgoing = bodies.batch(topic, sent, key, self._compress)
        try:
            answer = yield from post_batch(topic, sent, outgoing, receipt, self._retry, self._patience)
        except Unanswered as error:
            if isinstance(error.last, BatchAnswer):
                error.last = batch.whole(error.last)
            raise
        return batch.whole(answer)

    def note(self, result: Reply | Lost) -> None:
        """What came of a request."""
        if isinstance(result, Reply) or result.reached:
            self._patience.met()

    def close(self) -> None:
        """Let go of what local judgement needed."""
        if self._checking is not None:
            self._checking.close()


def headers(step: Send, token: str) -> dict[str, str]:
    """All headers of an attempt."""
    fields = {**step.outgoing.headers, "Authorization": f"Bearer {token}", "User-Agent": _AGENT}
    if step.receipt is not None:
        fields["EventGate-Receipt"] = step.receipt
    return fields
