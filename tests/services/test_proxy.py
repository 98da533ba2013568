"""The TCP proxy, against an echo."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from tests.services.proxy import TcpProxy

ProxyTo = Callable[[str, int], TcpProxy]


@pytest.fixture
def echo() -> Iterator[tuple[str, int]]:
    """The address of a server that sends back what it gets."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=(connection,), daemon=True).start()

    def answer(connection: socket.socket) -> None:
        with connection, contextlib.suppress(ConnectionResetError):
            while content := connection.recv(65536):
                connection.sendall(content)

    threading.Thread(target=serve, daemon=True).start()
    yield ("127.0.0.1", listener.getsockname()[1])
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()


@pytest.fixture
def proxy(proxy_to: ProxyTo, echo: tuple[str, int]) -> TcpProxy:
    return proxy_to(*echo)


def connected(proxy: TcpProxy) -> socket.socket:
    """A connection that has carried something."""
    client = socket.create_connection(("127.0.0.1", proxy.port), timeout=5)
    assert asked(client, b"first") == b"first"
    return client


def asked(client: socket.socket, question: bytes) -> bytes:
    client.sendall(question)
    return client.recv(65536)


def silent(client: socket.socket) -> bool:
    """Whether nothing comes for a moment."""
    client.settimeout(0.2)
    try:
        return client.recv(1) == b"never"
    except TimeoutError:
        return True
    finally:
        client.settimeout(5)


def test_what_goes_in_comes_out(proxy: TcpProxy) -> None:
    """Much of it, and in order."""
    sent = bytes(range(256)) * 4096
    with connected(proxy) as client:
        threading.Thread(target=client.sendall, args=(sent,)).start()
        received = b""
        while len(received) < len(sent):
            received += client.recv(65536)
    assert received == sent


def test_a_delay_holds_in_both_directions(proxy: TcpProxy) -> None:
    with connected(proxy) as client:
        proxy.delay(0.1)
        started = time.monotonic()
        assert asked(client, b"late") == b"late"
        assert time.monotonic() - started >= 0.2
        proxy.delay(0)


@pytest.mark.parametrize("direction", ["up", "down"])
def test_one_direction_can_be_dropped(proxy: TcpProxy, direction: str) -> None:
    """The connection stays open meanwhile, and nothing is lost afterwards."""
    with connected(proxy) as client:
        proxy.drop("up" if direction == "up" else "down")
        client.sendall(b"held")
        assert silent(client)
        assert proxy.connections == 1
        proxy.drop(None)
        assert client.recv(65536) == b"held"


def test_a_reset_breaks_connections_but_takes_new_ones(proxy: TcpProxy) -> None:
    with connected(proxy) as client:
        proxy.reset()
        with pytest.raises(ConnectionResetError):
            client.recv(1)
    connected(proxy).close()


def test_a_cut_refuses_until_it_is_restored(proxy: TcpProxy) -> None:
    with connected(proxy) as client:
        proxy.cut()
        assert client.recv(1) == b""
    with pytest.raises(ConnectionRefusedError):
        connected(proxy)
    proxy.restore()
    connected(proxy).close()


def test_a_dropped_connection_can_be_cut(proxy: TcpProxy) -> None:
    with connected(proxy) as client:
        proxy.drop("down")
        client.sendall(b"lost")
        proxy.cut()
        assert client.recv(1) == b""


def test_it_counts_its_connections(proxy: TcpProxy) -> None:
    assert proxy.connections == 0
    with connected(proxy), connected(proxy):
        assert proxy.connections == 2
