"""Certificates, proxies and idle connections."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from eventgate.aws import transport
from eventgate.aws.client import Client
from eventgate.aws.faults import AwsFailure
from tests.aws.stub import EventsStub
from tests.certificates import self_signed

ENTRY = {"Source": "s", "DetailType": "t", "Detail": "{}"}


async def put(client: Client) -> Any:
    deadline = asyncio.get_running_loop().time() + 10
    return await client.call("put_events", {"Entries": [ENTRY]}, dict, deadline=deadline)


async def put_once(stub: EventsStub, ca_bundle: bool | str) -> None:
    with closing(Client("events", endpoint_url=stub.url, ca_bundle=ca_bundle)) as client:
        await put(client)


@contextmanager
def tls(stub: EventsStub, folder: Path) -> Iterator[Path]:
    """Let `stub` speak TLS; the certificate that proves it."""
    cert, key = self_signed(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    stub.speak_tls(context)
    yield cert


async def test_a_bundle_of_ones_own_is_what_servers_prove_themselves_by(stub: EventsStub, tmp_path: Path) -> None:
    with tls(stub, tmp_path) as cert, closing(Client("events", endpoint_url=stub.url, ca_bundle=str(cert))) as client:
        await put(client)
        await put(client)
    assert stub.connections == 1


@pytest.mark.parametrize("ca_bundle", [True, "other"])
async def test_a_server_that_does_not_prove_itself_is_sent_nothing(
    stub: EventsStub, tmp_path: Path, ca_bundle: bool | str
) -> None:
    (tmp_path / "other").mkdir()
    bundle = str(self_signed(tmp_path / "other")[0]) if ca_bundle == "other" else ca_bundle
    with tls(stub, tmp_path), pytest.raises(AwsFailure, match="TLS fails") as caught:
        await put_once(stub, bundle)
    assert not caught.value.acted
    assert stub.requests == []


async def test_without_verification_any_server_will_do(stub: EventsStub, tmp_path: Path) -> None:
    with tls(stub, tmp_path):
        await put_once(stub, ca_bundle=False)


async def test_a_bundle_that_cannot_be_read_is_a_failure(stub: EventsStub, tmp_path: Path) -> None:
    with pytest.raises(AwsFailure) as caught:
        await put_once(stub, str(tmp_path / "absent"))
    assert str(tmp_path) not in caught.value.reason


async def test_the_environments_proxy_is_used_but_not_for_this_machine(
    stub: EventsStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stub stands for the proxy: it is asked for what another host has."""
    monkeypatch.setenv("HTTP_PROXY", stub.url)
    with closing(Client("events", endpoint_url="http://bus.example")) as client:
        await put(client)
    assert stub.headers[-1]["Host"] == "bus.example"
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    with closing(Client("events", endpoint_url=stub.url)) as client:
        await put(client)
    assert len(stub.requests) == 2


async def test_a_connection_that_lay_idle_for_long_is_not_used_again(
    stub: EventsStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even if one of the clocks stood still."""
    clock = time.time
    with closing(Client("events", endpoint_url=stub.url)) as client:
        await put(client)
        monkeypatch.setattr(time, "time", lambda: clock() + transport.IDLE_SECONDS + 1)
        await put(client)
    assert stub.connections == 2
