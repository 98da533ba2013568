"""The gateway: from a request to its answer, and the only place that turns an error into one."""

from __future__ import annotations

import time
from collections.abc import Callable
from math import inf

from eventgate.core import ids, responses, routes
from eventgate.core.admission import Admission
from eventgate.core.cors import Cors
from eventgate.core.head import Head
from eventgate.core.health import Health
from eventgate.core.instruments import Instruments, Tracing, Trail
from eventgate.core.model import Headers, Request, Response
from eventgate.core.openapi.document import openapi
from eventgate.core.policy import Policy
from eventgate.core.posting import Posting
from eventgate.errors import InternalError, Refusal, RouteNotFound, Unavailable


class Gateway:
    """Answers requests. Holds what is fixed while a configuration is open; the policy is asked for each time.

    `ready()` gives the reason why no traffic should come, or None. `terminate()` marks the gate to be rebuilt.
    """

    def __init__(
        self,
        *,
        admission: Admission,
        posting: Posting,
        policy: Callable[[], Policy],
        health: Health,
        ready: Callable[[], str | None],
        instruments: Instruments,
        tracing: Tracing | None = None,
        token_url: str | None = None,
        api_document: bytes | None = None,
        terminators: frozenset[str] = frozenset(),
        terminate: Callable[[], None] = lambda: None,
        cors: Cors | None = None,
    ) -> None:
        self._admission = admission
        self._posting = posting
        self._policy = policy
        self._health = health
        self._ready = ready
        self._instruments = instruments
        self._tracing = tracing
        self._token_url = token_url
        self._api_document = api_document
        self._terminators = terminators
        self._terminate = terminate
        self._cors = cors
        self._api: tuple[Policy, bytes] | None = None

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
        if request.method == "HEAD":
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
        if route.name == "token" and self._token_url is None:
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
        if route.name == "health":
            report = await self._health.report(inf if request.deadline is None else request.deadline)
            return responses.json_answer(200 if report.failures is None else 503, report)
        return self._read(route.name, topic)

    async def _post(self, request: Request, head: Head, trail: Trail, route: str, topic: str) -> Response:
        if route == "validate":
            return await self._posting.validate(request, head, topic, trail)
        claims = await self._admission.authenticate(request, head)
        trail.subject = claims.subject
        if claims.subject not in self._terminators:
            raise RouteNotFound
        self._terminate()
        return responses.json_answer(202, {"success": True, "statusCode": 202})

    def _read(self, route: str, topic: str) -> Response:
        if route == "topic":
            return self._schema(topic)
        if route == "topics":
            return responses.json_answer(200, sorted(self._policy().topics))
        if route == "api":
            return Response(200, (responses.YAML,), self._description())
        if route == "token":
            return responses.empty_answer(303, [(b"location", (self._token_url or "").encode())])
        if route == "livez":
            return responses.json_answer(200, {"status": "ok"})
        if (reason := self._ready()) is not None:
            raise Unavailable(reason)
        return responses.json_answer(200, {"status": "ready"})

    def _schema(self, topic: str) -> Response:
        return Response(200, (responses.JSON,), self._policy().find(topic).schema.text)

    def _description(self) -> bytes:
        """The OpenAPI document, made once for each policy."""
        if self._api_document is not None:
            return self._api_document
        policy = self._policy()
        if self._api is None or self._api[0] is not policy:
            document = openapi(policy.topics.values(), token_url=self._token_url is not None, version=policy.version)
            self._api = (policy, document)
        return self._api[1]

    @staticmethod
    def knows(path: str) -> bool:
        """Whether any route is at `path`: for hosts that must guess which part of a path is a prefix."""
        return routes.knows(path)


def content_length(headers: Headers, body: bytes) -> Headers:
    """`headers` with the length of `body`, unless they tell one."""
    for name, _ in headers:
        if name == b"content-length":
            return headers
    return [*headers, (b"content-length", str(len(body)).encode())]
