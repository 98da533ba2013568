"""Lines for CloudWatch, held to the rules of the embedded metric format."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from eventgate.core.instruments import Trail
from eventgate.core.model import Outcome, WriteResult
from eventgate.errors import Problem
from eventgate.telemetry.condition import Condition
from eventgate.telemetry.emf import VARIABLE, EmbeddedMetrics, embedded_metrics

POST = "/topics/{topic}"


def written(*trails: Trail, condition: Condition | None = None) -> list[dict[str, Any]]:
    """The documents for `trails`, each checked by itself."""
    stream = io.StringIO()
    metrics = EmbeddedMetrics("EventGate", stream, lambda: 1700000000.5)
    for trail in trails:
        metrics.finished(trail)
    metrics.write(condition)
    documents = [json.loads(line) for line in stream.getvalue().splitlines()]
    for document in documents:
        check(document)
    return documents


def check(document: dict[str, Any]) -> None:
    """What the specification asks of a document."""
    assert document["_aws"]["Timestamp"] == 1700000000500
    for directive in document["_aws"]["CloudWatchMetrics"]:
        assert directive.keys() == {"Namespace", "Dimensions", "Metrics"}
        assert 1 <= len(directive["Metrics"]) <= 100
        for dimensions in directive["Dimensions"]:
            assert len(dimensions) <= 30
            for name in dimensions:
                value = document[name]
                assert isinstance(value, str)
                assert 1 <= len(value) <= 1024
                assert value.strip()
                assert value.isascii()
                assert value.isprintable()
        for metric in directive["Metrics"]:
            assert isinstance(document[metric["Name"]], int | float)
            assert metric["Unit"] in ("Count", "Seconds")


def values(documents: list[dict[str, Any]]) -> dict[tuple[str, ...], float]:
    """Every metric by its name and dimensions."""
    return {
        (metric["Name"], *(document[name] for name in directive["Dimensions"][0])): document[metric["Name"]]
        for document in documents
        for directive in document["_aws"]["CloudWatchMetrics"]
        for metric in directive["Metrics"]
    }


def posted(**writers: Outcome) -> Trail:
    results = {name: WriteResult(outcome) for name, outcome in writers.items()}
    spent = dict.fromkeys(writers, (9.0, 0.25))
    return Trail("POST", POST, "c", 202, "runs", "ada", "e-1", results=results, spent=spent, seconds=0.5)


def test_a_request_is_one_line_where_it_has_one_writer() -> None:
    documents = written(posted(kafka=Outcome.DELIVERED), condition=Condition(1, key_age=60.0))
    assert len(documents) == 1
    assert values(documents) == {
        ("requests", POST, "202"): 1,
        ("request_duration_seconds", POST): 0.5,
        ("events", "runs", "202"): 1,
        ("last_event_timestamp_seconds", "runs"): 1700000000.5,
        ("writes", "kafka", "delivered"): 1,
        ("write_duration_seconds", "kafka"): 0.25,
        ("events_in_flight",): 1,
        ("key_age_seconds",): 60.0,
    }


def test_what_has_other_labels_has_a_line_of_its_own() -> None:
    documents = written(posted(kafka=Outcome.DELIVERED, postgres=Outcome.FAILED))
    assert len(documents) == 2
    assert values(documents)["writes", "postgres", "failed"] == 1


def test_a_batch_with_several_statuses_and_outcomes_loses_none() -> None:
    outcomes = {"kafka": {Outcome.DELIVERED: 2, Outcome.UNKNOWN: 1}}
    batch = Trail("POST", POST, "c", 207, "runs", items={202: 2, 500: 1, 400: 4}, outcomes=outcomes)
    found = values(written(batch))
    assert [found["events", "runs", status] for status in ("202", "500", "400")] == [2, 1, 4]
    assert [found["writes", "kafka", outcome] for outcome in ("delivered", "unknown")] == [2, 1]
    assert found["batch_events",] == 7


def test_a_refusal_says_its_type_and_reason() -> None:
    problem = Problem("auth", "the token has expired", reason="expired")
    found = values(written(Trail("POST", POST, "c", 401, problems=(problem,))))
    assert found["refusals", "none", "auth", "expired"] == 1


@pytest.mark.parametrize(
    ("topic", "shown"), [("straße", "stra%C3%9Fe"), ("a\nb%", "a%0Ab%25"), (" ", "none"), ("é" * 400, "%C3%A9" * 170)]
)
def test_a_topic_is_a_dimension_that_cloudwatch_takes(topic: str, shown: str) -> None:
    found = values(written(Trail("POST", POST, "c", 202, topic)))
    assert [name[1] for name in found if name[0] == "events"] == [
        (shown + "%C3%A9")[:1024] if len(topic) > 9 else shown
    ]


def test_nothing_is_written_twice_and_no_line_where_there_is_nothing_to_say() -> None:
    stream = io.StringIO()
    metrics = EmbeddedMetrics("EventGate", stream)
    metrics.finished(posted(kafka=Outcome.DELIVERED))
    metrics.write(None)
    before = stream.getvalue()
    metrics.write(None)
    assert stream.getvalue() == before


@pytest.mark.parametrize("namespace", ["AWS/Lambda", "a b", "é", "x" * 257, "a\nb"])
def test_what_is_no_namespace_is_refused_without_being_shown(namespace: str) -> None:
    with pytest.raises(ValueError, match=f"^{VARIABLE} is no namespace of CloudWatch: no metrics are written$"):
        embedded_metrics({VARIABLE: namespace}, io.StringIO())


@pytest.mark.parametrize("env", [{}, {VARIABLE: ""}, {VARIABLE: " "}])
def test_without_a_namespace_there_are_no_metrics(env: dict[str, str]) -> None:
    assert embedded_metrics(env, io.StringIO()) is None
