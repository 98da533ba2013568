"""Faults on the way to an address: TLS, broken answers, and their texts, which name no address."""

from __future__ import annotations

import http.client
import inspect
import socket
import ssl
from pathlib import Path

import pytest
import urllib3.exceptions

from eventgate.config.https import faults
from eventgate.config.https.fetch import fetch
from eventgate.config.https.proxied import explain
from eventgate.errors import SourceError
from tests.config.servers import Script, answering, certificate, sending, serving

PATIENCE = 20.0


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)


async def get(url: str, seconds: float = PATIENCE, max_bytes: int = 1000, ca_bundle: bool | str = True) -> bytes:
    return await fetch(url, timeout=seconds, max_bytes=max_bytes, ca_bundle=ca_bundle)


async def fault(url: str, seconds: float = PATIENCE, max_bytes: int = 1000, ca_bundle: bool | str = True) -> str:
    with pytest.raises(SourceError) as error:
        await get(url, seconds, max_bytes, ca_bundle)
    text = str(error.value)
    assert "127.0.0.1" not in text
    assert "example" not in text
    return text


@pytest.mark.parametrize(
    ("script", "text"),
    [
        (sending(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx"), "the answer is no HTTP, or breaks off"),
        (sending(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz"), "the answer is no HTTP, or breaks off"),
        (sending(b"SSH-2.0-server\r\n"), "the answer is no HTTP, or breaks off"),
        (sending(b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 200 + b"\r\n"), "the answer is no HTTP, or breaks off"),
        (sending(b"HTTP/1.1 200 OK\r\na: " + b"b" * 70_000), "the answer is no HTTP, or breaks off"),
        (sending(b""), "the answer is no HTTP, or breaks off"),
        (answering("200 OK", b"no gzip", "Content-Encoding: gzip"), "the answer cannot be decompressed"),
        (answering("200 OK", b"body", "Content-Encoding: br"), "the answer cannot be decompressed"),
    ],
)
async def test_a_broken_answer_is_an_error(script: Script, text: str) -> None:
    with serving(script) as server:
        assert await fault(server.url()) == text


async def test_a_closed_port_refuses() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        assert await fault(f"http://127.0.0.1:{bound.getsockname()[1]}/") == "refused the connection"


async def test_a_redirect_from_https_to_http_is_refused(tmp_path: Path) -> None:
    tls, bundle = certificate(tmp_path, "127.0.0.1")
    with (
        serving(answering(body=b"body")) as plain,
        serving(answering("302 Found", b"", f"Location: {plain.url()}"), tls) as secured,
    ):
        assert await fault(secured.url(), ca_bundle=bundle) == "redirects from https to http"
    assert plain.heads == []


async def test_certificates_are_verified_unless_told_otherwise(tmp_path: Path) -> None:
    tls, bundle = certificate(tmp_path, "127.0.0.1")
    with serving(answering(body=b"body"), tls) as server:
        assert await fault(server.url()) == "TLS certificate cannot be verified"
        assert await get(server.url(), ca_bundle=bundle) == b"body"
        assert await get(server.url(), ca_bundle=False) == b"body"


async def test_a_certificate_for_another_host_is_refused(tmp_path: Path) -> None:
    tls, bundle = certificate(tmp_path, "elsewhere.example")
    with serving(answering(body=b"body"), tls) as server:
        assert await fault(server.url(), ca_bundle=bundle) == "TLS certificate cannot be verified"


async def test_a_server_that_speaks_no_tls_is_an_error() -> None:
    with serving(sending(b"HTTP/1.1 400 Bad Request\r\n\r\n"), read_first=False) as server:
        assert await fault(server.url().replace("http:", "https:")) == "TLS fails"


async def test_a_ca_bundle_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_bytes(b"")
    for bundle in (tmp_path / "absent.pem", tmp_path / "empty.pem"):
        assert await fault("https://127.0.0.1:1/", ca_bundle=str(bundle)) == "the CA bundle cannot be read"


def test_every_error_of_urllib3_has_a_text() -> None:
    for _, kind in inspect.getmembers(urllib3.exceptions, inspect.isclass):
        if issubclass(kind, urllib3.exceptions.HTTPError):
            assert not str(explain(kind.__new__(kind))).startswith("failed with")


def test_every_error_of_the_standard_library_has_a_text() -> None:
    for _, kind in inspect.getmembers(http.client, inspect.isclass):
        if issubclass(kind, http.client.HTTPException):
            assert not str(faults.explain(kind.__new__(kind))).startswith("failed with")
    for error in (OSError(), ssl.SSLError(), UnicodeError(), socket.gaierror(), TimeoutError()):
        assert not str(faults.explain(error)).startswith("failed with")
    assert str(faults.explain(KeyError("secret"))) == "failed with KeyError"


def test_the_exact_cause_is_told_whatever_wraps_it() -> None:
    outer = urllib3.exceptions.ProtocolError("aborted", ConnectionRefusedError())
    assert str(explain(outer)) == "refused the connection"
    by_proxy = urllib3.exceptions.ProxyError("proxy", socket.gaierror())
    assert str(explain(by_proxy)) == "proxy: name cannot be resolved"
    assert str(explain(KeyError("secret"))) == "failed with KeyError"


def test_an_error_that_wraps_itself_is_explained_as_well() -> None:
    error = OSError()
    error.__cause__ = error
    assert str(explain(error)) == "cannot be reached"
