"""The client for programs with an event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Self, TypeVar

from eventgate.client.answers import Answer, BatchAnswer
from eventgate.client.bodies import Event
from eventgate.client.course import Course, Lost, Renew, Result, Retry, Send, Wait
from eventgate.client.posts import Posts, headers
from eventgate.client.reading import Reply
from eventgate.client.tokens import AsyncToken, AsyncTokens
from eventgate.client.transport import Transport

A = TypeVar("A", Answer, BatchAnswer)


class AsyncClient:
    """Posts to the gate at `url`; `Client` says what the arguments mean. For the tasks of one event loop.

    `connections` requests are under way at a time, each in a thread of its own while it lasts; waits between attempts
    hold none. `token` may be a coroutine function. A post that is cancelled gives up at once; what it had sent may
    still arrive, so post it again with the same `key`, or take it for unknown.

    Raises `EventGateError` where an argument cannot be used; `validate` is read when the client is made.
    """

    def __init__(
        self,
        url: str,
        token: AsyncToken,
        *,
        retry: Retry | None = None,
        connections: int = 8,
        connect_seconds: float = 5.0,
        read_seconds: float = 60.0,
        ca_bundle: bool | str = True,
        compress: bool = False,
        validate: str | None = None,
    ) -> None:
        self._tokens = AsyncTokens(token)
        self._transport = Transport(
            url,
            connections=connections,
            connect_seconds=connect_seconds,
            read_seconds=read_seconds,
            ca_bundle=ca_bundle,
        )
        self._posts = Posts(retry or Retry(), compress, validate)
        self._threads = ThreadPoolExecutor(connections, thread_name_prefix="eventgate-client")
        self._stopped = asyncio.Event()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def post(self, topic: str, event: Event, *, key: str | None = None, receipt: str | None = None) -> Answer:
        """As `Client.post`."""
        text, refused = await asyncio.to_thread(self._posts.take, topic, event)
        if refused is not None:
            return refused
        return await self._run(self._posts.one(topic, text, key, receipt))

    async def post_batch(
        self, topic: str, events: Iterable[Event], *, key: str | None = None, receipt: str | None = None
    ) -> BatchAnswer:
        """As `Client.post_batch`."""
        batch = await asyncio.to_thread(self._posts.take_batch, topic, list(events))
        return await self._run(self._posts.batch(topic, batch, key, receipt))

    def stop(self) -> None:
        """Let posts that wait for another attempt give up, with what they know. Requests under way are waited for."""
        self._stopped.set()

    async def close(self) -> None:
        """Break every connection. A post that is under way in another task ends with `Unanswered`, at once."""
        self._stopped.set()
        self._transport.cut()
        await asyncio.to_thread(self._threads.shutdown)
        await asyncio.to_thread(self._posts.close)

    async def _run(self, course: Course[A]) -> A:
        result: Result = None
        token = ""
        while True:
            try:
                step = course.send(result)
            except StopIteration as end:
                answer: A = end.value
                return answer
            if isinstance(step, Send):
                token = await self._tokens.current()
                result = await self._exchange(step, token)
                self._posts.note(result)
            elif isinstance(step, Wait):
                result = await self._wait(step.seconds)
            elif isinstance(step, Renew):
                result = await self._tokens.renew(token)

    async def _exchange(self, step: Send, token: str) -> Reply | Lost:
        outgoing = step.outgoing
        try:
            under_way = asyncio.get_running_loop().run_in_executor(
                self._threads, self._transport.exchange, outgoing.path, headers(step, token), outgoing.body
            )
        except RuntimeError:  # what an executor says that was shut down
            return Lost("the client is closed", reached=False)
        return await under_way

    async def _wait(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                await self._stopped.wait()
        except TimeoutError:
            return False
        return True
