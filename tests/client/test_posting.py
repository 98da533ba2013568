"""Posting one event, and trying again where that can help."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable

import msgspec
import pytest

from eventgate.client import Client, Retry
from eventgate.errors import EventGateError, Unreachable
from tests.scripted_gate import ACCEPTED, Posted, Says, refused, scripted_gate

FAST = Retry(first=0.001, longest=0.005, total=20, introduction=20)
BRIEF = Retry(first=0.001, longest=0.02, total=0.5, introduction=0.5)


def twice(first: Says) -> Callable[[Posted], Says]:
    """Says `first` to the first attempt and accepts the second."""
    return lambda post: first if post.attempt == 1 else ACCEPTED


def failing(outcome: str) -> Says:
    return Says(
        500,
        {
            "success": False,
            "statusCode": 500,
            "errors": [{"type": "sqlite", "message": "disk full"}],
            "writers": {"sqlite": {"outcome": outcome}},
        },
    )


def test_an_event_is_posted_as_it_is_with_token_and_key() -> None:
    with scripted_gate(lambda post: ACCEPTED) as gate, Client(gate.url + "/", " t0ken\n") as client:
        answer = client.post("a/b", b'{"a":  1}', key="key-1")
    assert answer.accepted
    assert answer.attempts == 1
    (post,) = gate.posts
    assert (post.path, post.body) == ("/topics/a%2Fb", b'{"a":  1}')
    assert post.headers["authorization"] == "Bearer t0ken"
    assert post.headers["idempotency-key"] == "key-1"
    assert post.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    "first",
    [
        refused(429, "overload"),
        refused(503, "overload"),
        refused(503, "unavailable"),
        refused(503, "topic"),
        refused(500, "internal"),
        failing("failed"),
        failing("unknown"),
        Says(502, b"<html>bad gateway</html>"),
        Says(0, None),
    ],
    ids=["429", "overload", "unavailable", "topic", "internal", "failed", "unknown", "proxy", "connection cut"],
)
def test_what_may_pass_is_tried_again_with_the_same_bytes_and_key(first: Says) -> None:
    with scripted_gate(twice(first)) as gate, Client(gate.url, "t", retry=FAST) as client:
        answer = client.post("t", b"{}")
    assert answer.accepted
    assert answer.attempts == 2
    one, two = gate.posts
    assert one.body == two.body
    assert one.headers["idempotency-key"] == two.headers["idempotency-key"]


@pytest.mark.parametrize(
    "says",
    [
        refused(400, "validation"),
        refused(401, "auth"),
        refused(403, "permission"),
        refused(409, "conflict"),
        refused(413, "size"),
        refused(404, "topic"),
        refused(415, "media"),
        refused(422, "receipt"),
        Says(200, b"<html>hello</html>"),
        Says(301, b"", {"Location": "http://127.0.0.1:1/"}),
    ],
    ids=lambda says: str(says.status),
)
def test_what_will_not_change_is_not_tried_again(says: Says) -> None:
    with scripted_gate(lambda post: says) as gate, Client(gate.url, "t", retry=FAST) as client:
        answer = client.post("t", b"{}")
    assert answer.status == says.status
    assert not answer.accepted
    assert len(gate.posts) == 1


def test_retry_after_is_waited_for() -> None:
    says = refused(429, "overload")
    slow = Says(429, says.document, {"Retry-After": "1"})
    with scripted_gate(twice(slow)) as gate, Client(gate.url, "t", retry=FAST) as client:
        began = time.monotonic()
        assert client.post("t", b"{}").accepted
    assert time.monotonic() - began >= 1


def test_a_retry_after_beyond_the_limit_ends_the_attempts() -> None:
    says = Says(503, refused(503, "overload").document, {"Retry-After": "3600"})
    with scripted_gate(lambda post: says) as gate, Client(gate.url, "t", retry=FAST) as client:
        assert client.post("t", b"{}").status == 503
    assert len(gate.posts) == 1


def test_attempts_end_with_the_last_answer() -> None:
    with scripted_gate(lambda post: failing("failed")) as gate, Client(gate.url, "t", retry=BRIEF) as client:
        answer = client.post("t", b"{}")
    assert answer.status == 500
    assert answer.attempts == len(gate.posts) > 1


def test_while_nothing_gets_through_later_events_have_one_attempt() -> None:
    """A sink that is down for good must not cost every event the whole patience."""
    with scripted_gate(lambda post: failing("failed")) as gate, Client(gate.url, "t", retry=BRIEF) as client:
        client.post("t", b"1")
        before = len(gate.posts)
        client.post("t", b"2")
    assert len(gate.posts) == before + 1


def test_an_idle_client_has_its_patience_back() -> None:
    answers = iter([ACCEPTED, refused(503, "overload"), ACCEPTED])
    with scripted_gate(lambda post: next(answers)) as gate, Client(gate.url, "t", retry=FAST) as client:
        assert client.post("t", b"1").accepted
        assert client.post("t", b"2").accepted


def test_a_202_of_some_other_server_is_not_taken_for_an_event() -> None:
    with scripted_gate(lambda post: Says(202, b"thanks")) as gate, Client(gate.url, "t", retry=FAST) as client:
        answer = client.post("t", b"{}")
    assert not answer.accepted
    assert "is the address right?" in answer.errors[0].message


def test_where_nothing_listens_is_known_soon() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    soon = msgspec.structs.replace(FAST, introduction=0.2)
    with Client(f"http://127.0.0.1:{port}", "t", retry=soon) as client, pytest.raises(Unreachable, match="nothing"):
        client.post("t", b"{}")


def test_stop_ends_waiting() -> None:
    says = Says(503, refused(503, "overload").document, {"Retry-After": "10"})
    arrived = threading.Event()

    def answer(post: Posted) -> Says:
        arrived.set()
        return says

    with scripted_gate(answer) as gate, Client(gate.url, "t", retry=FAST) as client:
        thread = threading.Thread(target=client.post, args=("t", b"{}"))
        thread.start()
        assert arrived.wait(10)
        client.stop()
        thread.join(5)
        assert not thread.is_alive()


@pytest.mark.parametrize("url", ["", "127.0.0.1:8080", "ftp://a", "http://", "http://a?b", "http://a#b"])
def test_what_is_no_address_of_a_gate(url: str) -> None:
    with pytest.raises(EventGateError, match="looks like"):
        Client(url, "t")


@pytest.mark.parametrize("token", ["", " ", "a b", "a\r\nX-Evil: 1", "tök"])
def test_what_is_no_token(token: str) -> None:
    with pytest.raises(EventGateError, match="no token") as error:
        Client("http://127.0.0.1", token)
    assert not token.strip() or token not in str(error.value)


def test_the_proxy_of_the_environment_is_used_but_not_for_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    with scripted_gate(lambda post: ACCEPTED) as gate:
        monkeypatch.setenv("http_proxy", gate.url)
        with Client("http://gate.example", "t", retry=FAST) as client:
            assert client.post("t", b"{}").accepted
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
        with Client(gate.url, "t", retry=FAST) as client:
            assert client.post("t", b"{}").accepted
    assert [post.path for post in gate.posts] == ["http://gate.example/topics/t", "/topics/t"]
