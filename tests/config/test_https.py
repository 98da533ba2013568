"""Fetching by HTTP: in bounded time and size whatever the server does, and errors that name no address."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import socket
import threading
import time
from typing import Any

import pytest

from eventgate.config.https.fetch import MAX_REDIRECTS, MAX_UNFINISHED, fetch
from eventgate.errors import SourceError
from tests.config.servers import Script, answering, dripping, hanging, sending, serving

PATIENCE = 20.0
"""Seconds within which what should happen at once has happened, however busy the machine is."""


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


async def happens(event: threading.Event) -> bool:
    return await asyncio.to_thread(event.wait, PATIENCE)


CHUNKED = sending(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nbo\r\n2\r\ndy\r\n0\r\n\r\n")


@pytest.mark.parametrize(
    "script",
    [
        answering(body=b"body"),
        answering("200 OK", gzip.compress(b"body"), "Content-Encoding: gzip"),
        sending(b"HTTP/1.0 200 OK\r\n\r\nbody"),
        CHUNKED,
    ],
)
async def test_the_body_is_read(script: Script) -> None:
    with serving(script) as server:
        assert await get(server.url("/keys?a=b#part")) == b"body"
    assert server.heads[0].startswith(b"GET /keys?a=b HTTP/1.1\r\n")
    assert b"\r\nUser-Agent: eventgate\r\n" in server.heads[0]
    assert server.heads[0].lower().count(b"\r\naccept-encoding: identity\r\n") == 1


async def test_what_may_not_stand_in_a_request_is_escaped() -> None:
    with serving(answering(body=b"body")) as server:
        assert await get(server.url('//kéys a%20b?c="d"&e=/')) == b"body"
    assert server.heads[0].startswith(b"GET //k%C3%A9ys%20a%20b?c=%22d%22&e=/ HTTP/1.1\r\n")


async def test_a_body_of_exactly_the_limit_is_read() -> None:
    with serving(answering(body=b"x" * 1000)) as server:
        assert len(await get(server.url())) == 1000


@pytest.mark.parametrize("status", ["404 Not Found", "500 Error", "204 No Content", "304 Not Modified", "302 Found"])
async def test_only_status_200_counts(status: str) -> None:
    with serving(answering(status)) as server:
        assert await fault(server.url()) == f"answered {status[:3]}"


@pytest.mark.parametrize(
    "script",
    [
        hanging,
        dripping(b"HTTP/1.1 200 OK\r\nX-Slow: ", b"x"),
        dripping(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 900000\r\n\r\n", b"x"),
        dripping(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
    ],
)
async def test_a_slow_server_is_left_when_time_is_up(script: Script) -> None:
    with serving(script) as server:
        begin = time.monotonic()
        assert await fault(server.url(), 0.2, max_bytes=10**6) == "timed out"
        assert 0.2 <= time.monotonic() - begin < PATIENCE
        assert await happens(server.left)  # its connection was cut


async def test_a_tls_handshake_that_hangs_is_left_when_time_is_up() -> None:
    with serving(hanging, read_first=False) as server:
        assert await fault(server.url().replace("http:", "https:"), 0.2) == "timed out"
        assert await happens(server.left)


async def test_a_name_look_up_that_hangs_is_left_and_its_connection_is_never_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    resume, look_up = threading.Event(), socket.getaddrinfo

    def slow_look_up(*arguments: Any, **options: Any) -> Any:
        resume.wait(PATIENCE)
        return look_up(*arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", slow_look_up)
    with serving(answering(body=b"body")) as server:
        assert await fault(server.url(), 0.1) == "timed out"
        resume.set()
        assert await happens(server.left)
        assert server.heads == [b""]


async def test_no_time_at_all_is_a_timeout() -> None:
    assert await fault("http://127.0.0.1:1/", 0) == "timed out"


async def test_a_cancelled_fetch_cuts_its_connection() -> None:
    with serving(hanging) as server:
        task = asyncio.create_task(get(server.url()))
        assert await happens(server.arrived)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await happens(server.left)


async def test_the_loop_goes_on_while_a_server_hangs() -> None:
    with serving(hanging) as slow, serving(answering(body=b"body")) as quick:
        waiting = asyncio.create_task(get(slow.url()))
        assert await get(quick.url()) == b"body"
        assert not waiting.done()
        waiting.cancel()


async def test_fetches_that_hang_are_bounded_in_number() -> None:
    with serving(hanging) as server:
        waiting = [asyncio.create_task(get(server.url())) for _ in range(MAX_UNFINISHED)]
        await asyncio.sleep(0)
        assert await fault(server.url()) == "too many earlier requests hang"
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
    with serving(answering(body=b"body")) as server:
        async with asyncio.timeout(PATIENCE):
            while True:
                with contextlib.suppress(SourceError):
                    assert await get(server.url()) == b"body"
                    return


GIGABYTE = 2**30


@pytest.mark.parametrize(
    "script",
    [
        answering(body=b"x" * 1001),
        sending(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\nx" % GIGABYTE),
        dripping(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 4096),
        dripping(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1000\r\n" + b"x" * 4096 + b"\r\n"),
        answering("200 OK", gzip.compress(bytes(10**7)), "Content-Encoding: gzip"),
    ],
)
async def test_no_more_than_the_limit_is_read(script: Script) -> None:
    with serving(script) as server:
        assert await fault(server.url()) == "more than 1000 bytes"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "keys",
        "file:///etc/passwd",
        "ftp://h/",
        "data:,x",
        "http://",
        "https:///x",
        "http://[::1",
        "http://h:99999/",
    ],
)
async def test_other_addresses_are_refused(url: str) -> None:
    assert await fault(url) == "it is no http or https address"


def redirecting(location: str) -> Script:
    return answering("302 Found", b"", f"Location: {location}", "Set-Cookie: a=b")


async def test_redirects_are_followed_up_to_a_number_and_carry_no_cookies() -> None:
    def script(connection: socket.socket, head: bytes) -> None:
        hop = int(head.split(b" ")[1][1:])
        (answering(body=b"body") if hop == MAX_REDIRECTS else redirecting(f"/{hop + 1}"))(connection, head)

    with serving(script) as server:
        assert await get(server.url("/0")) == b"body"
        assert not any(b"cookie" in head.lower() for head in server.heads)
        assert await fault(server.url("/-1")) == "redirects too often"


async def test_a_redirect_loop_ends() -> None:
    with serving(redirecting("/")) as server:
        assert await fault(server.url()) == "redirects too often"
    assert len(server.heads) == MAX_REDIRECTS + 1


@pytest.mark.parametrize("location", ["file:///etc/passwd", "ftp://h/", "http://["])
async def test_redirects_to_anything_but_http_are_refused(location: str) -> None:
    with serving(redirecting(location)) as server:
        assert await fault(server.url()) == "redirects to what is no http or https address"
