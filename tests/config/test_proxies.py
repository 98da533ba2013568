"""Proxies of the environment: which requests go through them, and what happens if they fail."""

from __future__ import annotations

import base64
import socket
import threading
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from eventgate.config.https.fetch import fetch
from eventgate.config.https.proxies import Proxy, proxy_for
from eventgate.errors import SourceError
from tests.config.servers import answering, certificate, serving

PATIENCE = 20.0


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)


async def get(url: str, ca_bundle: bool | str = True) -> bytes:
    return await fetch(url, timeout=PATIENCE, max_bytes=1000, ca_bundle=ca_bundle)


async def test_http_goes_through_the_proxy_with_its_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(answering(body=b"by proxy")) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url().replace("//", "//us%40er:pa%3Ass@"))
        assert await get("http://keys.example/a") == b"by proxy"
    assert proxy.heads[0].startswith(b"GET http://keys.example/a HTTP/1.1\r\n")
    assert base64.b64encode(b"us@er:pa:ss") in proxy.heads[0]


async def test_https_goes_through_a_tunnel(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    tls, bundle = certificate(tmp_path, "keys.example")
    with serving(answering(body=b"by tunnel"), tls) as target:

        def tunnel(connection: socket.socket, head: bytes) -> None:
            assert head.startswith(b"CONNECT keys.example:443 ")
            with socket.create_connection(("127.0.0.1", target.port)) as onward:
                connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                back = threading.Thread(target=pump, args=(onward, connection), daemon=True)
                back.start()
                pump(connection, onward)
                back.join(PATIENCE)

        with serving(tunnel) as proxy:
            monkeypatch.setenv("HTTPS_PROXY", f"127.0.0.1:{proxy.port}")
            assert await get("https://keys.example/", bundle) == b"by tunnel"


def pump(source: socket.socket, target: socket.socket) -> None:
    try:
        while octets := source.recv(4096):
            target.sendall(octets)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass


async def test_a_proxy_that_refuses_is_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(answering("403 Forbidden")) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url())
        with pytest.raises(SourceError, match=r"^proxy: does not let the request through$"):
            await get("https://keys.example/")
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{bound.getsockname()[1]}")
        with pytest.raises(SourceError, match=r"^proxy: refused the connection$"):
            await get("http://keys.example/")


async def test_loopback_never_goes_through_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    with serving(answering(body=b"straight")) as server:
        assert await get(server.url()) == b"straight"
        assert await get(server.url(host="localhost")) == b"straight"


@pytest.mark.parametrize(
    ("url", "no_proxy", "straight"),
    [
        ("http://keys.example/", "", False),
        ("http://keys.example/", "*", True),
        ("http://keys.example/", "other, keys.example", True),
        ("http://keys.example/", ".example", True),
        ("http://keys.example/", "example", True),
        ("http://keys.example/", "EXAMPLE", True),
        ("http://mykeys.example/", "keys.example", False),
        ("http://keys.example:81/", "keys.example:81", True),
        ("http://keys.example:82/", "keys.example:81", False),
        ("http://10.1.2.3/", "10.1.2.3", True),
        ("http://10.1.2.3/", "10.0.0.0/8", True),
        ("http://11.1.2.3/", "10.0.0.0/8", False),
        ("http://[fd00::1]/", "fd00::/8", True),
        ("http://127.9.9.9/", "", True),
        ("http://[::1]/", "", True),
        ("http://a.localhost/", "", True),
        ("https://keys.example/", "", True),
    ],
)
def test_which_requests_go_straight(monkeypatch: pytest.MonkeyPatch, url: str, no_proxy: str, straight: bool) -> None:
    monkeypatch.setenv("http_proxy", "http://proxy.example:3128")
    monkeypatch.setenv("no_proxy", no_proxy)
    assert (proxy_for(urlsplit(url)) is None) is straight


@pytest.mark.parametrize(
    ("text", "proxy"),
    [
        ("proxy.example:3128", Proxy("http://proxy.example:3128")),
        ("https://proxy.example", Proxy("https://proxy.example")),
        ("http://user@[fd00::1]:80/path", Proxy("http://[fd00::1]:80", "user:")),
    ],
)
def test_spellings_of_a_proxy(monkeypatch: pytest.MonkeyPatch, text: str, proxy: Proxy) -> None:
    monkeypatch.setenv("HTTP_PROXY", text)
    assert proxy_for(urlsplit("http://keys.example/")) == proxy


@pytest.mark.parametrize("text", ["socks5://proxy.example", "http://", "http://[", "http://h:x"])
def test_what_is_no_http_proxy_is_an_error(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("HTTP_PROXY", text)
    with pytest.raises(SourceError, match=r"^proxy: it is no HTTP proxy"):
        proxy_for(urlsplit("http://keys.example/"))
