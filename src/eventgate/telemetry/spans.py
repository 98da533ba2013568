"""Traces: a span for each request and, below it, one for each writer that was asked.

Spans of writers are made where a request ends, from its trail, as its log line is: they cost the request nothing while
it is under way. They are handed to a bounded queue, which a thread empties; what does not fit is dropped.
"""

from __future__ import annotations

import asyncio
import logging
import os
import threading
import time
from collections.abc import Callable, Mapping
from typing import Final

from opentelemetry.context import Context
from opentelemetry.propagate import get_global_textmap
from opentelemetry.propagators.textmap import Getter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, StatusCode, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from eventgate import __version__
from eventgate.core.instruments import Trail
from eventgate.core.model import Headers, Request
from eventgate.telemetry.otlp import Exporter
from eventgate.telemetry.semantics import OTHER, Told, method_of, request_span, write_span

SERVICE: Final = "eventgate"
"""`service.name` where the environment names none."""
CLOSE_SECONDS: Final = 2.0
"""How long the end of a gate waits for the last spans to be taken."""
PAUSE_SECONDS: Final = 30.0
"""For how long nobody waits for a collector that did not take spans in time."""
UNTRACED: Final = frozenset({"/livez", "/readyz"})
"""What load balancers ask every few seconds."""

_KINDS: Final = {
    "server": SpanKind.SERVER,
    "producer": SpanKind.PRODUCER,
    "client": SpanKind.CLIENT,
    "internal": SpanKind.INTERNAL,
}

log = logging.getLogger("eventgate.traces")
# It would log an error for each batch that a collector did not take, beside ours; and of what callers' headers hold.
logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)


class RequestSpan:
    """The span of a request under way, and its place in the trace."""

    __slots__ = ("span", "span_id", "started_at", "trace_id", "traceparent")

    def __init__(self, span: Span, started_at: int) -> None:
        context = span.get_span_context()
        self.span = span
        self.started_at = started_at
        self.trace_id = f"{context.trace_id:032x}"
        self.span_id = f"{context.span_id:016x}"
        self.traceparent = f"00-{self.trace_id}-{self.span_id}-{context.trace_flags:02x}"


class Traces:
    """The traces of a gate: `core.instruments.Tracing`, and an instrument. `close` it in the end.

    `know` tells it of the gate's configuration, again whenever that changed.
    """

    def __init__(self, env: Mapping[str, str]) -> None:
        self._exporter = Exporter()
        self._provider = TracerProvider(resource=_resource(env), shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(self._exporter))
        self._tracer = self._provider.get_tracer("eventgate", __version__)
        self._propagator = get_global_textmap() if env.get("OTEL_PROPAGATORS") else TraceContextTextMapPropagator()
        self._kinds: dict[str, str] = {}
        self._flushing = False
        self._wait_again_at = 0.0

    def know(self, kinds: Mapping[str, str], ca_bundle: bool | str) -> None:
        """Take note of the writers' types, and of what proves servers (`ssl_ca_bundle`)."""
        self._kinds = {**self._kinds, **kinds}
        self._exporter.ca_bundle = ca_bundle

    def start(self, request: Request, trail: Trail) -> None:
        """Begin the span of `request`, in the caller's trace if its headers name one."""
        if request.path in UNTRACED:
            return
        try:
            now = time.time_ns()
            caller = self._propagator.extract(request.headers, Context(), _FIELDS)
            method = method_of(request.method)
            name = "HTTP" if method == OTHER else method
            span = self._tracer.start_span(name, caller, SpanKind.SERVER, start_time=now)
            trail.span = RequestSpan(span, now)
        except Exception:
            log.warning("a request could not be traced", exc_info=True)

    def finished(self, trail: Trail) -> None:
        """End the span of the request and make those of its writers; a request that is not sampled has none."""
        here = trail.span
        if not isinstance(here, RequestSpan) or not here.span.is_recording():
            return
        within = set_span_in_context(here.span, Context())
        for writer, (asked_at, seconds) in trail.spent.items():
            told = write_span(trail, writer, self._kinds.get(writer, ""))
            began = here.started_at + _nanoseconds(asked_at - trail.started)
            child = self._tracer.start_span(told.name, within, _KINDS[told.kind], start_time=began)
            _end(child, told, began + _nanoseconds(seconds))
        told = request_span(trail)
        here.span.update_name(told.name)
        _end(here.span, told, here.started_at + _nanoseconds(trail.seconds))

    async def flush(self, seconds: float) -> None:
        """Have all spans taken by the collector, waiting for it at most `seconds`.

        One that did not take them is not waited for again for `PAUSE_SECONDS`; they stay in the queue.
        """
        if self._flushing or seconds <= 0 or time.monotonic() < self._wait_again_at:
            return
        if not await self._done_within(self._provider.force_flush, seconds) or self._exporter.failing:
            self._wait_again_at = time.monotonic() + PAUSE_SECONDS

    async def close(self) -> None:
        """Hand over the last spans, for `CLOSE_SECONDS`, and end."""
        if not await self._done_within(self._provider.shutdown, CLOSE_SECONDS):
            self._exporter.shutdown()

    async def _done_within(self, work: Callable[[], object], seconds: float) -> bool:
        """Whether `work` came to its end in time; a thread of its own goes on with it otherwise."""
        loop = asyncio.get_running_loop()
        done = asyncio.Event()

        def run() -> None:
            try:
                work()
            finally:
                self._flushing = False
                if not loop.is_closed():
                    loop.call_soon_threadsafe(done.set)

        self._flushing = True
        threading.Thread(target=run, name="eventgate-traces", daemon=True).start()
        try:
            async with asyncio.timeout(seconds):
                await done.wait()
        except TimeoutError:
            return False
        return True


class _Fields(Getter[Headers]):
    """Finds header fields for OpenTelemetry."""

    def get(self, carrier: Headers, key: str) -> list[str] | None:
        wanted = key.lower().encode()
        return [value.decode("latin-1") for name, value in carrier if name == wanted] or None

    def keys(self, carrier: Headers) -> list[str]:
        return [name.decode("latin-1") for name, _ in carrier]


_FIELDS: Final = _Fields()


def _end(span: Span, told: Told, at: int) -> None:
    span.set_attributes(told.attributes)
    if told.error is not None:
        span.set_status(StatusCode.ERROR, told.error)
    span.end(at)


def _nanoseconds(seconds: float) -> int:
    return int(seconds * 1_000_000_000)


def _resource(env: Mapping[str, str]) -> Resource:
    """What the spans come from: as the environment says, else this version of EventGate in this process."""
    own = {"service.version": __version__, "process.pid": str(os.getpid())}
    resource = Resource(dict(own)).merge(Resource.create())
    if resource.attributes.get("service.name", "").startswith("unknown_service"):  # type: ignore[union-attr]
        resource = resource.merge(Resource({"service.name": env.get("AWS_LAMBDA_FUNCTION_NAME") or SERVICE}))
    return resource
