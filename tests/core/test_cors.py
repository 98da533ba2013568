"""Cross-origin requests."""

from __future__ import annotations

from eventgate.core.cors import Cors
from eventgate.core.head import Head

PREFLIGHT = [(b"origin", b"https://a.example"), (b"access-control-request-method", b"POST")]


def test_only_a_configured_origin_is_let_in() -> None:
    cors = Cors(("https://a.example",))
    assert (b"access-control-allow-origin", b"https://a.example") in cors.headers(b"https://a.example")
    assert cors.headers(b"https://b.example") == [(b"vary", b"Origin")]
    assert cors.headers(None) == [(b"vary", b"Origin")]


def test_a_star_lets_any_origin_in() -> None:
    assert (b"access-control-allow-origin", b"*") in Cors(("*",)).headers(b"https://b.example")


def test_a_preflight_is_answered_with_the_methods_of_the_path() -> None:
    cors = Cors(("https://a.example",))
    answer = cors.preflight(Head(PREFLIGHT), "GET, POST")
    assert answer is not None
    assert (b"access-control-allow-methods", b"GET, POST") in answer
    assert cors.preflight(Head(PREFLIGHT[:1]), "GET") is None
    assert Cors(("https://b.example",)).preflight(Head(PREFLIGHT), "GET") is None


def test_a_page_may_send_what_the_gate_reads() -> None:
    answer = Cors(("*",)).preflight(Head(PREFLIGHT), "POST")
    assert answer is not None
    allowed = dict(answer)[b"access-control-allow-headers"].split(b", ")
    for name in (b"authorization", b"content-type", b"content-encoding", b"ce-id", b"eventgate-receipt"):
        assert name in allowed
    assert b"origin" not in allowed
