"""Tokens that expire, receipts that are not for us, and what is kept out of sight."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest

from eventgate.client import AsyncClient, Client, Retry
from eventgate.errors import EventGateError
from tests.scripted_gate import ACCEPTED, Posted, Says, refused, scripted_gate

FAST = Retry(first=0.001, longest=0.005, total=20, introduction=20)
EXPIRED = refused(401, "auth", "the token has expired", reason="expired")


def only(token: str) -> Says:
    return ACCEPTED if token == "Bearer new" else EXPIRED


def tokens(*given: str) -> Iterator[str]:
    yield from given


def test_a_function_is_asked_for_a_token_once_and_again_when_it_is_refused() -> None:
    supply = tokens("old", "new")
    with (
        scripted_gate(lambda post: only(post.headers["authorization"])) as gate,
        Client(gate.url, lambda: next(supply), retry=FAST) as client,
    ):
        assert client.post("t", b"1").accepted
        assert client.post("t", b"2").accepted
    sent = [(post.body, post.headers["authorization"]) for post in gate.posts]
    assert sent == [(b"1", "Bearer old"), (b"1", "Bearer new"), (b"2", "Bearer new")]
    assert len({post.headers["idempotency-key"] for post in gate.posts[:2]}) == 1


def test_a_post_asks_for_another_token_once_only() -> None:
    asked: list[None] = []

    def give() -> str:
        asked.append(None)
        return f"t{len(asked)}"

    with scripted_gate(lambda post: EXPIRED) as gate, Client(gate.url, give, retry=FAST) as client:
        answer = client.post("t", b"1")
    assert (answer.status, answer.errors[0].reason) == (401, "expired")
    assert len(asked) == len(gate.posts) == 2


def test_a_fixed_token_that_is_refused_is_not_sent_again() -> None:
    with scripted_gate(lambda post: EXPIRED) as gate, Client(gate.url, "t", retry=FAST) as client:
        assert client.post("t", b"1").status == 401
    assert len(gate.posts) == 1


def test_threads_share_one_new_token() -> None:
    asked: list[None] = []

    def give() -> str:
        asked.append(None)
        return "old" if len(asked) == 1 else "new"

    accepted: list[bool] = []
    with (
        scripted_gate(lambda post: only(post.headers["authorization"])) as gate,
        Client(gate.url, give, retry=FAST) as client,
    ):
        threads = [
            threading.Thread(target=lambda n=n: accepted.append(client.post("t", b"%d" % n).accepted)) for n in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert accepted == [True] * 8
    assert len(asked) == 2


async def test_a_coroutine_function_may_give_tokens() -> None:
    supply = tokens("old", "new")

    async def give() -> str:
        await asyncio.sleep(0)
        return next(supply)

    with scripted_gate(lambda post: only(post.headers["authorization"])) as gate:
        async with AsyncClient(gate.url, give, retry=FAST) as client:
            answers = await asyncio.gather(*(client.post("t", b"%d" % n) for n in range(4)))
    assert all(answer.accepted for answer in answers)


async def test_a_plain_function_that_takes_its_time_does_not_hold_up_the_loop() -> None:
    loop_ran = threading.Event()

    def give() -> str:
        assert loop_ran.wait(10)
        return "new"

    with scripted_gate(lambda post: only(post.headers["authorization"])) as gate:
        async with AsyncClient(gate.url, give, retry=FAST) as client:
            posting = asyncio.create_task(client.post("t", b"1"))
            await asyncio.sleep(0)
            loop_ran.set()
            assert (await posting).accepted


def test_what_a_function_raises_comes_through() -> None:
    def give() -> str:
        raise ConnectionError("no issuer")

    with Client("http://127.0.0.1:1", give) as client, pytest.raises(ConnectionError, match="no issuer"):
        client.post("t", b"1")
    with Client("http://127.0.0.1:1", lambda: "a b") as client, pytest.raises(EventGateError, match="no token"):
        client.post("t", b"1")


def test_a_receipt_that_is_for_something_else_is_dropped_once() -> None:
    """The event may then reach a writer twice, under the same id; with the receipt it would reach none."""

    def answer(post: Posted) -> Says:
        return refused(422, "receipt") if "eventgate-receipt" in post.headers else ACCEPTED

    with scripted_gate(answer) as gate, Client(gate.url, "t", retry=FAST) as client:
        assert client.post("t", b"1", receipt="foreign").accepted
    assert ["eventgate-receipt" in post.headers for post in gate.posts] == [True, False]
    assert len({post.headers["idempotency-key"] for post in gate.posts}) == 1


def test_a_receipt_that_cannot_stand_in_a_header_is_none() -> None:
    with Client("http://127.0.0.1:1", "t") as client, pytest.raises(EventGateError, match="no receipt"):
        client.post("t", b"1", receipt="a\r\nX-Evil: 1")


def test_the_receipt_of_the_last_answer_is_kept_over_a_lost_one() -> None:
    def answer(post: Posted) -> Says:
        failed = {"success": False, "errors": [], "writers": {"a": {"outcome": "failed"}}, "receipt": "r1"}
        return [Says(500, failed), Says(0, None), refused(503, "overload"), ACCEPTED][post.attempt - 1]

    with scripted_gate(answer) as gate, Client(gate.url, "t", retry=FAST) as client:
        assert client.post("t", b"1").accepted
    assert [post.headers.get("eventgate-receipt") for post in gate.posts] == [None, "r1", "r1", "r1"]


def test_neither_client_nor_answer_shows_the_token() -> None:
    with scripted_gate(lambda post: EXPIRED) as gate, Client(gate.url, "s3cr3t") as client:
        answer = client.post("t", b"1")
        assert "s3cr3t" not in repr((client, vars(client), answer))
