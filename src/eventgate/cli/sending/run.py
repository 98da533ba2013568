"""Posting many events: batches under way side by side, and what is done about each answer."""

from __future__ import annotations

import queue
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import msgspec

from eventgate.cli.sending.batches import Batch, Batching
from eventgate.cli.sending.failures import Failure, Failures
from eventgate.cli.sending.journal import Journal
from eventgate.cli.sending.summary import Summary
from eventgate.client import Answer, BatchAnswer, Client, Outcome, Problem, Unanswered

_AHEAD = 16
"""Batches that are noted in the journal at a time, before the first of them is sent."""
_MOST_OPEN = 16
"""Batches that may end without being accepted or refused; with more the gate is taken to be unable for now."""
_GRACE_SECONDS = 5.0
"""How long an interrupted run waits for the answers that are under way."""
_LOOK_SECONDS = 0.1

Outcomes = tuple[Batch, Answer | BatchAnswer | BaseException]


class Plan(msgspec.Struct, frozen=True):
    """What is sent, and how: `resumed` batches before the `fresh` ones; `text` is what to post of an event's bytes."""

    topic: str
    run: str
    resumed: list[Batch]
    fresh: Iterator[Batch]
    batching: Batching
    in_flight: int
    text: Callable[[bytes], bytes]


