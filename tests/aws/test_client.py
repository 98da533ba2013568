"""A call ends by its deadline, knows what it sent, and sends nothing afterwards."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from typing import Any

import pytest

from eventgate.aws.client import MAX_CALLS, Client
from eventgate.aws.faults import AwsFailure
from tests.aws.stub import Answer, EventsStub, Hangup, Silence
from tests.unmeasured import unmeasured

ENTRY = {"Source": "s", "DetailType": "t", "Detail": "{}"}


def soon(seconds: float) -> float:
    return asyncio.get_running_loop().time() + seconds


async def put(client: Client, seconds: float = 10.0) -> Any:
    return await client.call("put_events", {"Entries": [ENTRY]}, dict, deadline=soon(seconds))


async def failed(client: Client, seconds: float = 10.0) -> AwsFailure:
    with pytest.raises(AwsFailure) as caught:
        await put(client, seconds)
    return caught.value


@pytest.fixture
async def client(stub: EventsStub) -> AsyncIterator[Client]:
    with closing(Client("events", endpoint_url=stub.url)) as client:
        yield client


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port whose backlog is full: connections to it are neither taken nor refused."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        with socket.create_connection(listener.getsockname()), socket.socket() as more:
            more.setblocking(False)
            more.connect_ex(listener.getsockname())
            yield listener.getsockname()[1]


async def test_a_connection_serves_for_many_calls(client: Client, stub: EventsStub) -> None:
    for _ in range(5):
        await put(client)
    assert stub.connections == 1


async def test_no_call_is_repeated(client: Client, stub: EventsStub) -> None:
    stub.always = Answer(status=500, code="InternalException")
    problem = await failed(client)
    assert (problem.acted, len(stub.requests)) == (True, 1)


async def test_a_service_that_hangs_may_have_acted(client: Client, stub: EventsStub) -> None:
    stub.script.append(Silence(take=True))
    assert (await failed(client, 1.5)).acted
    stub.script.append(Hangup(take=True))
    assert (await failed(client)).acted
    await put(client)


async def test_what_was_never_sent_was_not_acted_upon(silent_port: int) -> None:
    with closing(Client("events", endpoint_url=f"http://127.0.0.1:{silent_port}")) as client:
        assert not (await failed(client, 0.3)).acted


async def test_a_refused_connection_was_not_acted_upon() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with closing(Client("events", endpoint_url=f"http://127.0.0.1:{port}")) as client:
        problem = await failed(client)
    assert (problem.acted, problem.reason) == (False, "cannot be reached")


async def test_a_call_that_was_given_up_sends_nothing_afterwards(
    stub: EventsStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its thread hangs in the look-up of a name, as one that Lambda froze may."""
    looking, go_on, done = threading.Event(), threading.Event(), threading.Event()
    look_up = socket.getaddrinfo

    def slow(*arguments: Any, **more: Any) -> Any:
        looking.set()
        go_on.wait()
        done.set()
        return look_up(*arguments, **more)

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    with closing(Client("events", endpoint_url=stub.url)) as client:
        task = asyncio.ensure_future(failed(client, 2.0))
        await asyncio.to_thread(looking.wait)
        assert not (await task).acted
        go_on.set()
        await asyncio.to_thread(done.wait)
        await put(client)
    assert len(stub.requests) == 1


async def test_a_cancelled_call_lets_go(client: Client, stub: EventsStub) -> None:
    stub.script.append(Silence(take=False))
    task = asyncio.ensure_future(put(client))
    await asyncio.to_thread(stub.arrived.wait)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await put(client)


async def test_more_calls_than_there_are_places_fail_at_once(client: Client, stub: EventsStub) -> None:
    stub.always = Silence(take=False)
    calls = [asyncio.ensure_future(failed(client, 1.0)) for _ in range(MAX_CALLS + 1)]
    problems = await asyncio.gather(*calls)
    assert [each.reason for each in problems].index("too many earlier calls hang") == MAX_CALLS
    assert not problems[-1].acted


async def test_closing_cuts_what_is_under_way(client: Client, stub: EventsStub) -> None:
    stub.script.append(Silence(take=False))
    task = asyncio.ensure_future(failed(client, 30))
    await asyncio.to_thread(stub.arrived.wait)
    client.close()
    assert (await task).acted
    assert not (await failed(client)).acted


async def test_no_time_is_no_call(client: Client, stub: EventsStub) -> None:
    assert not (await failed(client, -1.0)).acted
    assert stub.requests == []


WITHOUT_CREDENTIALS = """
import asyncio, sys
from eventgate.aws.client import Client

async def main():
    client = Client("events", endpoint_url=sys.argv[1])
    try:
        await client.call("put_events", {"Entries": []}, dict, deadline=asyncio.get_running_loop().time() + 9)
    except Exception as error:
        print(error, error.acted)

asyncio.run(main())
"""


def test_without_credentials_nothing_is_sent(monkeypatch: pytest.MonkeyPatch, stub: EventsStub) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    command = [sys.executable, "-c", WITHOUT_CREDENTIALS, stub.url]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    assert run.stdout == "there are no AWS credentials False\n"
    assert stub.requests == []


def test_nothing_of_botocore_is_imported_before_a_call() -> None:
    """Nor by a configuration that asks for nothing of AWS."""
    modules = "eventgate.aws.client, eventgate.config.loader, eventgate.writers.eventbridge.writer, sys"
    code = f"import {modules}; print([name for name in ('botocore', 'boto3') if name in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=unmeasured())
    assert run.stdout == "[]\n"
