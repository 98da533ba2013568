"""A spool in an SQS queue, as moto plays it: what is sent there, and what becomes of it."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import pytest

from eventgate.adapters import aws_sqs
from eventgate.adapters.aws_lambda import Environment
from tests.aws.environment import use_credentials
from tests.cli.commands import eventgate
from tests.services.aws import Aws
from tests.spool.queues import Queues
from tests.spool.support import Spooled, eventually


@pytest.fixture(autouse=True)
def _surroundings(monkeypatch: pytest.MonkeyPatch, aws: Aws) -> None:
    use_credentials(monkeypatch)
    monkeypatch.setenv("AWS_ENDPOINT_URL", aws.endpoint_url)
    monkeypatch.setattr("eventgate.core.health.KEEP_SECONDS", -1)
    monkeypatch.setattr("eventgate.spool.sqs.queue.KEEP_SECONDS", -1)


def spooled(folder: Path, queue: str, **spool: Any) -> Spooled:
    return Spooled(folder, **{"store": f"sqs:{queue}", **spool})


@pytest.mark.parametrize("by", ["name", "url"])
async def test_what_is_deferred_is_in_the_queue_byte_for_byte(tmp_path: Path, aws: Aws, by: str) -> None:
    queues = Queues(aws)
    gate = spooled(tmp_path, queues.name if by == "name" else queues.url)
    body = '{"id":"1",  "n": 1,\r\n\t"key": "ключ \\u0001 \x7f😀"}'.encode()
    async with gate.opened(background=False) as client:
        gate.break_("b")
        answer = await client.post(body)
        assert (answer.status, answer.outcomes) == (202, {"a": "delivered", "b": "deferred"})
    (message,) = queues.messages()
    said = json.loads(message["Body"])
    assert body.decode() in message["Body"]
    assert (said["topic"], said["event_id"], said["subject"], said["writer"]) == ("orders", "1", "ann", "b")


async def test_characters_that_sqs_does_not_take_travel_all_the_same(tmp_path: Path, aws: Aws) -> None:
    queues = Queues(aws)
    gate = spooled(tmp_path, queues.name)
    body = '{"id":"1", "key": "\ufffe"}'.encode()
    async with gate.opened() as client:
        gate.break_("b")
        assert (await client.post(body)).status == 202
        gate.mend("b")
        await eventually(lambda: gate.ids("b") == ["1"])
    assert gate.held("b")[0].event == body


async def test_a_server_drains_the_queue_by_itself(tmp_path: Path, aws: Aws) -> None:
    queues = Queues(aws)
    gate = spooled(tmp_path, queues.name)
    async with gate.opened() as client:
        gate.break_("b")
        for number in range(12):
            assert (await client.post({"id": str(number)})).status == 202
        gate.mend("b")
        await eventually(lambda: len(gate.ids("b")) == 12)


async def test_an_event_that_the_queue_cannot_hold_is_not_called_deferred(tmp_path: Path, aws: Aws) -> None:
    queues = Queues(aws, attributes={"MaximumMessageSize": "1024"})
    gate = spooled(tmp_path, queues.name)
    async with gate.opened(background=False) as client:
        gate.break_("b")
        answer = await client.post({"id": "1", "key": "x" * 2000})
        assert (answer.status, answer.types, answer.outcomes["b"]) == (503, ["spool"], "failed")
        assert "larger than the queue's 1,024 bytes" in answer.document["writers"]["b"]["reason"]
        assert (await client.post({"id": "2"})).status == 202


@pytest.mark.parametrize(
    ("attributes", "spool", "why"),
    [
        ({"MessageRetentionPeriod": "3600"}, {}, "forgets messages"),
        ({}, {"max_events": 1}, "the spool is full"),
    ],
)
async def test_a_queue_that_could_lose_events_is_not_trusted(
    tmp_path: Path, aws: Aws, attributes: dict[str, str], spool: dict[str, Any], why: str
) -> None:
    gate = spooled(tmp_path, Queues(aws, attributes=attributes).name, **spool)
    async with gate.opened(background=False) as client:
        gate.break_("b")
        answers = [await client.post({"id": str(number)}) for number in range(2)]
        assert answers[1].status == 503
        assert why in answers[1].document["writers"]["b"]["reason"]


async def test_a_queue_that_does_not_exist_is_told_by_health_and_by_answers(tmp_path: Path, aws: Aws) -> None:
    gate = spooled(tmp_path, "nowhere")
    async with gate.opened(background=False) as client:
        health = await client.health()
        assert (health["status"], health["dependencies"]["spool"]) == ("ok", "it does not exist")
        gate.break_("b")
        answer = await client.post({"id": "1"})
        assert (answer.status, answer.outcomes["b"]) == (503, "failed")


async def test_a_queue_that_hangs_leaves_time_for_an_answer(tmp_path: Path, aws: Aws) -> None:
    """Nobody knows whether it took the event, so it is not `failed`."""
    queues = Queues(aws)
    gate = spooled(tmp_path, queues.name)
    async with gate.opened(background=False) as client:
        gate.break_("b")
        assert (await client.post({"id": "1"})).status == 202
        aws.pause()
        try:
            started = time.monotonic()
            answer = await client.post({"id": "2"})
        finally:
            aws.resume()
        assert answer.status == 503
        assert time.monotonic() - started < 10
        assert answer.outcomes["b"] in ("failed", "unknown")


async def test_health_counts_what_waits_and_what_is_dead(tmp_path: Path, aws: Aws) -> None:
    queues = Queues(aws)
    gate = spooled(tmp_path, queues.name, on_invalid="keep")
    async with gate.opened(background=False) as client:
        gate.break_("b")
        await client.post({"id": "1"})
        gate.mend("b")
        assert (await client.post({"n": 1})).status == 400
        warnings = [each for each in (await client.health())["warnings"] if each.startswith("spool")]
    assert any("1 deferred event waiting" in each for each in warnings)
    assert any("1 dead letter;" in each for each in warnings)
    (letter,) = queues.messages(queues.dead)
    assert json.loads(letter["Body"])["why"] == "invalid"


def environment(gate: Spooled, aws: Aws) -> Environment:
    return Environment({"CONF_DIR": str(gate.folder), "AWS_LAMBDA_FUNCTION_NAME": "redelivery"})


async def deferred(gate: Spooled, *events: dict[str, Any]) -> None:
    async with gate.opened(background=False) as client:
        gate.break_("b")
        for event in events:
            assert (await client.post(event)).outcomes["b"] == "deferred"


def test_the_function_on_the_queue_delivers_and_says_what_is_to_come_back(tmp_path: Path, aws: Aws) -> None:
    queues = Queues(aws)
    gate = spooled(tmp_path, queues.name)
    asyncio.run(deferred(gate, {"id": "1"}, {"id": "2"}))
    function = environment(gate, aws)
    try:
        first = queues.invocation()
        failed = aws_sqs.redeliver(function, first, None)
        assert [each["itemIdentifier"] for each in failed["batchItemFailures"]] == [
            each["messageId"] for each in first["Records"]
        ]
        gate.mend("b")
        strange = {"messageId": "strange", "receiptHandle": "x", "body": "not ours"}
        second = {"Records": [*first["Records"], strange]}
        assert aws_sqs.redeliver(function, second, None) == {"batchItemFailures": [{"itemIdentifier": "strange"}]}
        assert sorted(gate.ids("b")) == ["1", "2"]
    finally:
        function.close()


def test_a_message_past_its_age_becomes_a_dead_letter(tmp_path: Path, aws: Aws) -> None:
    queues = Queues(aws)
    gate = spooled(tmp_path, queues.name, max_age_seconds=1)
    asyncio.run(deferred(gate, {"id": "1"}))
    function = environment(gate, aws)
    try:
        invocation = queues.invocation()
        (record,) = invocation["Records"]
        old = json.loads(record["body"])
        record["body"] = record["body"].replace(str(old["deferred_at"]), str(old["deferred_at"] - 10))
        assert aws_sqs.redeliver(function, invocation, None) == {"batchItemFailures": []}
    finally:
        function.close()
    (letter,) = queues.messages(queues.dead)
    said = json.loads(letter["Body"])
    assert (said["why"], said["event"], said["subject"], said["writer"]) == ("expired", {"id": "1"}, "ann", "b")


@pytest.mark.parametrize("invocation", [None, {}, {"Records": None}, {"Records": []}, {"Records": ["x", {}]}, 7])
def test_an_invocation_that_is_none_is_answered_with_nothing(tmp_path: Path, aws: Aws, invocation: object) -> None:
    function = environment(spooled(tmp_path, Queues(aws).name), aws)
    try:
        assert aws_sqs.redeliver(function, invocation, None) == {"batchItemFailures": []}
    finally:
        function.close()


def test_a_fifo_queue_keeps_the_order_of_each_key(tmp_path: Path, aws: Aws) -> None:
    queues = Queues(aws, fifo=True)
    gate = spooled(tmp_path, queues.name)
    asyncio.run(deferred(gate, *({"id": str(number), "key": "k"} for number in range(4))))
    function = environment(gate, aws)
    try:
        invocation = queues.invocation()
        assert len({each["attributes"]["MessageGroupId"] for each in invocation["Records"]}) == 1
        gate.mend("b")
        assert aws_sqs.redeliver(function, invocation, None) == {"batchItemFailures": []}
    finally:
        function.close()
    assert gate.ids("b") == ["0", "1", "2", "3"]


def test_where_the_guard_is_missing_the_others_follow_it(tmp_path: Path, aws: Aws) -> None:
    queues = Queues(aws)
    gate = spooled(tmp_path, queues.name)
    gate.config["topics"]["orders"]["guard"] = "b"
    gate.write()
    asyncio.run(deferred(gate, {"id": "1"}))
    function = environment(gate, aws)
    try:
        gate.mend("b")
        first = queues.invocation()
        assert len(first["Records"]) == 1
        assert aws_sqs.redeliver(function, first, None) == {"batchItemFailures": []}
        assert (gate.ids("b"), gate.ids("a")) == (["1"], [])
        assert aws_sqs.redeliver(function, queues.invocation(), None) == {"batchItemFailures": []}
        assert gate.ids("a") == ["1"]
    finally:
        function.close()


@pytest.mark.parametrize("exists", [True, False])
def test_check_asks_the_queue(tmp_path: Path, aws: Aws, exists: bool) -> None:
    gate = spooled(tmp_path, Queues(aws, redrive=False).name if exists else "nowhere")
    ran = eventgate("check", "--connect", "--format", "json", "--conf", gate.folder)
    said = json.loads(ran.out)
    assert said["connections"]["spool"] == ("ok" if exists else "it does not exist")
    assert (ran.code == 0) == exists
    warned = [each for each in said["findings"] if each.get("pointer") == "/spool/store"]
    assert [("dead letters" in each["message"]) for each in warned] == [True] * exists
