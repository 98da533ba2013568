"""Posting many events at once: what goes over the wire, what comes of it, and what is made of odd answers."""

from __future__ import annotations

import gzip
import time

import pytest

from eventgate.client import Client, Event, Outcome, Retry, Unanswered
from eventgate.errors import EventGateError
from tests.scripted_gate import ACCEPTED, Posted, Says, batch, each, refused, scripted_gate

FAST = Retry(first=0.001, longest=0.005, total=20, introduction=20)
BRIEF = Retry(first=0.001, longest=0.02, total=0.5, introduction=0.5)
FAILED = Says(500, {"errors": [{"type": "kafka", "message": "down"}], "writers": {"kafka": {"outcome": "failed"}}})
REFUSED = refused(400, "validation", "must not be bad", pointer="/a")


def test_a_batch_is_a_line_for_each_event_byte_for_byte_but_for_line_breaks() -> None:
    events: list[Event] = [b' {"a":  1.10}\r\n', '{"é": 2}', {"b": [1, "ü"]}, b'{\n"c":\r\n 3\n}', [1]]
    with scripted_gate(each(lambda post: ACCEPTED)) as gate, Client(gate.url, "t") as client:
        answer = client.post_batch("t", events, key="k")
    (post,) = gate.posts
    assert post.headers["content-type"] == "application/x-ndjson"
    assert post.headers["idempotency-key"] == "k"
    assert post.body == '{"a":  1.10}\n{"é": 2}\n{"b":[1,"ü"]}\n{ "c":   3 }\n[1]\n'.encode()
    assert answer.accepted
    assert [result.event_id for result in answer.results] == ["e"] * 5
    assert answer.results[0].writers["sqlite"].outcome is Outcome.DELIVERED


def test_no_events_are_no_request() -> None:
    with scripted_gate(lambda post: ACCEPTED) as gate, Client(gate.url, "t") as client:
        answer = client.post_batch("t", [])
    assert (answer.results, answer.accepted, gate.posts) == ((), True, [])


@pytest.mark.parametrize("event", [b"", " \n", float("nan"), {"a": float("inf")}, {"a": object()}, "\ud800"])
def test_what_is_no_event_is_told_before_anything_is_sent(event: object) -> None:
    with scripted_gate(lambda post: ACCEPTED) as gate, Client(gate.url, "t") as client:
        with pytest.raises(EventGateError, match=r"empty|cannot be written as JSON"):
            client.post_batch("t", [{"a": 1}, event])  # type: ignore[list-item]
        assert gate.posts == []


@pytest.mark.parametrize("key", ["", " k", "k ", "a\nb", "x" * 256, "a\x7f"])
def test_what_is_no_key(key: str) -> None:
    with Client("http://127.0.0.1:1", "t") as client, pytest.raises(EventGateError, match="a key has"):
        client.post("t", b"{}", key=key)


def test_compression_is_for_what_is_worth_it() -> None:
    with scripted_gate(each(lambda post: ACCEPTED)) as gate, Client(gate.url, "t", compress=True) as client:
        assert client.post_batch("t", [b"{}"] * 3).accepted
        assert client.post_batch("t", [b'{"a": "%d"}' % n for n in range(500)]).accepted
    small, large = gate.posts
    assert "content-encoding" not in small.headers
    assert large.headers["content-encoding"] == "gzip"
    assert len(large.body) < len(gzip.decompress(large.body)) / 2


def test_what_may_pass_goes_again_as_the_same_bytes_with_the_receipt() -> None:
    def answer(post: Posted) -> Says:
        if post.attempt == 1:
            return batch(ACCEPTED, FAILED, REFUSED, receipt="r1")
        return batch(ACCEPTED, FAILED if post.attempt == 2 else ACCEPTED, REFUSED, receipt=f"r{post.attempt}")

    with scripted_gate(answer) as gate, Client(gate.url, "t", retry=FAST) as client:
        result = client.post_batch("t", [b"1", b"2", b"3"], receipt="r0")
    assert [each.status for each in result.results] == [202, 202, 400]
    assert (result.status, result.attempts, result.receipt) == (207, 3, "r3")
    assert result.results[2].errors[0].pointer == "/a"
    assert [post.headers["eventgate-receipt"] for post in gate.posts] == ["r0", "r1", "r2"]
    assert len({(post.body, post.headers["idempotency-key"]) for post in gate.posts}) == 1


def test_refusals_alone_are_not_sent_again() -> None:
    with scripted_gate(lambda post: batch(ACCEPTED, REFUSED, receipt="r")) as gate, Client(gate.url, "t") as client:
        assert not client.post_batch("t", [b"1", b"2"]).accepted
    assert len(gate.posts) == 1


def test_what_was_accepted_once_stays_accepted() -> None:
    """A gate that takes a receipt for none may say otherwise at the next attempt."""

    def answer(post: Posted) -> Says:
        return batch(ACCEPTED, FAILED, receipt="r") if post.attempt == 1 else batch(FAILED, ACCEPTED, receipt="r")

    with scripted_gate(answer) as gate, Client(gate.url, "t", retry=FAST) as client:
        assert client.post_batch("t", [b"1", b"2"]).accepted
    assert len(gate.posts) == 2


