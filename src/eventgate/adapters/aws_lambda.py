"""The gate as an AWS Lambda function: `eventgate.adapters.aws_lambda.handler`.

Nothing runs between invocations: the configuration's sources are looked at before a request, and an answer is given
only when all is done. One event loop and one gate serve an execution environment for as long as it lives.
"""

from __future__ import annotations

import gc
import os

_IN_LAMBDA = "AWS_LAMBDA_RUNTIME_API" in os.environ
if _IN_LAMBDA:
    gc.disable()  # what is imported and opened stays: looking for garbage in it is a tenth of a cold start

import asyncio
import functools
import logging
import sys
import threading
import time
from collections.abc import Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, suppress
from typing import Any, Protocol, TypeVar

from eventgate.adapters.invocations import HttpInvocation, LambdaAnswer, read_invocation
from eventgate.adapters.invocations.fitting import fitting
from eventgate.adapters.refusals import correlated, failed, refused
from eventgate.app import Gate, open_gate
from eventgate.core import responses
from eventgate.core.model import Request, Response
from eventgate.errors import ConfigurationError, InternalError, Misconfigured, Refusal
from eventgate.telemetry.condition import Condition
from eventgate.telemetry.emf import EmbeddedMetrics, embedded_metrics
from eventgate.telemetry.logs import configure_logging
from eventgate.telemetry.requests import RequestLog
from eventgate.telemetry.several import together

log = logging.getLogger("eventgate.lambda")

KEYS_SECONDS = 1.0
"""How long a cold start waits for the first keys: routes that need none must not wait for them long."""
REFRESH_SECONDS = 1.0
"""How long a request waits, at most, for a look at the configuration's sources."""
MARGIN_SECONDS = 0.5
"""What is left of the function's time when the gate's deadline strikes: enough to answer."""
FLUSH_SECONDS = 1.0
"""How long an answer waits, at most, for the collector of traces to take the request's."""
FLUSH_MARGIN_SECONDS = 0.2
"""What is left of the function's time then."""
ASK_SPOOL_EVERY_SECONDS = 60.0
"""How often metrics tell what lies in the spool: it has to be asked, while an answer waits."""
SPOOL_SECONDS = 0.5
"""How long that may take."""
RETRY_SECONDS = 5.0
"""How long a configuration that could not be opened is left alone before it is tried again."""

_Result = TypeVar("_Result")


