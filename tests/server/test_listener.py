"""Listening sockets and what is said where there can be none."""

from __future__ import annotations

import socket
from contextlib import closing, suppress

import pytest

from eventgate.server.listener import CannotListen, Listener


def test_a_free_port_is_taken_and_told() -> None:
    with closing(Listener.open("127.0.0.1", 0)) as listener:
        assert listener.port > 0
        assert listener.url("http") == f"http://127.0.0.1:{listener.port}"
        socket.create_connection(("127.0.0.1", listener.port)).close()


def test_all_addresses_of_a_host_have_one_port() -> None:
    with closing(Listener.open("localhost", 0)) as listener:
        assert {each.getsockname()[1] for each in listener.sockets} == {listener.port}


def test_an_ipv6_address_is_shown_in_brackets() -> None:
    """RFC 3986, section 3.2.2."""
    with closing(Listener.open("127.0.0.1", 0)) as listener:
        assert Listener("::1", listener.sockets).url("https") == f"https://[::1]:{listener.port}"


def test_no_host_is_every_address() -> None:
    with closing(Listener.open("", 0)) as listener:
        assert listener.url("http") == f"http://0.0.0.0:{listener.port}"
        socket.create_connection(("127.0.0.1", listener.port)).close()


def test_a_closed_listener_accepts_nothing() -> None:
    listener = Listener.open("127.0.0.1", 0)
    listener.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", listener.port))


def test_once_it_is_closed_hardly_any_connection_waits_for_the_other_processes() -> None:
    """Those that the last process leaves behind when it lets go are lost."""
    listener = Listener.open("127.0.0.1", 0)
    with closing(listener.sockets[0].dup()) as workers:
        listener.close()
        waiting = []
        with suppress(TimeoutError):
            for _ in range(5):
                waiting.append(socket.create_connection(("127.0.0.1", listener.port), timeout=0.3))
        for connection in waiting:
            workers.accept()[0].close()  # it can still be taken
            connection.close()
        assert len(waiting) <= 2


def test_two_servers_cannot_have_one_port() -> None:
    with closing(Listener.open("127.0.0.1", 0)) as listener, pytest.raises(CannotListen) as refused:
        Listener.open("127.0.0.1", listener.port)
    assert str(refused.value) == f"cannot listen on 127.0.0.1:{listener.port}: the port is in use"


@pytest.mark.parametrize("port", [65536, 99999, -1])
def test_a_number_that_is_no_port_is_no_traceback(port: int) -> None:
    with pytest.raises(CannotListen, match="cannot listen on"):
        Listener.open("127.0.0.1", port)
