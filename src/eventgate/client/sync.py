"""The client for programs with threads."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from types import TracebackType
from typing import Self, TypeVar

from eventgate.client.answers import Answer, BatchAnswer
from eventgate.client.bodies import Event
from eventgate.client.course import Course, Renew, Result, Retry, Send, Wait
from eventgate.client.posts import Posts, headers
from eventgate.client.tokens import Token, Tokens
from eventgate.client.transport import Transport

A = TypeVar("A", Answer, BatchAnswer)


class Client:
    """Posts to the gate at `url`. Safe to use from any number of threads; `connections` of them post at a time.

    `token` is a text, or a function that gives one: it is asked again when the gate refuses the last (401), once a
    post. `retry` says how long to go on trying. `connect_seconds` bounds the way to the gate, `read_seconds` the wait
    for one answer. `ca_bundle` is whom to trust for https: a file or folder, True for this machine's, False for anyone.
    The proxy is the environment's (`HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`). `compress` presses batches with gzip.
    `validate` is a configuration directory: events that a gate with it would refuse are answered here, in the same
    words, and never sent.

    Raises `EventGateError` where one of these cannot be used. Close it, or use it in a `with` block.
    """

    def __init__(
        self,
        url: str,
        token: Token,
        *,
        retry: Retry | None = None,
        connections: int = 8,
        connect_seconds: float = 5.0,
        read_seconds: float = 60.0,
        ca_bundle: bool | str = True,
        compress: bool = False,
        validate: str | None = None,
    ) -> None:
        self._tokens = Tokens(token)
        self._transport = Transport(
            url,
            connections=connections,
            connect_seconds=connect_seconds,
            read_seconds=read_seconds,
            ca_bundle=ca_bundle,
        )
        self._posts = Posts(retry or Retry(), compress, validate)
        self._stopped = threading.Event()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def post(self, topic: str, event: Event, *, key: str | None = None, receipt: str | None = None) -> Answer:
        """The gate's final answer to an event, after as many attempts as `Retry` allows.

        Every attempt sends the same bytes under the same Idempotency-Key (`key`, else a new UUID, made before the
        first), with the receipt of the last answer (`receipt` at first). Raises `Unanswered` where the last attempt
        had no answer, `EventGateError` for an event that is no JSON, and what the token's function raises.
        """
        text, refused = self._posts.take(topic, event)
        if refused is not None:
            return refused
        return self._run(self._posts.one(topic, text, key, receipt))

    def post_batch(
        self, topic: str, events: Iterable[Event], *, key: str | None = None, receipt: str | None = None
    ) -> BatchAnswer:
        """The gate's final answers to `events`, in one request: one for each, in order. No events are no request.

        As `post`: the same bytes go again while the answer says that some of them may yet be taken. `key` is the
        batch's own; the gate derives from it the ids of events that have none.
        """
        batch = self._posts.take_batch(topic, events)
        return self._run(self._posts.batch(topic, batch, key, receipt))

    def stop(self) -> None:
        """Let posts that wait for another attempt give up, with what they know. Requests under way are waited for."""
        self._stopped.set()

    def close(self) -> None:
        """Break every connection. A post that is under way in another thread ends with `Unanswered`, at once."""
        self._stopped.set()
        self._transport.cut()
        self._posts.close()

    def _run(self, course: Course[A]) -> A:
        result: Result = None
        token = ""
        while True:
            try:
                step = course.send(result)
            except StopIteration as end:
                answer: A = end.value
                return answer
            if isinstance(step, Send):
                token = self._tokens.current()
                result = self._transport.exchange(step.outgoing.path, headers(step, token), step.outgoing.body)
                self._posts.note(result)
            elif isinstance(step, Wait):
                result = self._stopped.wait(step.seconds)
            elif isinstance(step, Renew):
                result = self._tokens.renew(token)
