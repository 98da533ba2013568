"""The judge of a campaign on retries, redelivery, places and batches."""

from __future__ import annotations

from tests.campaign.copies import REDELIVERED
from tests.campaign.judge import Sinks, believed_in_vain, judge
from tests.campaign.made import OTHER, RULES, SPOOLED, WRITERS, E, attempt, judged, silent
from tests.campaign.records import Attempt, Key, Said


def test_a_retry_with_a_receipt_repeats_no_delivered_writer() -> None:
    """Its merged answer says `delivered` again; a second copy would be a breach of the receipt's promise."""
    retry = [attempt(postgres="failed", given="r1"), attempt(at=1, brought="r1")]
    assert judged(*retry).violations == []
    assert len(judged(*retry, kafka=2, hook=2).violations) == 2


def test_a_receipt_that_was_not_honoured_spares_no_writer() -> None:
    ignored = [
        attempt(postgres="failed", given="r1", submission="a"),
        attempt(at=1, brought="r1", honoured=False, submission="a"),
    ]
    assert len(judged(*ignored, kafka=2, hook=2).violations) == 2  # sent again, and no excuse
    assert [text for text in judged(*ignored).violations if "took it 2 times" in text]


def test_a_lost_answer_to_a_retry_with_a_receipt_excuses_only_what_was_missing() -> None:
    retry = [attempt(kafka="failed", given="r1"), silent(at=1, brought="r1"), attempt(at=2, brought="r1")]
    assert judged(*retry, kafka=2).violations == []
    assert judged(*retry, hook=2).violations


def test_redelivery_out_of_a_spool_may_repeat() -> None:
    """The spool's own attempts are not in the ledger; only a deferred or unanswered event is granted them."""
    assert judged(attempt(kafka="deferred", key=SPOOLED), kafka=3).copies == {REDELIVERED: 2}
    assert judged(attempt(key=SPOOLED), kafka=2).violations
    assert judged(attempt(kafka="deferred"), kafka=2).violations  # this topic has no spool


def test_what_lies_at_the_place_that_was_told_is_the_event() -> None:
    said = Said(202, dict.fromkeys(WRITERS, "delivered"), places={"kafka": 7})
    told = Attempt(3, (E,), 0, 1, said=(said,))
    held = {writer: {E: 1} for writer in WRITERS}

    def violations(there: Key) -> list[str]:
        places = {"kafka": {("orders", 7): there}}
        return judge([told], Sinks(held, frozenset({"postgres"}), places=places), RULES, frozenset()).violations

    assert violations(E) == []
    assert violations(OTHER) == ["e of orders: attempt 3 says kafka has it at 7, where e of orders lies"]


def test_what_a_client_takes_for_accepted_was_accepted() -> None:
    assert believed_in_vain([attempt(kafka="failed"), attempt(at=1)], [E]) == []
    for unheard in (attempt(lost=True), attempt(kafka="failed"), silent()):
        assert believed_in_vain([unheard], [E]) == [
            "e of orders: a client takes it for accepted, but no answer said so"
        ]


def test_an_event_that_may_be_in_the_spool_may_be_redelivered() -> None:
    """The spool did not answer in time: 503 `spool`, with `unknown`. With `failed`, it is not there."""
    doubt = attempt("unknown", key=SPOOLED, status=503, errors=("spool",), hook="skipped")
    assert judged(doubt, attempt(key=SPOOLED, at=1), kafka=3).violations == []
    certain = attempt("failed", key=SPOOLED, status=503, errors=("spool",), hook="skipped")
    assert judged(certain, attempt(key=SPOOLED, at=1), kafka=2).violations != []


def test_each_event_of_a_batch_is_judged_by_its_own_answer() -> None:
    keys = (Key("orders", "a", "1"), Key("orders", "b", "2"))
    fine = dict.fromkeys(WRITERS, "delivered")
    said = (Said(202, fine), Said(500, {**fine, "kafka": "failed"}))
    held = {"kafka": {keys[0]: 1}, "postgres": dict.fromkeys(keys, 1), "hook": dict.fromkeys(keys, 1)}
    sinks = Sinks(held, frozenset({"postgres"}))
    batch = Attempt(1, keys, 0, 1, said=said)
    assert judge([batch], sinks, RULES, frozenset()).violations == []
    wrong = Attempt(1, keys, 0, 1, said=said[::-1])
    assert len(judge([wrong], sinks, RULES, frozenset()).violations) == 2


def test_an_event_that_a_batch_holds_twice_is_written_for_each_place() -> None:
    """The retry spares the place that is delivered, and no other."""
    first, again = (
        Said(202, dict.fromkeys(WRITERS, "delivered")),
        Said(500, {**dict.fromkeys(WRITERS, "delivered"), "kafka": "unknown"}),
    )
    batch = Attempt(1, (E, E), 0, 1, submission="s", said=(first, again), given="r1")
    retry = Attempt(2, (E, E), 2, 3, submission="s", said=(first, first), brought="r1")
    assert judged(batch, retry, kafka=3, hook=2).violations == []
    assert len(judged(batch, retry, kafka=4, hook=3).violations) == 2
