"""The gateway: from a request to its answer, and the only place that turns an error into one."""

from __future__ import annotations

import time
from collections.abc import Callable

from eventgate.core import ids, responses, routes
from eventgate.core.admission import Admission
from eventgate.core.cors import Cors
from eventgate.core.head import Head
from eventgate.core.instruments import Instruments, Tracing, Trail
from eventgate.core.model import Headers, Request, Response
from eventgate.core.posting import Posting
from eventgate.core.reading import Reading
from eventgate.errors import InternalError, Refusal, RouteNotFound


class Gateway:
    """Answers requests. Holds what is fixed while a configuration is open.

    `terminate()` marks the gate to be rebuilt, for the subjects `terminators`; without any there is no such route.
    """

    def __init__(
        self,
        *,
        admission: Admission,
        posting: Posting,
        reading: Reading,
        instruments: Instruments,
        tracing: Tracing | None = None,
        terminators: frozenset[str] = frozenset(),
        terminate: Callable[[], None] = lambda: None,
        cors: Cors | None = None,
    ) -> None:
        self._admission = admission
        self._posting = posting
        self._reading = reading
        self._instruments = instruments
        self._tracing = tracing
        self._terminators = terminators
        self._terminate = terminate
        self._cors = cors

    @property
    def in_flight(self) -> int:
        """How many events are under way."""
        return self._posting.in_flight

    async def handle(self, request: Request) -> Response:
        """The answer to `request`; never raises. Cancelling is the host's right."""
        started = time.perf_counter()
        head = Head(request.headers)
        correlation = ids.correlation_id(
            head.first(b"x-correlation-id"),
            head.first(b"x-request-id"),
            None if request.request_id is None else request.request_id.encode(),
        )
        trail = Trail(request.method, "", correlation, started=started)
        if self._tracing is not None:
            self._tracing.start(request, trail)
        try:
            response = await self._route(request, head, trail)
        except Refusal as refusal:
            response = self._refuse(refusal, trail)
        except Exception as defect:
            trail.defect = defect
            response = self._refuse(InternalError(), trail)
        headers: list[tuple[bytes, bytes]] = [*response.headers, (b"x-correlation-id", correlation.encode())]
        if self._cors is not None:
            headers += self._cors.headers(head.first(b"origin"))
        body = response.body
        if request.method == "HEAD" and response.status != 304:
            headers.append((b"content-length", str(len(body)).encode()))
            body = b""
        trail.status = response.status
        trail.seconds = time.perf_counter() - started
        self._instruments.finished(trail)
        return Response(response.status, headers, body)

    @staticmethod
    def _refuse(refusal: Refusal, trail: Trail) -> Response:
        trail.problems = refusal.problems
        return responses.refused(refusal)

    async def _route(self, request: Request, head: Head, trail: Trail) -> Response:
        route, topic = routes.find(request.path)
        trail.route = route.template
        if route.name == "token" and not self._reading.knows_token_url:
            raise RouteNotFound
        if route.name == "terminate" and not self._terminators:
            raise RouteNotFound
        if self._cors is not None and request.method == "OPTIONS":
            allowed = self._cors.preflight(head, route.allow)
            if allowed is not None:
                return responses.empty_answer(204, allowed)
        routes.check_method(route, request.method)
        head.check_size()
        if request.method == "POST":
            if route.name == "topic":
                return await self._posting.post(request, head, topic, trail)
            return await self._post(request, head, trail, route.name, topic)
        return await self._reading.read(request, head, route.name, topic, trail)

    async def _post(self, request: Request, head: Head, trail: Trail, route: str, topic: str) -> Response:
        if route == "validate":
            return await self._posting.validate(request, head, topic, trail)
        claims = await self._admission.authenticate(request, head)
        trail.subject = claims.subject
        if claims.subject not in self._terminators:
            raise RouteNotFound
        self._terminate()
        return responses.json_answer(202, {"success": True, "statusCode": 202})

    @staticmethod
    def knows(path: str) -> bool:
        """Whether any route is at `path`: for hosts that must guess which part of a path is a prefix."""
        return routes.knows(path)


def content_length(response: Response) -> Headers:
    """The headers of `response` with the length of its body, unless they tell one or it is a 304, which has none."""
    for name, _ in response.headers:
        if name == b"content-length":
            return response.headers
    if response.status == 304:
        return response.headers
    return [*response.headers, (b"content-length", str(len(response.body)).encode())]
