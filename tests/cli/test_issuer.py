"""The development token issuer, asked over HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import jwt
import pytest
import urllib3

from eventgate.core.auth.keys import parse_keys
from eventgate.core.auth.rules import AuthRules
from eventgate.core.auth.tokens import TokenVerifier
from eventgate.dev.issuer import Issuer
from eventgate.dev.keys import ensure_key
from eventgate.errors import EventGateError


@pytest.fixture
def issuer(tmp_path: Path) -> Iterator[Issuer]:
    """An issuer on a free port."""
    running = Issuer(ensure_key(tmp_path), 0)
    yield running
    running.close()


def ask(method: str, url: str, **headers: str) -> urllib3.BaseHTTPResponse:
    with urllib3.PoolManager() as pool:
        return pool.request(method, url, headers=headers)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_token_is_good_by_the_keys_at_its_side(issuer: Issuer, method: str) -> None:
    """Judged by the gate's own code."""
    token = ask(method, f"{issuer.url}/token?sub=Eva%20%C5%A0").data.decode().strip()
    keys = parse_keys(ask("GET", f"{issuer.url}/keys").data)
    issued = jwt.decode(token, options={"verify_signature": False})["iat"]
    claims = TokenVerifier(AuthRules(), keys).verify(token, issued)
    assert (claims.subject, claims.expires_at) == ("Eva Š", issued + 3600)


def test_a_token_lives_as_long_as_asked(issuer: Issuer) -> None:
    token = ask("GET", f"{issuer.url}/token?sub=a&ttl=60").data.decode().strip()
    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims["exp"] - claims["iat"] == 60


def test_programs_get_the_form_of_oauth(issuer: Issuer) -> None:
    answer = json.loads(ask("GET", f"{issuer.url}/token?sub=a", Accept="application/json").data)
    assert answer["token_type"] == "Bearer"
    assert answer["expires_in"] == 3600
    assert answer["access_token"].count(".") == 2


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/token", 400),
        ("/token?sub=", 400),
        ("/token?sub=a&ttl=0", 400),
        ("/token?sub=a&ttl=86401", 400),
        ("/token?sub=a&ttl=long", 400),
        ("/", 404),
        ("/.dev/private.pem", 404),
    ],
)
def test_what_makes_no_sense_is_refused(issuer: Issuer, path: str, status: int) -> None:
    answer = ask("GET", issuer.url + path)
    assert answer.status == status
    assert b"." not in answer.data or b"PRIVATE" not in answer.data


@pytest.mark.parametrize("path", ["/token?sub=a", "/keys"])
def test_every_answer_warns(issuer: Issuer, path: str) -> None:
    assert "FOR DEVELOPMENT ONLY" in ask("GET", issuer.url + path).headers["X-Warning"]


def test_a_page_of_the_web_gets_no_token(issuer: Issuer) -> None:
    """A host name of its own that resolves to 127.0.0.1 does not help it."""
    answer = ask("GET", f"{issuer.url}/token?sub=a", Host="evil.example")
    assert answer.status == 403
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::"])
def test_it_listens_on_loopback_only(tmp_path: Path, host: str) -> None:
    with pytest.raises(EventGateError, match="loopback"):
        Issuer(ensure_key(tmp_path), 0, host)


def test_a_taken_port_is_an_error(issuer: Issuer, tmp_path: Path) -> None:
    with pytest.raises(OSError, match="in use"):
        Issuer(ensure_key(tmp_path), int(issuer.url.rpartition(":")[2]))