@pytest.mark.parametrize("status", [401, 404, 413, 429, 503])
def test_a_refusal_of_the_whole_batch_is_one_of_each_event(status: int) -> None:
    answer = refused(status, "some", "no")
    with scripted_gate(lambda post: answer) as gate, Client(gate.url, "t", retry=BRIEF) as client:
        result = client.post_batch("t", [b"1", b"2"])
    assert [(each.status, each.errors[0].type) for each in result.results] == [(status, "some")] * 2
    assert result.errors
    assert (len(gate.posts) > 1) is result.retryable is (status in (429, 503))


def test_a_refusal_of_the_whole_batch_later_does_not_undo_what_was_accepted() -> None:
    def answer(post: Posted) -> Says:
        return batch(ACCEPTED, FAILED, receipt="r") if post.attempt == 1 else refused(401, "auth", reason="expired")

    with scripted_gate(answer) as gate, Client(gate.url, "t", retry=FAST) as client:
        result = client.post_batch("t", [b"1", b"2"])
    assert (result.status, result.errors[0].reason) == (401, "expired")
    assert [each.status for each in result.results] == [202, 500]


def test_a_gate_that_goes_away_leaves_what_it_had_said() -> None:
    def answer(post: Posted) -> Says:
        return batch(ACCEPTED, FAILED, receipt="r") if post.attempt == 1 else Says(0, None)

    with scripted_gate(answer) as gate, Client(gate.url, "t", retry=BRIEF) as client:
        with pytest.raises(Unanswered) as lost:
            client.post_batch("t", [b"1", b"2"], key="k")
        assert lost.value.last is not None
        assert [each.accepted for each in lost.value.last.results] == [True, False]  # type: ignore[union-attr]
        assert (lost.value.key, lost.value.receipt) == ("k", "r")


GOOD = batch(ACCEPTED, ACCEPTED).document


@pytest.mark.parametrize(
    "says",
    [
        Says(202, {**GOOD, "results": GOOD["results"][:1]}),
        Says(202, {**GOOD, "results": GOOD["results"][::-1]}),
        Says(202, {**GOOD, "results": "all"}),
        Says(202, {**GOOD, "results": [1, 2]}),
        Says(202, {"success": True, "statusCode": 202, "event_id": "e", "writers": {}}),
        Says(202, b"thanks"),
        Says(202, b'{"success": true, "results": '),
    ],
    ids=["too few", "out of order", "no list", "no objects", "one event", "no gate", "cut off"],
)
def test_an_answer_that_does_not_speak_of_every_event_is_no_acceptance(says: Says) -> None:
    with scripted_gate(lambda post: says) as gate, Client(gate.url, "t", retry=FAST) as client:
        result = client.post_batch("t", [b"1", b"2"])
    assert [each.status for each in result.results] == [0, 0]
    assert "is the address right?" in result.errors[0].message


def test_odd_members_of_an_answer_do_no_harm() -> None:
    """A newer gate, or one that wants to harm: what is not understood claims nothing."""
    odd = {
        "success": False,
        "errors": [{"type": 1, "message": None}, "no object"],
        "writers": {"a": {"outcome": "teleported", "place": [1]}, "b": 7},
        "event_id": 5,
        "receipt": "a\r\nX-Evil: 1",
    }
    with scripted_gate(lambda post: Says(500, odd) if post.attempt == 1 else ACCEPTED) as gate:
        with Client(gate.url, "t", retry=Retry(total=0)) as client:
            answer = client.post("t", b"{}")
        with Client(gate.url, "t", retry=FAST) as client:
            assert client.post("t", b"{}").accepted
    assert answer.writers["a"].outcome is answer.writers["b"].outcome is Outcome.UNKNOWN
    assert answer.writers["a"].position == {"place": [1]}
    assert (answer.event_id, answer.receipt, len(answer.errors)) == (None, None, 1)


def test_a_wait_may_be_asked_for_by_date() -> None:
    soon = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + 2))
    busy = Says(503, refused(503, "overload").document, {"Retry-After": soon})
    with scripted_gate(lambda post: busy if post.attempt == 1 else ACCEPTED) as gate:
        began = time.monotonic()
        with Client(gate.url, "t", retry=FAST) as client:
            assert client.post("t", b"{}").accepted
    assert time.monotonic() - began >= 0.8


@pytest.mark.parametrize("wait", ["9" * 400, "-1", "soon", "Mon, 99 Foo 2026 00:00:00 GMT", "²"])
def test_an_absurd_wait_ends_the_attempts_or_counts_as_none(wait: str) -> None:
    busy = Says(503, refused(503, "overload").document, {"Retry-After": wait})
    with scripted_gate(lambda post: busy) as gate, Client(gate.url, "t", retry=BRIEF) as client:
        assert client.post("t", b"{}").status == 503
