"""What is read of a gate with GET: its topics, their description, its health, its pages."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import Final

from eventgate.core import responses
from eventgate.core.accept import prefers_html
from eventgate.core.admission import Admission
from eventgate.core.head import Head
from eventgate.core.health import Health
from eventgate.core.instruments import Trail
from eventgate.core.model import Request, Response
from eventgate.core.pages import NEGOTIATED, ROUTES, Pages
from eventgate.core.policy import Policy
from eventgate.errors import RouteNotFound, Unavailable

_OF_TOPICS: Final = frozenset({"topics", "topic", "api"})
"""Routes that tell what the topics are."""
_VARY: Final = (b"vary", b"Accept")


class Reading:
    """Answers GET and HEAD.

    `ready()` gives the reason why no traffic should come, or None. `pages()` loads the pages for people; it is called
    when one is asked for. Unless `public`, the topics and their description are for callers with a token.
    """

    def __init__(
        self,
        *,
        admission: Admission,
        policy: Callable[[], Policy],
        health: Health,
        ready: Callable[[], str | None],
        token_url: str | None = None,
        api_document: bytes | None = None,
        pages: Callable[[], Pages] | None = None,
        public: bool = True,
    ) -> None:
        self._admission = admission
        self._policy = policy
        self._health = health
        self._ready = ready
        self.knows_token_url = token_url is not None
        self._token_url = token_url or ""
        self._api_document = api_document
        self._load_pages = pages
        self._pages: Pages | None = None
        self._public = public
        self._api: tuple[Policy, bytes] | None = None

    async def read(self, request: Request, head: Head, route: str, name: str, trail: Trail) -> Response:
        """The answer at the route called `route`, with the topic or asset `name` in its path; raises `Refusal`."""
        if route == "health":
            report = await self._health.report(inf if request.deadline is None else request.deadline)
            return responses.json_answer(200 if report.failures is None else 503, report)
        if self._is_page(head, route):
            return await self._of_pages().answer(request, head, route, name, trail)
        if not self._public and route in _OF_TOPICS:
            trail.subject = (await self._admission.authenticate(request, head)).subject
        if route == "topic":
            return Response(200, (responses.JSON, _VARY), self._policy().find(name).schema.text)
        if route == "topics":
            return responses.json_answer(200, sorted(self._policy().topics), _VARY)
        if route == "api":
            return Response(200, (responses.YAML,), self._description())
        if route == "token":
            return responses.empty_answer(303, [(b"location", self._token_url.encode())])
        if route == "livez":
            return responses.json_answer(200, {"status": "ok"})
        if (reason := self._ready()) is not None:
            raise Unavailable(reason)
        return responses.json_answer(200, {"status": "ready"})

    def _is_page(self, head: Head, route: str) -> bool:
        return route in ROUTES or (
            route in NEGOTIATED and self._load_pages is not None and prefers_html(head.all(b"accept"))
        )

    def _of_pages(self) -> Pages:
        if self._pages is None:
            if self._load_pages is None:
                raise RouteNotFound
            self._pages = self._load_pages()
        return self._pages

    def _description(self) -> bytes:
        """The OpenAPI document, made once for each policy."""
        if self._api_document is not None:
            return self._api_document
        policy = self._policy()
        if self._api is None or self._api[0] is not policy:
            from eventgate.core.openapi.document import openapi

            document = openapi(
                policy.topics.values(),
                token_url=self._token_url is not None,
                version=policy.version,
                public=self._public,
            )
            self._api = (policy, document)
        return self._api[1]
