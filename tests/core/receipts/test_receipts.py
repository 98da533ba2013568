"""What a receipt says, how long it is, and who can open it."""

from __future__ import annotations

import random
import re

import pytest

from eventgate.core.model import Outcome, WriteResult
from eventgate.core.receipts import Receipts, fingerprint, scope_of
from eventgate.errors import ReceiptMismatch
from tests.core.receipts.receipt_support import (
    DELIVERED,
    FAILED,
    KEYS,
    RESULTS,
    SCOPE,
    TARGETS,
    Clock,
    batch,
    batch_scope,
    receipt,
    ring,
)

SETTLED = {Outcome.DELIVERED, Outcome.DUPLICATE, Outcome.DEFERRED}


def test_it_gives_back_the_event_id_and_the_writers_that_are_done() -> None:
    opened = ring().open(receipt().encode(), SCOPE, TARGETS)
    assert opened is not None
    assert opened.event_id == "e-1"
    assert opened.settled() == {"kafka": DELIVERED, "eventbridge": WriteResult(Outcome.DUPLICATE)}


@pytest.mark.parametrize("outcome", Outcome)
def test_only_delivered_duplicate_and_deferred_writers_are_done(outcome: Outcome) -> None:
    result = WriteResult(outcome, reason="unknown: no acknowledgement before the deadline")
    opened = ring().open(receipt(results={"kafka": result, "postgres": FAILED}).encode(), SCOPE, TARGETS)
    assert opened is not None
    assert opened.settled() == ({"kafka": result} if outcome in SETTLED else {})


def test_it_is_text_that_any_header_can_carry() -> None:
    assert re.fullmatch("[A-Za-z0-9_-]+", receipt())


@pytest.mark.parametrize("event_id", ["e", "x" * 255, "é" * 255, "\U0001f600" * 255, "\U00010000é" * 127])
def test_three_writers_fit_into_600_characters_whatever_the_event_id(event_id: str) -> None:
    """With the longest key id, and positions as long as AWS's; these are left out where there is no room."""
    active = "k" * 32
    positions = {name: WriteResult(Outcome.DELIVERED, {"event_id": "0" * 36, "table": "t" * 60}) for name in TARGETS}
    receipts = ring(active, {active: KEYS["2026-11"]})
    text = receipts.issue(SCOPE, event_id, [positions], TARGETS)
    assert text is not None
    assert len(text) <= 600
    opened = receipts.open(text.encode(), SCOPE, TARGETS, event_id)
    assert opened is not None
    assert opened.event_id == event_id
    assert {name: result.outcome for name, result in opened.settled().items()} == dict.fromkeys(
        TARGETS, Outcome.DELIVERED
    )


def test_an_id_of_up_to_255_bytes_need_not_be_said_again_and_a_longer_one_has_to_be() -> None:
    """Nobody can write 255 characters of any script down in 600: the receipt has the digest, the caller has the id."""
    receipts = ring()
    for event_id in ("x" * 255, "é" * 127):
        opened = receipts.open(receipt(event_id).encode(), SCOPE, TARGETS)
        assert opened is not None
        assert opened.event_id == event_id
    long = receipt("é" * 128).encode()
    opened = receipts.open(long, SCOPE, TARGETS, "é" * 128)
    assert opened is not None
    assert opened.event_id == "é" * 128
    for named in (None, "é" * 127, "x"):
        with pytest.raises(ReceiptMismatch, match="event id"):
            receipts.open(long, SCOPE, TARGETS, named)


@pytest.mark.parametrize("outcomes", [[Outcome.DELIVERED], [Outcome.DELIVERED, Outcome.FAILED], list(Outcome)])
def test_a_thousand_items_fit_into_4_kb_whatever_their_outcomes(outcomes: list[Outcome]) -> None:
    chance = random.Random(len(outcomes))  # noqa: S311 - the same mix every time
    items = [{name: WriteResult(chance.choice(outcomes)) for name in TARGETS} for _ in range(1000)]
    text = batch(items, "x" * 255)
    assert len(text) <= 4096
    opened = ring().open(text.encode(), batch_scope(items), TARGETS)
    assert opened is not None
    for index, item in enumerate(items):
        assert opened.settled(index) == {name: each for name, each in item.items() if each.outcome in SETTLED}


def test_items_that_never_reached_a_writer_have_nothing_done() -> None:
    items = [{}, {"kafka": WriteResult(Outcome.DELIVERED)}, {}]
    opened = ring().open(batch(items).encode(), batch_scope(items), TARGETS)
    assert opened is not None
    assert [list(opened.settled(index)) for index in range(3)] == [[], ["kafka"], []]


def test_an_empty_batch_has_a_receipt_too() -> None:
    opened = ring().open(batch([]).encode(), batch_scope([]), TARGETS)
    assert opened is not None
    assert opened.event_id == "b-1"


def test_more_than_a_header_takes_is_not_issued() -> None:
    chance = random.Random(1)  # noqa: S311 - the same mix every time
    items = [{name: WriteResult(chance.choice(list(Outcome))) for name in TARGETS} for _ in range(40_000)]
    assert ring().issue(batch_scope(items), "b-1", items, TARGETS) is None


