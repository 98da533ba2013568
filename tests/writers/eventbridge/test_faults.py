"""What the writer says while EventBridge throttles, fails, hangs and refuses; and whether it is true."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from eventgate.core.model import Outcome
from eventgate.errors import SinkUnavailable
from eventgate.testing import make_event
from eventgate.writers.eventbridge.outcomes import AGAIN, ENTRY_CODES, verdicts
from eventgate.writers.eventbridge.writer import EventBridgeWriter
from tests.aws.stub import Answer, EventsStub, Hangup, Silence
from tests.writers.eventbridge.buses import bus_writer, ids, put, shown

A, B, C = (make_event({"n": number}) for number in range(3))


@pytest.fixture
async def writer(stub: EventsStub) -> AsyncIterator[EventBridgeWriter]:
    writer = bus_writer(stub.url)
    await writer.open()
    yield writer
    await writer.close()


async def test_each_event_is_told_its_own_outcome(writer: EventBridgeWriter, stub: EventsStub) -> None:
    stub.script.append(Answer("NotAuthorizedForSourceException", None, "MalformedDetail"))
    results = await put(writer, A, B, C)
    assert shown(results) == [
        "failed: the bus does not allow this source",
        "delivered",
        "refused: EventBridge does not take such a document",
    ]
    assert ids(stub.taken) == ['{"n":1}']
    assert list(results[1].position) == ["id"]


@pytest.mark.parametrize("code", sorted(AGAIN))
async def test_only_what_was_throttled_is_sent_again(writer: EventBridgeWriter, stub: EventsStub, code: str) -> None:
    stub.script.extend([Answer(None, code, None), Answer(code)])
    assert shown(await put(writer, A, B, C)) == ["delivered"] * 3
    assert [ids(request) for request in stub.requests] == [['{"n":0}', '{"n":1}', '{"n":2}'], ['{"n":1}'], ['{"n":1}']]


async def test_a_throttled_request_is_sent_again(writer: EventBridgeWriter, stub: EventsStub) -> None:
    stub.script.append(Answer(status=400, code="ThrottlingException"))
    assert shown(await put(writer, A, B)) == ["delivered"] * 2
    assert ids(stub.taken) == ['{"n":0}', '{"n":1}']


async def test_throttling_ends_with_the_deadline(writer: EventBridgeWriter, stub: EventsStub) -> None:
    stub.always = Answer("ThrottlingException")
    started = asyncio.get_running_loop().time()
    assert shown(await put(writer, A, seconds=1)) == ["failed: throttled"]
    assert asyncio.get_running_loop().time() - started < 5
    assert len(stub.requests) > 1
    assert stub.taken == []


@pytest.mark.parametrize(
    ("status", "code", "said"),
    [
        (400, "AccessDeniedException", "failed: access denied"),
        (400, "ResourceNotFoundException", "failed: it does not exist"),
        (400, "ExpiredTokenException", "failed: the AWS credentials have expired"),
        (400, "ValidationException", "failed: the request is not valid"),
        (413, "RequestEntityTooLarge", "failed: AWS answered 413"),
        (500, "InternalException", "unknown: AWS reports an error of its own"),
        (503, "ServiceUnavailable", "unknown: AWS reports an error of its own"),
    ],
)
async def test_a_request_that_fails_as_a_whole_is_not_repeated(
    writer: EventBridgeWriter, stub: EventsStub, status: int, code: str, said: str
) -> None:
    stub.script.append(Answer(status=status, code=code))
    assert shown(await put(writer, A)) == [said]
    assert len(stub.requests) == 1


async def test_an_invalid_entry_fails_none_of_its_neighbours(writer: EventBridgeWriter, stub: EventsStub) -> None:
    invalid = Answer(status=400, code="ValidationException")
    stub.script.extend([invalid, Answer(), invalid, Answer()])
    outcomes = [result.outcome for result in await put(writer, A, B, C)]
    assert outcomes == [Outcome.DELIVERED, Outcome.FAILED, Outcome.DELIVERED]
    assert ids(stub.taken) == ['{"n":0}', '{"n":2}']


@pytest.mark.parametrize("silence", [Silence(take=True), Silence(take=False), Hangup(take=True), Hangup(take=False)])
async def test_no_answer_is_unknown_and_the_next_request_is_well(
    writer: EventBridgeWriter, stub: EventsStub, silence: Silence
) -> None:
    stub.script.append(silence)
    started = asyncio.get_running_loop().time()
    assert [each.outcome for each in await put(writer, A, seconds=1.5)] == [Outcome.UNKNOWN]
    assert asyncio.get_running_loop().time() - started < 5  # the client itself would wait for a minute
    assert shown(await put(writer, B)) == ["delivered"]
    assert len(stub.requests) == 2


async def test_a_bus_that_hangs_holds_nobody_elses_request(writer: EventBridgeWriter, stub: EventsStub) -> None:
    stub.script.append(Silence(take=False))
    hanging = asyncio.ensure_future(put(writer, A, seconds=5))
    await asyncio.to_thread(stub.arrived.wait)
    assert shown(await put(writer, B)) == ["delivered"]
    assert not hanging.done()
    stub.released.set()
    assert [each.outcome for each in await hanging] == [Outcome.UNKNOWN]


async def test_a_bus_that_cannot_be_reached_is_certain(stub: EventsStub) -> None:
    stub.close()
    writer = bus_writer(stub.url)
    await writer.open()
    assert shown(await put(writer, A)) == ["failed: cannot be reached"]
    with pytest.raises(SinkUnavailable, match="cannot be reached"):
        await writer.probe()
    await writer.close()


async def test_large_groups_travel_in_several_requests(writer: EventBridgeWriter, stub: EventsStub) -> None:
    events = [make_event({"n": number}) for number in range(25)]
    assert shown(await put(writer, *events)) == ["delivered"] * 25
    assert sorted(len(request) for request in stub.requests) == [5, 10, 10]


async def test_entries_are_spread_by_their_bytes_too(stub: EventsStub) -> None:
    writer = bus_writer(stub.url, max_request_bytes=1024)
    await writer.open()
    assert shown(await put(writer, *(make_event({"x": "y" * 400}) for _ in range(5)))) == ["delivered"] * 5
    assert sorted(len(request) for request in stub.requests) == [1, 2, 2]
    await writer.close()


async def test_what_cannot_be_an_entry_is_refused_beside_its_neighbours(
    writer: EventBridgeWriter, stub: EventsStub
) -> None:
    results = await put(writer, A, make_event(body=b"[]"), B)
    assert shown(results) == ["delivered", "refused: EventBridge takes JSON objects only", "delivered"]


@pytest.mark.parametrize("answer", [{}, {"Entries": []}, {"Entries": [{}]}, {"Entries": [{"EventId": "a"}] * 2}])
def test_an_answer_that_does_not_mention_an_event_leaves_it_unknown(answer: dict[str, object]) -> None:
    assert [each.result.outcome for each in verdicts(answer, 1)] == [Outcome.UNKNOWN]


def test_an_unheard_of_code_is_a_failure() -> None:
    """EventBridge says that an entry with an error code was not taken."""
    verdict = verdicts({"Entries": [{"ErrorCode": "NewsToUs", "ErrorMessage": "hush"}]}, 1)[0]
    assert (verdict.result.outcome, verdict.again) == (Outcome.FAILED, False)
    assert "hush" not in str(verdict.result.reason)


def test_every_code_of_an_entry_has_an_outcome() -> None:
    """Those of the EventBridge API reference, PutEventsResultEntry."""
    documented = {
        "InternalFailure", "ThrottlingException", "AccessDeniedException", "InvalidAccountIdException",
        "InvalidArgument", "MalformedDetail", "RedactionFailure", "NotAuthorizedForSourceException",
        "NotAuthorizedForDetailTypeException",
    }  # fmt: skip
    assert documented <= ENTRY_CODES.keys()
    assert ENTRY_CODES.keys() >= AGAIN
