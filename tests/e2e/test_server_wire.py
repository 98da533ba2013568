"""Requests as bytes on a socket, orderly ones and others."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.deployment import Deployment, deployment
from tests.server_process import ServerProcess
from tests.wire import Connection, get


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    with deployment(tmp_path_factory.mktemp("wire") / "conf") as site:
        yield site


@pytest.fixture(scope="module")
def server(deployed: Deployment) -> Iterator[ServerProcess]:
    """One for all: what a client does harms nobody else."""
    with ServerProcess(deployed.conf, log_level="CRITICAL") as server:
        yield server


@pytest.mark.parametrize("version", [b"1.0", b"1.1"])
def test_an_answer_to_a_body_that_is_too_large_reaches_a_client_that_sends_on(
    deployed: Deployment, server: ServerProcess, version: bytes
) -> None:
    """Closing at once would reset the connection and lose it."""
    size = 20_000_000
    with closing(Connection(server.port)) as connection:
        connection.send(
            b"POST /topics/runs HTTP/%s\r\nHost: gate\r\nConnection: close\r\nAuthorization: %s\r\n"
            b"Content-Length: %d\r\n\r\n" % (version, deployed.bearer().encode(), size)
        )
        connection.send(b" " * size)
        assert connection.answer().status == 413
        assert connection.rest() == b""


def test_a_body_that_is_too_large_is_not_asked_for(deployed: Deployment, server: ServerProcess) -> None:
    """A client that waits for "100 Continue" gets the answer instead."""
    with closing(Connection(server.port)) as connection:
        connection.send(
            b"POST /topics/runs HTTP/1.1\r\nHost: gate\r\nAuthorization: %s\r\n"
            b"Content-Length: 99999999\r\nExpect: 100-continue\r\n\r\n" % deployed.bearer().encode()
        )
        assert connection.answer().status == 413


def test_a_body_in_chunks_is_read(deployed: Deployment, server: ServerProcess) -> None:
    with closing(Connection(server.port)) as connection:
        connection.send(
            b"POST /topics/free HTTP/1.1\r\nHost: gate\r\nAuthorization: %s\r\nTransfer-Encoding: chunked\r\n\r\n"
            % deployed.bearer().encode()
        )
        for chunk in (b"1\r\n{\r\n", b"1\r\n}\r\n", b"0\r\n\r\n"):
            connection.send(chunk)
        assert connection.answer().status == 202


def test_a_head_without_end_is_refused(server: ServerProcess) -> None:
    with closing(Connection(server.port)) as connection:
        connection.send(b"GET /topics HTTP/1.1\r\nX-Endless: ")
        for _ in range(40):
            connection.send(b"x" * 10_000)
        answer = connection.answer()
        assert answer.status == 431
        assert json.loads(answer.body)["errors"][0]["type"] == "headers"
        assert answer.headers["x-correlation-id"]


def test_requests_sent_in_one_go_are_answered_in_order(server: ServerProcess) -> None:
    """Pipelining (RFC 9112, section 9.3.2)."""
    with closing(Connection(server.port)) as connection:
        connection.send(b"GET /topics HTTP/1.1\r\nHost: g\r\n\r\nGET /nope HTTP/1.1\r\nHost: g\r\n\r\n")
        assert [connection.answer().status, connection.answer().status] == [200, 404]


def test_what_is_no_http_gets_an_answer_and_harms_nobody(server: ServerProcess) -> None:
    with closing(Connection(server.port)) as connection:
        connection.send(b"\x16\x03\x01 this is no HTTP\r\n\r\n")
        assert connection.answer().status == 400
        assert get(server.port, "/livez").status == 200
