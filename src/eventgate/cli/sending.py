"""Posting many events: a few at once, their answers in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec

from eventgate.cli.entries import Entry
from eventgate.cli.terminal import ExitCode, count
from eventgate.client import Answer, Client
from eventgate.errors import Unreachable

CONNECTIONS = 8
_WINDOW = 4 * CONNECTIONS
"""Events read ahead of the first one that is without an answer."""


class Failure(msgspec.Struct, frozen=True):
    """An event that was not accepted. `status` is None where no answer came."""

    entry: Entry
    status: int | None
    errors: tuple[Any, ...]

    def as_line(self) -> bytes:
        """One line of NDJSON: `line`, `event` (as it was; a string if it is no JSON), `status`, `errors`."""
        line = {"line": self.entry.line, "event": _as_it_is(self.entry.body), "status": self.status}
        return msgspec.json.encode({**line, "errors": self.errors}) + b"\n"

    def describe(self) -> str:
        """One line for people, with every reason."""
        reasons = "; ".join(_describe_error(error) for error in self.errors)
        return f"line {self.entry.line}: {self.status or 'no answer'}: {reasons}"


class Summary:
    """What became of a file. `halt` says why the rest was not sent, `unsent` from which line on."""

    def __init__(self) -> None:
        self.accepted = 0
        self.duplicates = 0
        self.failed = 0
        self.halt: str | None = None
        self.unsent: int | None = None
        self.unreachable = False

    @property
    def exit_code(self) -> ExitCode:
        """0 only if all were accepted."""
        if self.unreachable:
            return ExitCode.UNREACHABLE
        return ExitCode.FINDINGS if self.failed or self.halt else ExitCode.DONE

    def describe(self, failed: Path | None) -> str:
        """The closing line."""
        text = f"{count(self.accepted + self.failed, 'event')}: {self.accepted:,} accepted"
        if self.duplicates:
            text += f" ({self.duplicates:,} had been there before)"
        text += f", {self.failed:,} not accepted"
        if self.failed and failed is not None:
            text += f" (see {failed})"
        if self.unsent is not None:
            text += f"; nothing was sent from line {self.unsent} on"
        return text


class _Post:
    """An event on its way. `answer` is complete once a thread has posted it, and never if none did."""

    def __init__(self, entry: Entry) -> None:
        self.entry = entry
        self.answer: Future[Answer] = Future()

    def run(self, client: Client, topic: str) -> None:
        try:
            self.answer.set_result(client.post(topic, self.entry.body))
        except BaseException as error:
            self.answer.set_exception(error)


class Sending:
    """Posts events to one topic. `note` is told of each that was not accepted, `advance` how many bytes are done."""

    def __init__(
        self, client: Client, topic: str, note: Callable[[Failure], None], advance: Callable[[int], None]
    ) -> None:
        self._client = client
        self._topic = topic
        self._note = note
        self._advance = advance
        self._summary = Summary()
        self._posts: deque[_Post] = deque()

    def run(self, entries: Iterable[Entry]) -> Summary:
        """Post all of `entries`, unless the gate or the token turns out to be of no use; says what became of them."""
        threads = ThreadPoolExecutor(CONNECTIONS)
        try:
            self._post(entries, threads)
        except KeyboardInterrupt:
            self._stop("interrupted")
        finally:
            threads.shutdown(cancel_futures=self._summary.halt is not None)
            while self._posts:
                self._settle()
        return self._summary

    def _post(self, entries: Iterable[Entry], threads: ThreadPoolExecutor) -> None:
        for entry in entries:
            if self._summary.halt is not None:
                self._posts.append(_Post(entry))
                return
            # Noted before it is handed over: an interrupt in between must not lose sight of it.
            post = _Post(entry)
            self._posts.append(post)
            threads.submit(post.run, self._client, self._topic)
            if len(self._posts) >= _WINDOW:
                self._settle()
        while self._posts and self._summary.halt is None:
            self._settle()

    def _settle(self) -> None:
        """Take the answer of the first event that is without one; after a halt, there may be none."""
        post = self._posts[0]
        if self._summary.halt is not None and not post.answer.done():
            self._posts.popleft()
            self._leave(post.entry)
            return
        try:
            answer = post.answer.result()
        except Unreachable as error:
            self._posts.popleft()
            self._fail(Failure(post.entry, None, ({"type": "unreachable", "message": str(error)},)))
            self._summary.unreachable = True
            self._stop(f"the gate cannot be reached: {error}")
        else:
            self._posts.popleft()
            self._record(post.entry, answer)

    def _record(self, entry: Entry, answer: Answer) -> None:
        self._advance(entry.end)
        if answer.accepted:
            self._summary.accepted += 1
            outcomes = {result.get("outcome") for result in answer.writers.values()}
            self._summary.duplicates += outcomes == {"duplicate"}
            return
        self._fail(Failure(entry, answer.status or None, answer.errors))
        if (reason := _hopeless(answer)) is not None:
            self._stop(reason)

    def _fail(self, failure: Failure) -> None:
        self._summary.failed += 1
        self._note(failure)

    def _stop(self, reason: str) -> None:
        self._summary.halt = self._summary.halt or reason
        self._client.stop()

    def _leave(self, entry: Entry) -> None:
        if self._summary.unsent is None:
            self._summary.unsent = entry.line


def _hopeless(answer: Answer) -> str | None:
    """Why every other event would have the same answer; None if it need not."""
    error = answer.errors[0] if answer.errors else {}
    if answer.status == 401:
        return f"the token is refused: {error.get('reason', 'auth')}: {error.get('message', '')}"
    if answer.status == 404 or (error.get("type") == "answer" and not answer.may_pass):
        return f"nothing more is sent: {error.get('message', 'not found')}"
    return None


def _describe_error(error: Any) -> str:
    place = error.get("pointer")
    where = f"{place or '(the event)'}: " if place is not None else ""
    return f"{where}{error.get('message') or error.get('type') or 'no reason given'}"


def _as_it_is(body: bytes) -> msgspec.Raw | str:
    try:
        msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return body.decode("utf-8", "replace")
    # A raw line break cannot stand inside a JSON string, so nothing of the event changes.
    return msgspec.Raw(body.replace(b"\r", b" ").replace(b"\n", b" "))
