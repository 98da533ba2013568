"""The course of one post: which attempts are made, with what, and when it ends. Knows neither sockets nor threads.

A course is a generator. It yields what is to be done and is sent what came of it; `Client` and `AsyncClient` do it,
each in its own way.
"""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Callable, Generator, Sequence
from typing import TypeVar

import msgspec

from eventgate.client import bodies
from eventgate.client.answers import Answer, BatchAnswer, Unanswered
from eventgate.client.bodies import Outgoing
from eventgate.client.reading import Reply, read_answer, read_batch


class Retry(msgspec.Struct, frozen=True):
    """How often to try again: waits of up to `first`, doubled each time, `longest` at most (seconds).

    No attempt of a post begins `total` seconds after the first or later; and once no event at all has got through for
    that time, each has one attempt. `introduction` takes the place of `total` while nothing has ever been reached: a
    wrong address shows soon.
    """

    first: float = 0.2
    longest: float = 10.0
    total: float = 30.0
    introduction: float = 3.0

    def pause(self, attempt: int, asked: float) -> float:
        """Seconds to wait after attempt number `attempt` (from 1), partly at random lest clients come in step.

        Never less than `asked`, which is what the gate wants.
        """
        share = random.uniform(0.5, 1.0)  # noqa: S311  # no secret
        return max(
            asked * (0.9 + 0.2 * share), share * min(self.longest, self.first * float(2 ** min(attempt - 1, 16)))
        )


class Patience:
    """What all posts of a client know together: whether anything was ever reached, and since when nothing gets through.

    Safe to use from any thread: a lost update costs an attempt, no more.
    """

    def __init__(self, retry: Retry) -> None:
        self._retry = retry
        self._reached = False
        self._stalled: float | None = None

    def met(self) -> None:
        """Something listens at the address."""
        self._reached = True

    def passed(self) -> None:
        """An event got through, or has its final answer."""
        self._stalled = None

    def is_over(self, began: float, pause: float) -> bool:
        """Whether a post that began then (`time.monotonic`) is to end, rather than try again after `pause`."""
        now = time.monotonic()
        stalled = self._stalled = self._stalled or now
        limit = self._retry.total if self._reached else self._retry.introduction
        return now + pause - min(began, stalled) > limit


class Lost(msgspec.Struct, frozen=True):
    """No answer came. `reached`: the request may have been taken all the same."""

    reason: str
    reached: bool


class Send(msgspec.Struct, frozen=True):
    """Send a request; wants a `Reply` or `Lost`."""

    outgoing: Outgoing
    receipt: str | None


class Wait(msgspec.Struct, frozen=True):
    """Wait for some seconds; wants True if the client was stopped meanwhile."""

    seconds: float


class Renew(msgspec.Struct, frozen=True):
    """The token is refused; wants True if there is another."""


Step = Send | Wait | Renew
Result = Reply | Lost | bool | None
A = TypeVar("A", Answer, BatchAnswer)
B = TypeVar("B", Answer, BatchAnswer)
Course = Generator[Step, Result, A]


def post_one(
    outgoing: Outgoing, receipt: str | None, retry: Retry, patience: Patience, began: float | None = None
) -> Course[Answer]:
    """Post one event until its answer is final or time is up; raises `Unanswered` where the last attempt had none."""

    def read(reply: Reply, attempt: int) -> Answer:
        return read_answer(reply, outgoing.key, attempt)

    return (yield from _attempts(outgoing, receipt, retry, patience, began, read, lambda answer, known: False))


def post_batch(
    topic: str, events: Sequence[bytes], outgoing: Outgoing, receipt: str | None, retry: Retry, patience: Patience
) -> Course[BatchAnswer]:
    """Post a batch until all its answers are final or time is up; raises `Unanswered`.

    The same bytes go again, with the receipt, which reaches only what is missing. A gate that gives no receipts is
    sent those events one by one that it may yet take, each under the id that the gate gave it.
    """
    began = time.monotonic()

    def read(reply: Reply, attempt: int) -> BatchAnswer:
        return read_batch(reply, len(events), outgoing.key, attempt)

    def is_done(answer: BatchAnswer, known: str | None) -> bool:
        return known is None and _is_mixed(answer)

    answer = yield from _attempts(outgoing, receipt, retry, patience, began, read, is_done)
    if answer.retryable and answer.receipt is None and _is_mixed(answer):
        if (yield Wait(retry.pause(1, 0.0))):
            return answer
        answer = yield from _one_by_one(topic, events, answer, retry, patience, began)
    return answer


def _is_mixed(answer: BatchAnswer) -> bool:
    return not answer.errors and not all(result.retryable for result in answer.results)


def _attempts(
    outgoing: Outgoing,
    receipt: str | None,
    retry: Retry,
    patience: Patience,
    began: float | None,
    read: Callable[[Reply, int], A],
    is_done: Callable[[A, str | None], bool],
) -> Course[A]:
    began = time.monotonic() if began is None else began
    last: A | None = None
    may_renew = may_drop = True
    for attempt in itertools.count(1):
        reply = yield Send(outgoing, receipt)
        asked = 0.0
        if isinstance(reply, Reply):
            if reply.status == 401 and may_renew:
                may_renew = False
                if (yield Renew()):
                    continue
            if reply.status == 422 and receipt is not None and may_drop:
                # It is for another subject or other bytes. Without it a writer may get the event twice; with it, never.
                receipt, may_drop = None, False
                continue
            answer = read(reply, attempt)
            last = answer if last is None else answer.after(last)
            receipt = answer.receipt or receipt
            if not answer.retryable or not last.retryable or is_done(last, receipt):
                patience.passed()
                return last
            asked = reply.retry_after
        pause = retry.pause(attempt, asked)
        if patience.is_over(began, pause) or (yield Wait(pause)):
            break
    if isinstance(reply, Lost) or last is None:
        reason = reply.reason if isinstance(reply, Lost) else "no answer"
        raise Unanswered(reason, last=last, key=outgoing.key, receipt=receipt)
    return last


def _one_by_one(
    topic: str, events: Sequence[bytes], answer: BatchAnswer, retry: Retry, patience: Patience, began: float
) -> Course[BatchAnswer]:
    results = list(answer.results)
    for index, result in enumerate(answer.results):
        if not result.retryable:
            continue
        if patience.is_over(began, 0.0):
            break
        key = result.event_id or f"{answer.key}-{index}"
        request = bodies.single(topic, events[index], key)
        try:
            results[index] = yield from post_one(request, None, retry, patience, began)
        except Unanswered as error:
            whole = msgspec.structs.replace(answer, results=tuple(results))
            raise Unanswered(str(error), last=whole, key=answer.key or "", receipt=None) from error
    return msgspec.structs.replace(answer, results=tuple(results))
