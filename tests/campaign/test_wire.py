"""A witness reads requests and answers as a client would."""

from __future__ import annotations

import gzip
import json

from tests.campaign.records import Said
from tests.campaign.wire import UNREADABLE, answers_in, document, events_in, key_of, short

ONE, TWO = document("1", text="a"), document("2", text="b")


def test_one_event_and_a_batch_are_read() -> None:
    plain = {"content-type": "application/json"}
    lines = {"content-type": "application/x-ndjson"}
    packed = {**lines, "content-encoding": "gzip"}
    both = (key_of("orders", ONE), key_of("orders", TWO))
    assert events_in("/topics/orders", plain, ONE) == both[:1]
    assert events_in("/topics/orders", lines, ONE + b"\n\n" + TWO + b"\n") == both
    assert events_in("/topics/orders", packed, gzip.compress(ONE + b"\n" + TWO)) == both


def test_an_answer_says_what_each_writer_said_and_gives_a_receipt() -> None:
    said = {"statusCode": 500, "writers": {"kafka": {"outcome": "failed"}}, "errors": [{"type": "kafka"}]}
    answer = json.dumps({**said, "receipt": "r"}).encode()
    at = {"statusCode": 202, "writers": {"kafka": {"outcome": "delivered", "partition": 0, "offset": 7}}}
    assert answers_in(202, json.dumps(at).encode(), 1)[0][0].places == {"kafka": 7}
    assert answers_in(500, answer, 1) == ((Said(500, {"kafka": "failed"}, ("kafka",)),), short("r"), True)
    ignored = json.dumps({**said, "receipt_status": "ignored"}).encode()
    assert answers_in(500, ignored, 1)[1:] == (None, False)


def test_a_batch_is_answered_event_by_event() -> None:
    results = [
        {"index": 0, "status": 202, "writers": {"kafka": {"outcome": "delivered"}}},
        {"index": 1, "status": 400, "errors": [{"type": "validation"}]},
    ]
    said, _, _ = answers_in(207, json.dumps({"statusCode": 207, "results": results}).encode(), 2)
    assert said == (Said(202, {"kafka": "delivered"}), Said(400, {}, ("validation",)))


def test_a_batch_that_is_refused_as_a_whole_is_refused_for_each_event() -> None:
    refused = json.dumps({"statusCode": 503, "errors": [{"type": "overload"}]}).encode()
    assert answers_in(503, refused, 2)[0] == (Said(503, {}, ("overload",)),) * 2


def test_what_is_not_a_gates_answer_is_told() -> None:
    short_of_one = json.dumps({"statusCode": 202, "results": [{"index": 0, "status": 202}]}).encode()
    for body in (b"<html>", b"[]", b"{}", b'"text"', short_of_one):
        assert answers_in(202, body, 2)[0] == (Said(202, {}, (UNREADABLE,)),) * 2
