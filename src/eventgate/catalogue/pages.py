"""The pages by their routes: who may see them, and what they say where there is nothing to see."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from urllib.parse import quote

from eventgate.catalogue import assets, docs, listing, topic
from eventgate.catalogue.examples.shelf import Shelf
from eventgate.catalogue.layout import Frame, page, token_field
from eventgate.catalogue.markup import tag
from eventgate.config.settings import Settings
from eventgate.core.head import Head
from eventgate.core.instruments import Trail
from eventgate.core.model import Claims, Request, Response
from eventgate.core.policy import Policy
from eventgate.errors import Refusal, Unauthenticated

_ROOTS = {"catalogue": "./", "topics": "./", "docs": "./", "topic": "../"}
"""How the gate's own address is reached from each page; see `Frame`."""
_KEPT = 32
"""Pages of topics that are kept until the policy changes."""

Authenticate = Callable[[Request, Head], Awaitable[Claims]]


class CataloguePages:
    """Answers browsers.

    `authenticate` raises `Unauthenticated` or `Unavailable`; unless the catalogue is public it is asked first.
    """

    def __init__(self, policy: Callable[[], Policy], authenticate: Authenticate, settings: Settings) -> None:
        self._policy = policy
        self._authenticate = authenticate
        self._public = settings.catalogue.public
        self._token_url = settings.token_provider_url is not None
        self._shelf = Shelf(settings.limits.max_depth)
        self._kept: tuple[Policy | None, dict[tuple[str, str], Response]] = (None, {})

    async def answer(self, request: Request, head: Head, route: str, name: str, trail: Trail) -> Response:
        """The answer at `route`; raises `RouteNotFound` for an asset that there is none of."""
        if route == "asset":
            return assets.answer(name, head, request.headers)
        if route == "example":
            if not self._public:
                trail.subject = (await self._authenticate(request, head)).subject
            return await self._shelf.answer(self._policy().find(name))
        if route == "catalogue" and (moved := _with_slash(request.outer_path)) is not None:
            return moved
        frame = Frame(_ROOTS[route], self._token_url, self._policy().version, self._public)
        try:
            if not self._public:
                trail.subject = (await self._authenticate(request, head)).subject
            return await self._page(route, name, frame)
        except Unauthenticated as refusal:
            trail.problems = refusal.problems
            return docs.page_of(frame, refusal) if route == "docs" else _locked(refusal, frame)
        except Refusal as refusal:
            trail.problems = refusal.problems
            return _told(refusal, frame)

    async def _page(self, route: str, name: str, frame: Frame) -> Response:
        """The page itself, made once for each policy."""
        policy = self._policy()
        if self._kept[0] is not policy:
            self._kept = (policy, {})
        kept = self._kept[1]
        if (route, name) not in kept:
            made = await self._make(route, name, frame, policy)
            if len(kept) >= _KEPT:
                kept.clear()
            kept[route, name] = made
        return kept[route, name]

    async def _make(self, route: str, name: str, frame: Frame, policy: Policy) -> Response:
        if route == "topic":
            found = policy.find(name)
            return topic.page_of(found, frame, await self._shelf.of(found))
        return docs.page_of(frame) if route == "docs" else listing.page_of(policy, frame)


def _with_slash(path: str | None) -> Response | None:
    """A redirect where the catalogue was asked for as `/prod`: relative addresses on it would miss the prefix."""
    if path is None or path.endswith("/"):
        return None
    last = path.rpartition("/")[2]
    return Response(308, ((b"location", f"./{quote(last, safe='')}/".encode()),), b"")


def _locked(refusal: Unauthenticated, frame: Frame) -> Response:
    """Asks for a token; the page's script then asks again with it, and puts what it gets in place of this."""
    said = None if refusal.reason == "missing" else str(refusal)
    source = tag("a", "Get a token", href=f"{frame.root}token", target="_blank", rel="noopener")
    content = tag(
        "section",
        tag("h1", "This catalogue asks for a token"),
        tag("p", "Paste one that this gate accepts. It stays in this tab and is sent to this gate only."),
        tag(
            "form",
            tag("label", "Token", for_="unlock-field"),
            token_field("unlock-field"),
            tag("p", said, id="unlock-state", class_="note bad", role="status"),
            tag(
                "div",
                tag("button", "Open", type="submit", class_="primary"),
                source if frame.token_url else None,
                class_="actions",
            ),
            id="unlock",
        ),
        tag("noscript", tag("p", "This page needs JavaScript to hand on a token.")),
        class_="narrow",
    )
    return page(frame, "A token, please", content, status=401, headers=refusal.headers)


def _told(refusal: Refusal, frame: Frame) -> Response:
    """A refusal for people."""
    phrase = HTTPStatus(refusal.status).phrase
    content = tag(
        "section",
        tag("h1", phrase),
        *(tag("p", problem.message) for problem in refusal.problems),
        tag("p", tag("a", "All topics", href=frame.root)),
        class_="narrow",
    )
    return page(frame, phrase, content, status=refusal.status, headers=refusal.headers)
