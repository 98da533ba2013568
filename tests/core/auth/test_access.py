"""Access: who may write to which topic, and what a bad document grants."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventgate.core.auth.access import AccessPolicy, fold_ascii, parse_access
from eventgate.errors import ConfigurationError, Finding, NotListed


def read(document: Any, fold_case: bool = False) -> tuple[AccessPolicy, tuple[Finding, ...]]:
    return parse_access(document, file="access.json", fold_case=fold_case)


def policy(document: Any, fold_case: bool = False) -> AccessPolicy:
    parsed, findings = read(document, fold_case)
    assert findings == ()
    return parsed


def reason(access: AccessPolicy, subject: str, topic: str = "runs") -> str | None:
    with pytest.raises(NotListed) as refusal:
        access.check_topic(subject, topic)
    return refusal.value.problems[0].reason


def test_a_listed_subject_may_write_anything() -> None:
    access = policy({"Runs": ["alice", "Bob"], "other": {"carol": {}, "dave": None}})
    for subject, topic in [("alice", "runs"), ("Bob", "runs"), ("carol", "other"), ("dave", "other")]:
        access.check_topic(subject, topic).check({"anything": 1})
    assert access.topics == ("other", "runs")
    assert access.subjects("runs") == ("Bob", "alice")
    assert access.subjects("nothing") == ()


def test_everybody_else_is_not_listed() -> None:
    access = policy({"runs": ["alice"], "empty": []})
    assert reason(access, "mallory") == "not_listed"
    assert reason(access, "alice", "empty") == "not_listed"
    assert reason(access, "alice", "unknown") == "not_listed"
    assert reason(policy({}), "alice") == "not_listed"


def test_a_subject_in_another_ascii_case_is_told_so() -> None:
    access = policy({"runs": ["Alice"]})
    assert reason(access, "alice") == "case_differs"
    assert reason(access, "ALICE") == "case_differs"
    assert reason(access, "alice ") == "not_listed"


def test_subjects_may_be_compared_without_ascii_case() -> None:
    access = policy({"runs": ["Alice", "STRAßE"]}, fold_case=True)
    for subject in ("alice", "ALICE", "straße", "STRAßE"):
        access.check_topic(subject, "runs")
    assert access.subjects("runs") == ("Alice", "STRAßE")


@pytest.mark.parametrize(
    ("listed", "subject"),
    [("straße", "strasse"), ("k", "\u212a"), ("s", "\u017f"), ("äh", "ÄH"), ("i", "\u0130"), ("i", "\u0131")],
)
@pytest.mark.parametrize("fold_case", [False, True])
def test_case_is_folded_for_ascii_letters_only(listed: str, subject: str, fold_case: bool) -> None:
    assert reason(policy({"runs": [listed]}, fold_case), subject) == "not_listed"
    assert reason(policy({"runs": [subject]}, fold_case), listed) == "not_listed"


@given(st.text(max_size=20))
def test_folding_changes_ascii_letters_only(text: str) -> None:
    folded = fold_ascii(text)
    assert len(folded) == len(text)
    assert all(a == b or (a.isascii() and a.lower() == b) for a, b in zip(text, folded, strict=True))


@pytest.mark.parametrize(
    "pattern", ["[a", "a)|(?:b", "(", "(?=a)", "(?<=a)b", r"(a)\1", "a{1,1000000}", "\\", "*", 5, None, ["a"]]
)
def test_a_bad_pattern_shuts_out_its_subject_only(pattern: Any) -> None:
    access, findings = read({"runs": {"alice": {"a": ["ok", pattern]}, "bob": {}}, "other": ["alice"]})
    assert reason(access, "alice") == "not_listed"
    access.check_topic("bob", "runs")
    access.check_topic("alice", "other")
    assert [(finding.severity, finding.file, finding.pointer) for finding in findings] == [
        ("error", "access.json", "/runs/alice/a/1")
    ]


@pytest.mark.parametrize(
    ("constraints", "pointer"),
    [
        ([], "/runs/alice"),
        ("x", "/runs/alice"),
        ({"a": "x"}, "/runs/alice/a"),
        ({"a": []}, "/runs/alice/a"),
        ({"a": {}}, "/runs/alice/a"),
        ({"/a~": ["x"]}, "/runs/alice/~1a~0"),
    ],
)
def test_bad_constraints_shut_out_their_subject_only(constraints: Any, pointer: str) -> None:
    access, findings = read({"runs": {"alice": constraints, "bob": {}}})
    assert reason(access, "alice") == "not_listed"
    access.check_topic("bob", "runs")
    assert [finding.pointer for finding in findings] == [pointer]


def test_all_that_is_wrong_with_a_subject_is_found_at_once() -> None:
    _, findings = read({"runs": {"alice": {"a": ["(", ")"], "b": 1}}})
    assert [finding.pointer for finding in findings] == ["/runs/alice/a/0", "/runs/alice/a/1", "/runs/alice/b"]


@pytest.mark.parametrize("entry", [None, "alice", 1, True])
def test_a_bad_entry_shuts_out_its_topic_only(entry: Any) -> None:
    access, findings = read({"runs": entry, "other": ["alice"]})
    assert reason(access, "alice") == "not_listed"
    access.check_topic("alice", "other")
    assert [finding.pointer for finding in findings] == ["/runs"]


def test_a_bad_subject_in_a_list_shuts_out_itself_only() -> None:
    access, findings = read({"runs": ["alice", 1, "", {"bob": {}}]})
    access.check_topic("alice", "runs")
    assert [finding.pointer for finding in findings] == ["/runs/1", "/runs/2", "/runs/3"]


def test_topics_that_become_one_in_lower_case_grant_nothing() -> None:
    access, findings = read({"Runs": ["alice"], "runs": ["bob"]})
    assert reason(access, "alice") == reason(access, "bob") == "not_listed"
    assert [(finding.severity, finding.pointer) for finding in findings] == [("error", "/runs")]


def test_a_subject_listed_twice_is_a_warning() -> None:
    access, findings = read({"runs": ["Alice", "alice"]}, fold_case=True)
    access.check_topic("ALICE", "runs")
    assert [(finding.severity, finding.pointer) for finding in findings] == [("warning", "/runs/1")]
    assert read({"runs": ["Alice", "alice"]})[1] == ()


def test_a_subject_with_two_sets_of_constraints_is_shut_out() -> None:
    access, findings = read({"runs": {"Alice": {}, "alice": {"a": ["x"]}, "bob": {}}}, fold_case=True)
    assert reason(access, "alice") == "not_listed"
    access.check_topic("bob", "runs")
    assert [finding.severity for finding in findings] == ["error", "error"]


def test_annotations_are_no_topics() -> None:
    assert policy({"$schema": "x", "$comment": "y", "runs": []}).topics == ("runs",)


@pytest.mark.parametrize("document", [None, [], "x", 1])
def test_what_is_no_access_document_raises(document: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"access\.json: the access document is not a JSON object"):
        read(document)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(st.text(max_size=5), JSON, max_size=3))
def test_any_document_gives_a_policy_that_grants_no_more_than_it_lists(document: dict[str, Any]) -> None:
    access, _ = read(document)
    for topic in access.topics:
        for subject in access.subjects(topic):
            assert any(name.lower() == topic and subject in entry for name, entry in document.items() if entry)
