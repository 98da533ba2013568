"""A collector of traces: OTLP over HTTP, read as its protobuf messages say."""

from __future__ import annotations

import gzip
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span as Message

PATIENCE_SECONDS = 60.0
KINDS = {
    Message.SPAN_KIND_INTERNAL: "internal",
    Message.SPAN_KIND_SERVER: "server",
    Message.SPAN_KIND_CLIENT: "client",
    Message.SPAN_KIND_PRODUCER: "producer",
}


@dataclass(frozen=True)
class Span:
    """A span as it arrived; `resource` is what it comes from, times are in nanoseconds."""

    name: str
    kind: str
    trace_id: str
    span_id: str
    parent_id: str
    state: str
    began: int
    ended: int
    attributes: dict[str, str | int]
    failed: bool
    told: str
    resource: dict[str, str | int]

    @property
    def traceparent(self) -> str:
        """What names it to others, if it is sampled."""
        return f"00-{self.trace_id}-{self.span_id}-01"


class Collector:
    """Takes spans and keeps them. `status` is its answer to each; it `hangs` until it is closed, if it is told to.

    Of an `endless` answer the body goes on for as long as it is read; `written` counts its bytes.
    """

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.status = 200
        self.raw = b""
        self.headers: dict[str, str] = {}
        self.asked = threading.Event()
        self.hangs = self.endless = False
        self.written = 0
        self._over = threading.Event()
        self._spans: list[Span] = []
        self._arrival = threading.Condition()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._scheme = "http" if tls is None else "https"
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """Its base address, as `OTEL_EXPORTER_OTLP_ENDPOINT` has it."""
        return f"{self._scheme}://127.0.0.1:{self._server.server_port}"

    def spans(self, count: int) -> list[Span]:
        """What came, when `count` spans have; servers' first, then by their beginning."""
        with self._arrival:
            assert self._arrival.wait_for(lambda: len(self._spans) >= count, PATIENCE_SECONDS), self._spans
            return sorted(self._spans, key=lambda span: (span.kind != "server", span.began))

    def came(self) -> list[Span]:
        """What came until now."""
        with self._arrival:
            return list(self._spans)

    def take(self, path: str, headers: dict[str, str], body: bytes) -> int:
        """Take a request; the status to answer with."""
        self.asked.set()
        if self.hangs:
            self._over.wait(PATIENCE_SECONDS)
        if self.status != 200:
            return self.status
        assert (path, headers["content-type"]) == ("/v1/traces", "application/x-protobuf")
        text = gzip.decompress(body) if headers.get("content-encoding") == "gzip" else body
        with self._arrival:
            self.raw += text
            self.headers = headers
            self._spans += _spans(ExportTraceServiceRequest.FromString(text))
            self._arrival.notify_all()
        return 200

    @property
    def is_over(self) -> bool:
        """Whether nobody is to be kept any longer."""
        return self._over.is_set()

    def let_go(self) -> None:
        """Hang no more."""
        self.hangs = False
        self._over.set()

    def close(self) -> None:
        """Let go of everybody, and end."""
        self.let_go()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@contextmanager
def collector(tls: ssl.SSLContext | None = None) -> Iterator[Collector]:
    """A collector that runs until the block is left."""
    made = Collector(tls)
    try:
        yield made
    finally:
        made.close()


def _handler(taker: Collector) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            self.send_response(taker.take(self.path, headers, body))
            if taker.endless:
                self.end_headers()
                with suppress(OSError):
                    while not taker.is_over:
                        taker.written += self.wfile.write(bytes(65536))
                self.close_connection = True
            else:
                self.send_header("Content-Length", "0")
                self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Keep quiet."""

    return Handler


def _spans(request: ExportTraceServiceRequest) -> Iterator[Span]:
    for group in request.resource_spans:
        resource = _attributes(group.resource.attributes)
        for scope in group.scope_spans:
            for span in scope.spans:
                yield _span(span, resource)


def _span(span: Message, resource: dict[str, str | int]) -> Span:
    return Span(
        span.name,
        KINDS[span.kind],
        span.trace_id.hex(),
        span.span_id.hex(),
        span.parent_span_id.hex(),
        span.trace_state,
        span.start_time_unix_nano,
        span.end_time_unix_nano,
        _attributes(span.attributes),
        span.status.code == 2,
        span.status.message,
        resource,
    )


def _attributes(pairs: object) -> dict[str, str | int]:
    found = {}
    for pair in pairs:  # type: ignore[attr-defined]
        kind = pair.value.WhichOneof("value")
        found[pair.key] = getattr(pair.value, kind)
    return found
