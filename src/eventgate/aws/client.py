"""A client of one AWS service for the event loop: each call in a thread of its own, within its deadline."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import importlib.util
import os
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, TypeVar

from eventgate.aws.faults import AwsFailure, failure
from eventgate.aws.line import Line, LineCut

if TYPE_CHECKING:
    from eventgate.aws.transport import Transport

T = TypeVar("T")
Answer = Mapping[str, Any]

MAX_CALLS: Final = 32
"""Calls under way at once in one client, given-up ones included: who hangs in a name look-up cannot be stopped."""
NEEDS: Final = "needs the package botocore"
HINT: Final = "pip install 'eventgate[aws]'"

_GONE: Final = "no answer before the deadline"
_making = threading.Lock()


def is_installed() -> bool:
    """Whether botocore is there; it is not imported."""
    return importlib.util.find_spec("botocore") is not None


class Client:
    """Calls the operations of one service; makes the underlying client, which takes a while, with its first call.

    Credentials, profile and endpoint are botocore's to find (environment, files, roles). `region`: else `AWS_REGION`,
    else what botocore finds. No call is repeated: whoever calls knows what a second one would do.
    """

    def __init__(
        self,
        service: str,
        *,
        region: str | None = None,
        endpoint_url: str | None = None,
        ca_bundle: bool | str = True,
    ) -> None:
        self._service = service
        self._region = region
        self._endpoint_url = endpoint_url
        self._ca_bundle = ca_bundle
        self._places = threading.BoundedSemaphore(MAX_CALLS)
        self._lines: set[Line] = set()
        self._made: tuple[Any, Transport] | None = None
        self._closed = False

    async def warm(self, seconds: float) -> None:
        """Make the underlying client ahead of the first call, within `seconds`; failures are left to the calls."""
        deadline = asyncio.get_running_loop().time() + seconds
        with contextlib.suppress(AwsFailure):
            await self._run(lambda: self._client() and None, deadline)

    async def call(
        self, operation: str, arguments: Mapping[str, Any], read: Callable[[Answer], T], *, deadline: float
    ) -> T:
        """What `read` makes of the answer to `operation` (as `put_events`); raises `AwsFailure`.

        `deadline` is absolute (`loop.time()`). `read` runs in the call's thread, where it may read a streamed body.
        When time is up or the caller is cancelled the line is cut, and nothing is sent any more.
        """

        def work() -> T:
            return read(getattr(self._client(), operation)(**arguments))

        return await self._run(work, deadline)

    def close(self) -> None:
        """Cut what is under way, and let go of the connections."""
        self._closed = True
        for line in tuple(self._lines):
            line.cut()
        if self._made is not None:
            self._made[1].close()

    async def _run(self, work: Callable[[], T], deadline: float) -> T:
        loop = asyncio.get_running_loop()
        if self._closed:
            raise AwsFailure("the client is closed")
        if deadline <= loop.time():
            raise AwsFailure("no time was left")
        if not self._places.acquire(blocking=False):
            raise AwsFailure("too many earlier calls hang")
        answer: asyncio.Future[T] = loop.create_future()
        line = Line()
        self._lines.add(line)
        threading.Thread(
            target=self._work, args=(work, line, loop, answer), name=f"eventgate-{self._service}", daemon=True
        ).start()
        try:
            async with asyncio.timeout_at(deadline):
                return await answer
        except TimeoutError:
            line.cut()
            raise AwsFailure(_GONE, acted=line.sent) from None
        finally:
            line.cut()
            self._lines.discard(line)

    def _work(
        self, work: Callable[[], T], line: Line, loop: asyncio.AbstractEventLoop, answer: asyncio.Future[T]
    ) -> None:
        try:
            result = self._within(work, line)
        finally:
            self._places.release()
        with contextlib.suppress(RuntimeError):  # the loop was closed meanwhile: nobody waits any more
            loop.call_soon_threadsafe(_settle, answer, result)

    def _within(self, work: Callable[[], T], line: Line) -> T | AwsFailure:
        try:
            from eventgate.aws.transport import current

            current.line = line
            result = work()
        except AwsFailure as error:
            return error
        except LineCut:
            return AwsFailure(_GONE, acted=line.sent)
        except Exception as error:
            return failure(error, sent=line.sent)
        finally:
            line.forget()
        return result

    def _client(self) -> Any:
        with _making:
            if self._made is None:
                self._made = _make(self._service, self._region, self._endpoint_url, self._ca_bundle)
            return self._made[0]


def _settle(answer: asyncio.Future[T], result: T | AwsFailure) -> None:
    if answer.done():
        return
    if isinstance(result, AwsFailure):
        answer.set_exception(result)
    else:
        answer.set_result(result)


@functools.cache
def _session(ca_bundle: bool | str) -> Any:
    """One for the process, as there is one bundle: it remembers the credentials, and fetches them by the bundle too."""
    import botocore.session

    session = botocore.session.Session()
    if ca_bundle is not True:
        session.set_config_variable("ca_bundle", ca_bundle)
    return session


def _make(service: str, region: str | None, endpoint_url: str | None, ca_bundle: bool | str) -> tuple[Any, Transport]:
    from botocore.config import Config

    from eventgate.aws.transport import Transport

    once = Config(retries={"total_max_attempts": 1, "mode": "standard"}, parameter_validation=False)
    client = _session(ca_bundle).create_client(
        service,
        region_name=region or os.environ.get("AWS_REGION") or None,
        endpoint_url=endpoint_url,
        verify=ca_bundle,
        config=once,
    )
    transport = Transport(ca_bundle, MAX_CALLS)
    client.meta.events.register("before-send", transport.send)
    return client, transport