@pytest.mark.parametrize(
    ("scope", "what"),
    [
        (scope_of("other", "alice", b'{"a":1}'), "topic"),
        (scope_of("orders", "bob", b'{"a":1}'), "subject"),
        (scope_of("orders", "alice", b'{"a":2}'), "body"),
        (scope_of("orders", "alice", b'{"a":1}', 1), "body"),
    ],
)
def test_a_good_receipt_for_another_request_is_told_apart_from_a_bad_one(scope: object, what: str) -> None:
    """Its subject may be any text, lone surrogates included."""
    assert isinstance(scope, type(SCOPE))
    with pytest.raises(ReceiptMismatch, match=f"another {what}") as refused:
        ring().open(receipt().encode(), scope, TARGETS)
    assert (refused.value.status, refused.value.type) == (422, "receipt")
    odd = scope_of("orders", "\ud800", b"1")
    assert ring().open(receipt(scope=odd).encode(), odd, TARGETS) is not None


def test_an_event_id_that_the_request_names_has_to_be_the_receipts() -> None:
    receipts = ring()
    assert receipts.open(receipt().encode(), SCOPE, TARGETS, "e-1") is not None
    with pytest.raises(ReceiptMismatch, match="event id"):
        receipts.open(receipt().encode(), SCOPE, TARGETS, "e-2")


def test_it_counts_until_it_expires() -> None:
    clock = Clock()
    receipts = ring(clock=clock)
    text = receipts.issue(SCOPE, "e-1", [RESULTS], TARGETS)
    assert text is not None
    clock.now += 86399
    assert receipts.open(text.encode(), SCOPE, TARGETS) is not None
    clock.now += 1
    assert receipts.open(text.encode(), SCOPE, TARGETS) is None


def test_a_lifetime_without_end_is_no_trouble() -> None:
    receipts = Receipts("2026-11", KEYS, 10**30, Clock())
    text = receipts.issue(SCOPE, "e-1", [RESULTS], TARGETS)
    assert text is not None
    assert receipts.open(text.encode(), SCOPE, TARGETS) is not None


def test_two_gates_in_the_midst_of_a_rotation_honour_each_others_receipts() -> None:
    before, after = ring("2026-10"), ring("2026-11")
    for one, other in ((before, after), (after, before)):
        text = one.issue(SCOPE, "e-1", [RESULTS], TARGETS)
        assert text is not None
        assert other.open(text.encode(), SCOPE, TARGETS) is not None


def test_a_key_that_was_taken_away_opens_nothing_and_neither_does_another_under_its_id() -> None:
    text = receipt().encode()
    assert ring("2026-10", {"2026-10": KEYS["2026-10"]}).open(text, SCOPE, TARGETS) is None
    assert ring("2026-11", {"2026-11": KEYS["2026-10"]}).open(text, SCOPE, TARGETS) is None


def test_a_writer_that_is_done_and_writes_elsewhere_now_makes_it_count_for_nothing() -> None:
    moved = {**TARGETS, "kafka": fingerprint("kafka", "Writer", "dr.example:1/db")}
    assert ring().open(receipt().encode(), SCOPE, moved) is None
    retyped = {**TARGETS, "kafka": fingerprint("kafka", "Other", "kafka.example:1/db")}
    assert ring().open(receipt().encode(), SCOPE, retyped) is None


def test_a_writer_that_is_not_done_may_be_sent_elsewhere() -> None:
    """Its new address is why the retry may succeed."""
    moved = {**TARGETS, "postgres": fingerprint("postgres", "Writer", "new.example:1/db")}
    opened = ring().open(receipt().encode(), SCOPE, moved)
    assert opened is not None
    assert list(opened.settled()) == ["kafka", "eventbridge"]


def test_writers_that_came_or_went_since_leave_the_others_done() -> None:
    now = {"new": b"12345678", **{name: mark for name, mark in TARGETS.items() if name != "eventbridge"}}
    opened = ring().open(receipt().encode(), SCOPE, now)
    assert opened is not None
    assert list(opened.settled()) == ["kafka"]


def test_a_writer_that_does_not_say_where_it_writes_is_never_done() -> None:
    """Nor is it later, once it says so."""
    silent = {name: mark for name, mark in TARGETS.items() if name != "kafka"}
    text = ring().issue(SCOPE, "e-1", [RESULTS], silent)
    assert text is not None
    for targets in (silent, TARGETS):
        opened = ring().open(text.encode(), SCOPE, targets)
        assert opened is not None
        assert list(opened.settled()) == ["eventbridge"]


def test_a_position_that_cannot_be_packed_is_left_out() -> None:
    """JSON takes integers of any size, MessagePack does not; a plugin may give one."""
    result = WriteResult(Outcome.DELIVERED, {"offset": 2**70})
    opened = ring().open(receipt(results={"kafka": result}).encode(), SCOPE, TARGETS)
    assert opened is not None
    assert opened.settled() == {"kafka": WriteResult(Outcome.DELIVERED)}


def test_a_topic_with_many_writers_has_a_receipt_for_all_of_them() -> None:
    targets = {f"w{number}": fingerprint(f"w{number}", "Writer", "x") for number in range(50)}
    results = {name: WriteResult(Outcome.DELIVERED, {"row": 1}) for name in targets}
    text = ring().issue(SCOPE, "e-1", [results], targets)
    assert text is not None
    opened = ring().open(text.encode(), SCOPE, targets)
    assert opened is not None
    assert opened.settled() == results
