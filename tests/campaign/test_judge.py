"""The judge of a campaign catches every kind of lie, and takes no truth for one."""

from __future__ import annotations

from typing import Any

import pytest

from tests.campaign.copies import AGAIN, LOST, TWICE, UNKNOWN
from tests.campaign.judge import Sinks, judge
from tests.campaign.made import NOBODYS, OTHER, RULES, WRITERS, E, attempt, judged, silent
from tests.campaign.records import Attempt, Said


def test_what_was_accepted_and_is_there_once_is_right() -> None:
    result = judged(attempt())
    assert (result.violations, result.copies) == ([], {})


@pytest.mark.parametrize("writer", sorted(WRITERS))
@pytest.mark.parametrize("outcome", ["delivered", "duplicate", "deferred"])
def test_what_a_sink_was_said_to_have_must_be_there(writer: str, outcome: str) -> None:
    """Optional or not, whatever the status was."""
    said: dict[str, Any] = {writer: outcome}
    none: dict[str, Any] = {writer: 0}
    (violation,) = judged(attempt(**said), **none).violations
    assert violation == f"e of orders: {writer} said {outcome}, but does not hold it"
    failing = "kafka" if writer == "postgres" else "postgres"
    missed: dict[str, Any] = {failing: "failed"}
    gone: dict[str, Any] = {failing: 0}
    assert judged(attempt(**said, **missed), **none, **gone).violations == [violation]


def test_a_listed_dead_letter_need_not_be_there() -> None:
    assert judged(attempt(kafka="deferred"), dead="kafka", kafka=0).violations == []
    assert judged(attempt(kafka="deferred"), dead="hook", kafka=0).violations != []


def test_what_was_said_although_the_client_did_not_hear_it_must_be_there() -> None:
    assert judged(attempt(lost=True), kafka=0).violations != []


@pytest.mark.parametrize("outcome", ["failed", "unknown", "refused", "skipped", "conflict"])
def test_a_202_with_a_required_writer_that_has_it_not_is_a_lie(outcome: str) -> None:
    (violation,) = judged(attempt(kafka=outcome, status=202), kafka=0).violations
    assert violation.endswith(f"was answered 202 with kafka {outcome}")
    assert judged(attempt(hook=outcome, status=202), hook=0).violations == []


@pytest.mark.parametrize("outcome", ["failed", "refused", "skipped", "conflict"])
def test_what_certainly_is_not_there_must_not_be_there(outcome: str) -> None:
    (violation,) = judged(attempt(kafka=outcome), kafka=1).violations
    assert violation == f"e of orders: kafka said {outcome} each time, but holds it"
    assert judged(attempt(kafka=outcome), kafka=0).violations == []


@pytest.mark.parametrize(
    "doubt",
    [attempt(kafka="unknown", at=1), silent(at=1), attempt(at=1), attempt(errors=("unavailable",), status=503)],
    ids=["unknown", "no answer", "delivered", "stopped"],
)
def test_one_attempt_that_may_have_put_it_there_is_enough(doubt: Attempt) -> None:
    if doubt.said and "unavailable" in doubt.said[0].errors:
        doubt = Attempt(1, (E,), 1, 2, said=(Said(503, {}, ("unavailable",)),))
    postgres = 1 if doubt.said and doubt.said[0].outcomes else 0
    assert judged(attempt("failed", "failed", hook="failed"), doubt, kafka=1, postgres=postgres).violations == []


@pytest.mark.parametrize(
    "refused",
    [
        Attempt(1, (E,), 0, 1, said=(Said(503, {}, ("overload",)),)),
        Attempt(1, (E,), 0, 1, said=(Said(400, {}, ("validation",)),)),
        silent(arrived=False),
    ],
    ids=["overload", "validation", "never arrived"],
)
def test_a_request_that_reached_no_writer_put_nothing_anywhere(refused: Attempt) -> None:
    assert len(judged(refused).violations) == len(WRITERS)
    assert judged(refused, kafka=0, postgres=0, hook=0).violations == []


def test_a_sink_with_a_ledger_holds_no_id_twice() -> None:
    (violation,) = judged(attempt(), silent(at=1), postgres=2).violations
    assert violation == "e of orders: postgres holds this event id 2 times"


def test_two_documents_under_one_id_are_one_too_many_where_there_is_a_ledger() -> None:
    both = {E: 1, OTHER: 1}
    result = judged(attempt(), attempt(key=OTHER, at=1), postgres=both, kafka=both, hook=both)
    assert result.violations == ["e of orders: postgres holds this event id 2 times"]


def test_nobody_put_it_there() -> None:
    (violation,) = judged(attempt(), kafka={E: 1, NOBODYS: 1}).violations
    assert violation == "nobody's of orders: kafka holds what nobody posted"


def test_a_defect_of_the_gate_is_a_violation() -> None:
    defect = Attempt(7, (E,), 0, 1, said=(Said(500, {}, ("internal",)),))
    assert judged(defect).violations == ["attempt 7: the gate met a defect of its own"]


@pytest.mark.parametrize(
    ("others", "reason"),
    [
        ([attempt(kafka="unknown", hook="skipped", at=1)], UNKNOWN),
        ([silent(at=1)], LOST),
        ([attempt(hook="skipped", at=1, lost=True)], LOST),
        ([attempt(hook="skipped", at=0.4)], TWICE),
        ([attempt(hook="skipped", at=1)], TWICE),
    ],
    ids=["unknown", "no answer", "answer lost", "at once", "one after the other"],
)
def test_a_second_copy_can_be_explained(others: list[Attempt], reason: str) -> None:
    result = judged(attempt(), *others, kafka=2)
    assert (result.violations, result.copies) == ([], {reason: 1})


def test_a_third_copy_needs_a_third_reason() -> None:
    two = [attempt(), attempt(kafka="unknown", hook="failed", at=1)]
    assert judged(*two, kafka=2).violations == []
    (violation,) = judged(*two, kafka=3).violations
    assert violation == "e of orders: kafka holds it 3 times, and nothing explains 1 of them"


def test_a_copy_out_of_one_attempt_is_not_explained() -> None:
    assert judged(attempt(), kafka=2).violations
    assert judged(attempt(kafka="unknown"), kafka=2).violations


def test_a_retry_after_an_answer_is_no_excuse_unless_it_is_made_one() -> None:
    attempts = [attempt(submission="a"), attempt(at=1, submission="a")]
    assert len(judged(*attempts, kafka=2, hook=2).violations) == 2
    sinks = Sinks({"kafka": {E: 2}, "hook": {E: 2}, "postgres": {E: 1}}, frozenset({"postgres"}))
    result = judge(attempts, sinks, RULES, frozenset({AGAIN}))
    assert (result.violations, result.copies) == ([], {AGAIN: 2})


def test_what_a_sink_took_twice_it_holds_twice() -> None:
    (violation,) = judged(attempt(), attempt(at=0.4), kafka=1, hook=2).violations
    assert violation == "e of orders: kafka took it 2 times, but holds it 1 times"


def test_a_lost_answer_explains_the_retry_of_one_of_two_submissions() -> None:
    attempts = [attempt(lost=True, submission="a"), attempt(at=0.1, submission="b"), attempt(at=1, submission="a")]
    result = judged(*attempts, kafka=3, hook=3)
    assert (result.violations, result.copies) == ([], {LOST: 2, TWICE: 2})


def test_sending_again_within_a_submission_is_no_excuse_though_there_is_another() -> None:
    attempts = [attempt(submission="a"), attempt(at=0.1, submission="b"), attempt(at=0.7, submission="a")]
    assert len(judged(*attempts, kafka=3, hook=3).violations) == 2