class Context(Protocol):
    """What the gate asks of Lambda's context object."""

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until Lambda ends the function."""


class Environment:
    """One execution environment: its event loop, its gate, and why there is none if it would not open."""

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        self._environ = environ
        self._loop = asyncio.new_event_loop()
        self._turn = threading.Lock()
        self._resources = AsyncExitStack()
        self._gate: Gate | None = None
        self._metrics = _metrics(environ)
        self._instruments = together(RequestLog(), self._metrics)
        self._failure: Refusal | None = None
        self._retry_at = self._ask_spool_at = float("-inf")
        self._reported: set[str] = set()

    def answer(self, invocation: object, context: Context | None) -> LambdaAnswer:
        """The answer to one invocation, in the form that its service reads. Raises nothing."""
        http = read_invocation(invocation)
        response = fitting(http, self.run(self._measured(http, context)))
        # The services count the body themselves; without one, for HEAD, some would send what is counted here as well.
        headers = [field for field in response.headers if field[0] != b"content-length"]
        body = b"" if http.method == "HEAD" else response.body
        return http.answer(Response(response.status, headers, body))

    def warm(self) -> None:
        """Open the gate ahead of the first request."""
        self.run(self.open())

    def close(self) -> None:
        """Close the gate and the loop. Lambda never does this; a program that makes an environment does."""
        self.run(self._resources.aclose())
        self._loop.close()

    def run(self, work: Coroutine[Any, Any, _Result]) -> _Result:
        """Run `work` as a task, which has a copy of the context to itself: nothing is carried to the next run.

        A notebook has a running loop in the calling thread, and one thread cannot run two: then it is another thread's.
        """
        with self._turn:
            if not _loop_is_running():
                return self._loop.run_until_complete(work)
            with ThreadPoolExecutor(1) as thread:
                return thread.submit(self._loop.run_until_complete, work).result()

    async def _measured(self, http: HttpInvocation, context: Context | None) -> Response:
        response = await self._respond(http, context)
        try:
            await self._tell(context)
        except Exception:
            log.exception("metrics or traces could not be written")
        return response

    async def _tell(self, context: Context | None) -> None:
        """Hand over what was measured, before the environment is frozen."""
        if self._metrics is not None:
            self._metrics.write(None if self._gate is None else await self._condition(self._gate, context))
        if self._gate is not None:
            left = _remaining(context)
            await self._gate.flush(FLUSH_SECONDS if left is None else min(FLUSH_SECONDS, left - FLUSH_MARGIN_SECONDS))

    async def _condition(self, gate: Gate, context: Context | None) -> Condition:
        """How the gate is: with its spool now and then, if it tells in time."""
        left = _remaining(context)
        now = time.monotonic()
        if now >= self._ask_spool_at and (left is None or left > SPOOL_SECONDS + MARGIN_SECONDS):
            self._ask_spool_at = now + ASK_SPOOL_EVERY_SECONDS
            with suppress(TimeoutError):
                async with asyncio.timeout(SPOOL_SECONDS):
                    return await gate.condition()
        return await gate.condition(ask_spool=False)

    async def _respond(self, http: HttpInvocation, context: Context | None) -> Response:
        try:
            deadline = _deadline(context, self._loop.time())
            gate = await self.open()
            if gate is None:
                return self._without_gate(http)
            await gate.refresh_if_due(REFRESH_SECONDS)
            path = next((path for path in http.paths if gate.gateway.knows(path)), http.paths[0])
            request = Request(
                http.method, path, http.headers, http.body, http.request_id, deadline, http.outer_path or path
            )
            return await gate.handle(request)
        except Exception as defect:
            return failed(defect, self._instruments, http.headers, method=http.method, request_id=http.request_id)

    async def open(self) -> Gate | None:
        """The gate; None while it cannot be opened. A configuration that was mended heals a warm environment."""
        if self._gate is None and time.monotonic() >= self._retry_at:
            configure_logging(self._environ.get("LOG_LEVEL", "INFO"), sys.stdout)
            conf = self._environ.get("CONF_DIR", "conf")
            opening = open_gate(
                conf,
                background=False,
                env=self._environ,
                default_sqlite=False,
                keys_seconds=KEYS_SECONDS,
                instruments=self._metrics,
            )
            try:
                self._gate = await self._resources.enter_async_context(opening)
            except ConfigurationError as error:
                self._failure = Misconfigured("the configuration is broken; the function's log lists what is wrong")
                self._report(error)
            except Exception:
                self._failure = InternalError()
                log.exception("the gate could not be opened")
            self._retry_at = time.monotonic() + RETRY_SECONDS
        return self._gate

    def _report(self, error: ConfigurationError) -> None:
        """Log each finding once in an environment, however often the configuration is tried again."""
        for finding in error.findings:
            if str(finding) not in self._reported:
                self._reported.add(str(finding))
                log.error("%s", finding)

    def _without_gate(self, http: HttpInvocation) -> Response:
        if http.method in ("GET", "HEAD") and "/livez" in http.paths:
            return correlated(responses.json_answer(200, {"status": "ok"}), http.headers, http.request_id)
        refusal = self._failure or InternalError()
        return refused(refusal, self._instruments, http.headers, method=http.method, request_id=http.request_id)


def handler(invocation: object, context: Context | None = None) -> LambdaAnswer:
    """Answer an API Gateway, function URL or load balancer invocation; reads the configuration at `CONF_DIR`."""
    return environment().answer(invocation, context)


@functools.cache
def environment() -> Environment:
    """The one of this process."""
    return Environment()


def _deadline(context: Context | None, now: float) -> float | None:
    """When an answer must be on its way (`loop.time()` seconds); None where nothing tells the remaining time."""
    left = _remaining(context)
    return None if left is None else now + left - MARGIN_SECONDS


def _remaining(context: Context | None) -> float | None:
    """Seconds until Lambda ends the function; None where nothing tells."""
    remaining = getattr(context, "get_remaining_time_in_millis", None)
    return None if remaining is None else remaining() / 1000


def _metrics(environ: Mapping[str, str]) -> EmbeddedMetrics | None:
    try:
        return embedded_metrics(environ, sys.stdout)
    except ValueError as error:
        log.warning("%s", error)
        return None


def _loop_is_running() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


if _IN_LAMBDA:
    try:
        # Lambda gives a function more of a processor while it starts than it may have for its first request.
        environment().warm()
    finally:
        gc.freeze()
        gc.enable()
