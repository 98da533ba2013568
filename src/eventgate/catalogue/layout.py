"""What all pages share: head, header, footer, and the headers that keep a page to what comes from its gate."""

from __future__ import annotations

from typing import Final

import msgspec

from eventgate import __version__
from eventgate.catalogue.markup import Child, Markup, tag
from eventgate.core.model import Headers, Response

HTML: Final = (b"content-type", b"text/html; charset=utf-8")
CSP: Final = (
    b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    b"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    b"require-trusted-types-for 'script'; trusted-types 'none'"
)
"""Content-Security-Policy: nothing inline, nothing from elsewhere, no text that becomes script or markup."""
SECURITY: Final[Headers] = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
)


class Frame(msgspec.Struct, frozen=True):
    """What surrounds a page's content.

    `root` leads from the page's address to the gate's, relative: `./` or `../`; nothing else works behind a prefix
    that only the outside knows. `token_url`: whether `GET /token` leads anywhere. `version` is the policy's.
    `public`: whether anyone may see the page; others are not kept anywhere.
    """

    root: str
    token_url: bool
    version: str
    public: bool = True


def page(
    frame: Frame,
    title: str,
    *content: Child,
    status: int = 200,
    current: str = "",
    scripts: tuple[str, ...] = (),
    headers: Headers = (),
    sheets: tuple[str, ...] = (),
    csp: bytes = CSP,
) -> Response:
    """A whole page with `content` as its main part. `current` is the entry of the navigation that it belongs to.

    `scripts` and `sheets` are assets to load beside those that all pages have; `csp` is what the page may do.
    """
    root = frame.root
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", title if title == "EventGate" else f"{title} · EventGate"),
        tag("link", rel="icon", type="image/svg+xml", href=f"{root}assets/icon.svg"),
        *(tag("link", rel="stylesheet", href=f"{root}assets/{name}") for name in ("catalogue.css", *sheets)),
        *(tag("script", type="module", src=f"{root}assets/{name}") for name in ("catalogue.js", *scripts)),
    )
    body = tag(
        "body",
        tag("a", "Skip to content", class_="skip", href="#main"),
        _header(frame, current),
        tag("main", *content, id="main", tabindex=-1),
        _footer(frame),
        _token_dialog(frame),
        data_root=root,
    )
    text = "<!doctype html>\n" + tag("html", head, body, lang="en")
    cache = b"no-cache" if frame.public and status == 200 else b"no-store"
    own = (HTML, (b"cache-control", cache), (b"vary", b"Accept"), (b"content-security-policy", csp), *SECURITY)
    return Response(status, (*own, *headers), text.encode("utf-8", "replace"))


def _header(frame: Frame, current: str) -> Markup:
    entries = (("topics", "Topics", frame.root), ("docs", "API", f"{frame.root}docs"))
    links = [
        tag("a", text, href=href, aria_current="page" if name == current else None) for name, text, href in entries
    ]
    return tag(
        "header",
        tag("a", "EventGate", class_="brand", href=frame.root),
        tag("nav", *links, aria_label="Pages"),
        tag("a", tag("span", "…", class_="state"), id="health", class_="health", href=f"{frame.root}health"),
        tag("button", "Token", type="button", id="token-button", class_="quiet", aria_haspopup="dialog"),
    )


def _footer(frame: Frame) -> Markup:
    return tag(
        "footer",
        tag("span", f"EventGate {__version__}"),
        tag("span", "policy ", tag("code", frame.version)),
        tag("a", "OpenAPI", href=f"{frame.root}api"),
    )


def _token_dialog(frame: Frame) -> Markup:
    source = tag("a", "Get a token", href=f"{frame.root}token", target="_blank", rel="noopener")
    return tag(
        "dialog",
        tag(
            "form",
            tag("h2", "Your token", id="token-title"),
            tag(
                "p",
                "Posting and checking need a token. It stays in this tab, is sent to this gate only, and is gone "
                "when you close the tab.",
            ),
            tag("label", "Token", for_="token-field"),
            token_field("token-field"),
            tag("p", id="token-state", class_="note", role="status"),
            tag(
                "div",
                tag("button", "Use it", type="submit", class_="primary"),
                tag("button", "Forget it", type="button", id="token-forget"),
                tag("button", "Close", type="button", id="token-close"),
                source if frame.token_url else None,
                class_="actions",
            ),
            id="token-form",
        ),
        id="token-dialog",
        aria_labelledby="token-title",
    )


def token_field(name: str) -> Markup:
    """A field to paste a token into."""
    return tag("textarea", id=name, rows=4, spellcheck="false", autocomplete="off", autocapitalize="off", required=True)
