"""Who is answered with a page, and who with JSON."""

from __future__ import annotations

import pytest

from eventgate.core.accept import prefers_html


@pytest.mark.parametrize(
    "accept",
    [
        "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
        "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
        "text/html, application/xhtml+xml, image/jxr, */*",
        "TEXT/HTML",
        "text/*",
        "text/html;charset=utf-8",
        "text/html, */*",
        "text/html;q=0.9, application/json;q=0.8",
        "application/json;q=0, text/html;q=0.001",
        "*/*;q=0.1, text/html; q=0.2",
    ],
)
def test_who_puts_html_first_is_a_browser(accept: str) -> None:
    assert prefers_html([accept.encode()])


@pytest.mark.parametrize(
    "accept",
    [
        "",
        "*/*",
        "application/json",
        "application/json, text/html",
        "text/html;q=0.5, application/json",
        "application/json, text/plain, */*",
        "application/*, text/html;q=0.9",
        "text/html;q=0, */*",
        "text/html;q=nonsense",
        "text/html;q=2",
        "text/html;level=1",
        "text/plain",
        "image/png, image/*;q=0.8",
        "text/html, image/gif, image/jpeg, */*; q=0.2",
        "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2",
        ",;,=,text/",
    ],
)
def test_everyone_else_is_answered_with_json(accept: str) -> None:
    """Programs that name nothing, or HTML after JSON, and Java's `HttpURLConnection` as it is by itself."""
    assert not prefers_html([accept.encode()])


def test_several_fields_are_one_list() -> None:
    """RFC 9110, section 5.3."""
    assert prefers_html([b"application/json;q=0.5", b"text/html"])
    assert not prefers_html([b"text/html;q=0.5", b"application/json"])
    assert not prefers_html([])