class Sending:
    """Sends the batches of a plan. `advance` is told how many bytes are done. The journal may be None."""

    def __init__(
        self, client: Client, plan: Plan, journal: Journal | None, failures: Failures, advance: Callable[[int], None]
    ) -> None:
        self._client = client
        self._what = plan
        self._journal = journal
        self._failures = failures
        self._advance = advance
        self._planned = deque(plan.resumed)
        self._open: list[list[Failure]] = []
        self._answered: queue.SimpleQueue[Outcomes | None] = queue.SimpleQueue()
        self._under_way = 0
        self._done_bytes = 0
        self._grace_ends: float | None = None
        self.is_reading = False
        self.summary = Summary()
        if journal is not None:
            state = journal.state
            self.summary.accepted, self.summary.duplicates = state.accepted, state.duplicates
            self.summary.refused = state.failed
            self._done_bytes = state.offset - sum(batch.end - batch.begin for batch in plan.resumed)

    def run(self) -> Summary:
        """Send all, unless the gate or the token turns out to be of no use; says what became of the events."""
        threads = ThreadPoolExecutor(self._what.in_flight, thread_name_prefix="eventgate-send")
        try:
            self._send(threads)
        except KeyboardInterrupt:
            self._halt("interrupted")
        finally:
            if self._under_way:
                self._client.close()
            threads.shutdown()
        while self._under_way:
            self._take(self._answered.get())
        self._finish()
        return self.summary

    def interrupt(self) -> None:
        """Send nothing more. May be called from a signal handler."""
        self._answered.put(None)

    def _send(self, threads: ThreadPoolExecutor) -> None:
        while True:
            self._plan()
            while self._planned and self._under_way < self._what.in_flight and self.summary.halt is None:
                self._under_way += 1
                threads.submit(self._post, self._planned.popleft())
            if not self._under_way:
                return
            self._take(self._next())

    def _plan(self) -> None:
        """Read batches ahead, and note them in the journal before any of them is sent."""
        if self._planned or self.summary.halt is not None:
            return
        self.is_reading = True
        for batch in self._what.fresh:
            self._planned.append(batch)
            if self._journal is None or len(self._planned) == _AHEAD:
                break
        self.is_reading = False
        if self._journal is not None and self._planned:
            self._journal.take_up(list(self._planned))

    def _post(self, batch: Batch) -> None:
        """Runs in a thread of its own."""
        topic, key = self._what.topic, batch.key(self._what.run)
        texts = [self._what.text(entry.body) for entry in batch.entries]
        answer: Answer | BatchAnswer | BaseException
        try:
            if len(texts) == 1:
                answer = self._client.post(topic, texts[0], key=key, receipt=batch.receipt)
            else:
                answer = self._client.post_batch(topic, texts, key=key, receipt=batch.receipt)
        except BaseException as error:
            answer = error
        self._answered.put((batch, answer))

    def _next(self) -> Outcomes | None:
        """The next answer; None for an interruption. Meanwhile the journal is kept up to date."""
        while True:
            try:
                return self._answered.get(timeout=_LOOK_SECONDS)
            except queue.Empty:
                if self._journal is not None and self._journal.is_behind:
                    self._journal.save(durably=False)
            if self._grace_ends is not None and time.monotonic() > self._grace_ends:
                self._client.close()

    def _take(self, outcome: Outcomes | None) -> None:
        if outcome is None:
            self._grace_ends = time.monotonic() + _GRACE_SECONDS
            self._halt("interrupted")
            return
        self._under_way -= 1
        batch, answer = outcome
        if isinstance(answer, Unanswered):
            self._lose(batch, answer)
        elif isinstance(answer, BaseException):
            raise answer
        elif len(batch.entries) > 1 and answer.status in (413, 415) and answer.errors:
            self._part(batch, answer.status)
        else:
            self._record(batch, answer)

    def _record(self, batch: Batch, answer: Answer | BatchAnswer) -> None:
        results = answer.results if isinstance(answer, BatchAnswer) else (answer,)
        failures = [
            Failure(entry, result.status or None, result.errors or _no_reason(result), result.retryable)
            for entry, result in zip(batch.entries, results, strict=True)
            if not result.accepted
        ]
        self.summary.accepted += len(results) - len(failures)
        duplicates = sum(result.accepted and _is_duplicate(result) for result in results)
        self.summary.duplicates += duplicates
        reason = _hopeless(answer)
        if reason is not None or any(failure.retryable for failure in failures):
            self._leave_open(batch, failures, answer.receipt)
            if reason is not None or len(self._open) > _MOST_OPEN:
                self._halt(reason or "the gate does not deliver")
            return
        self.summary.refused += len(failures)
        size = self._failures.note(failures)
        self._done_bytes += batch.end - batch.begin
        self._advance(self._done_bytes)
        if self._journal is not None:
            state = self._journal.state
            state.accepted += len(results) - len(failures)
            state.duplicates += duplicates
            state.failed += len(failures)
            state.failed_bytes = size
            self._journal.settle(batch)

    def _lose(self, batch: Batch, error: Unanswered) -> None:
        """No answer came: nobody knows what was taken of what had not been accepted before."""
        problem = Problem("unreachable", str(error))
        results = error.last.results if isinstance(error.last, BatchAnswer) else ()
        accepted = [result.accepted for result in results] or [False] * len(batch.entries)
        self.summary.accepted += sum(accepted)
        lost = [entry for entry, is_there in zip(batch.entries, accepted, strict=True) if not is_there]
        self._leave_open(batch, [Failure(entry, None, (problem,), True) for entry in lost], error.receipt)
        if self.summary.halt is None:
            self.summary.unreachable = True
            self._halt(f"the gate cannot be reached: {error}")

    def _leave_open(self, batch: Batch, failures: list[Failure], receipt: str | None) -> None:
        self._open.append(failures)
        if self._journal is not None:
            self._journal.keep(batch, receipt)

    def _part(self, batch: Batch, status: int) -> None:
        """Too much for the gate at once, or, by 415, a gate that takes no batches; none of it was delivered."""
        parts = batch.halves() if status == 413 else batch.singles()
        self._what.batching.lower(len(parts[0].entries), sum(len(entry.body) for entry in parts[0].entries))
        if self._journal is not None:
            self._journal.part(batch, parts)
        self._planned.extendleft(reversed(parts))

    def _halt(self, reason: str) -> None:
        self.summary.halt = self.summary.halt or reason
        self._client.stop()

    def _finish(self) -> None:
        """Note what is still open, after what is settled: another run begins at the end of that."""
        self.summary.open = sum(map(len, self._open))
        if self.summary.halt is not None:
            left = self._planned[0] if self._planned else self._peek()
            self.summary.unsent = None if left is None else left.line
        for failures in sorted(self._open, key=lambda failures: failures[0].entry.line if failures else 0):
            self._failures.note(failures)
        if self._journal is not None:
            self._journal.state.finished = self.summary.is_complete
            self._journal.save(durably=True)

    def _peek(self) -> Batch | None:
        """What would have been sent next, if it can be had without waiting for it."""
        return None if self._journal is None else next(self._what.fresh, None)


def _is_duplicate(answer: Answer) -> bool:
    return {result.outcome for result in answer.writers.values()} == {Outcome.DUPLICATE}


def _no_reason(answer: Answer) -> tuple[Problem, ...]:
    return (Problem("answer", f"status {answer.status}"),)


def _hopeless(answer: Answer | BatchAnswer) -> str | None:
    """Why every other event would have the same answer; None if it need not."""
    if not answer.errors:
        return None
    error = answer.errors[0]
    if answer.status == 401:
        return f"the token is refused: {error.reason or 'auth'}: {error.message}"
    is_foreign = error.type == "answer" and not answer.retryable
    if is_foreign or answer.status == 404 or (answer.status == 403 and error.type == "auth"):
        return f"nothing more is sent: {error.message}"
    return None
