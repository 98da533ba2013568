"""The page at /docs: the gate's description in a viewer that others make, from which requests can be sent."""

from __future__ import annotations

from typing import Final

from eventgate.catalogue.layout import Frame, page
from eventgate.catalogue.markup import tag
from eventgate.core.model import Response
from eventgate.errors import Unauthenticated

_CSP: Final = (
    b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    b"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""As for the other pages, with the pictures in the viewer's own style, and without a wall around its own markup."""


def page_of(frame: Frame, refusal: Unauthenticated | None = None) -> Response:
    """The page. It holds nothing of the topics: its script asks for them, with the token if there is one.

    `refusal` says why the caller may not see them yet: the page is the same, and asks for a token.
    """
    root = frame.root
    content = (
        tag("h1", "API", class_="unseen"),
        tag("p", "Reading the description…", id="docs-state", class_="note", role="status"),
        tag("noscript", tag("p", "This page needs JavaScript. The description is at ", tag("a", "api", href="api"))),
        tag("div", id="docs"),
        tag("script", src=f"{root}assets/swagger-ui-bundle.js"),
    )
    return page(
        frame,
        "API",
        *content,
        status=200 if refusal is None else 401,
        current="docs",
        scripts=("docs.js",),
        headers=() if refusal is None else refusal.headers,
        sheets=("swagger-ui.css", "docs.css"),
        csp=_CSP,
    )
