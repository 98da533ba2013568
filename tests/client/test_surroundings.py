"""What the client stands in: TLS, time limits, local judgement, and what importing it brings along."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import subprocess
import sys
import time
from pathlib import Path

import pytest

from eventgate.client import AsyncClient, Client, Retry, Unanswered
from eventgate.errors import ConfigurationError, EventGateError
from tests.certificates import self_signed
from tests.scripted_gate import ACCEPTED, each, scripted_gate
from tests.unmeasured import unmeasured

BRIEF = Retry(total=0, introduction=0)


def test_a_certificate_must_be_trusted(tmp_path: Path) -> None:
    cert, key = self_signed(tmp_path)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(cert, key)
    with scripted_gate(lambda post: ACCEPTED, tls) as gate:
        with Client(gate.url, "t", retry=BRIEF) as client, pytest.raises(Unanswered, match="certificate"):
            client.post("t", b"{}")
        for trusted in (str(cert), False):
            with Client(gate.url, "t", retry=BRIEF, ca_bundle=trusted) as client:
                assert client.post("t", b"{}").accepted


def test_a_bundle_that_cannot_be_read_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(EventGateError, match="CA bundle"):
        Client("https://127.0.0.1", "t", ca_bundle=str(tmp_path / "absent.pem"))


def test_an_answer_is_waited_for_no_longer_than_asked() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        began = time.monotonic()
        with Client(url, "t", retry=BRIEF, read_seconds=0.2) as client, pytest.raises(Unanswered, match="in time"):
            client.post("t", b"{}")
        assert time.monotonic() - began < 20


@pytest.fixture
def conf(tmp_path: Path) -> str:
    (tmp_path / "topics").mkdir()
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    (tmp_path / "topics" / "orders.json").write_text(json.dumps(schema))
    (tmp_path / "access.json").write_text('{"orders": ["shop"]}')
    config = {"token_public_keys_url": "https://sso.example/keys", "writers": {"sqlite": {"path": "events.db"}}}
    (tmp_path / "config.json").write_text(json.dumps(config))
    return str(tmp_path)


def test_what_a_gate_would_refuse_is_refused_here_in_its_words_and_not_sent(conf: str) -> None:
    with scripted_gate(each(lambda post: ACCEPTED)) as gate, Client(gate.url, "t", validate=conf) as client:
        wrong = client.post("Orders", {"n": "1"})
        nothing = client.post("orders", b"")
        unknown = client.post("order", {"n": 1})
        batch = client.post_batch("orders", [{"n": 1}, {}, {"n": 2}, b"nope"])
        all_wrong = client.post_batch("orders", [{}, {}])
    assert (wrong.status, wrong.attempts, wrong.errors[0].pointer) == (400, 0, "/n")
    assert wrong.errors[0].message == "must be an integer"
    assert (nothing.status, nothing.errors[0].type) == (400, "json")
    assert (unknown.status, unknown.errors[0].type) == (404, "topic")
    assert [result.status for result in batch.results] == [202, 400, 202, 400]
    assert (batch.status, all_wrong.status) == (207, 400)
    (post,) = gate.posts
    assert post.body == b'{"n":1}\n{"n":2}\n'


async def test_events_are_judged_here_in_a_loop_as_well(conf: str) -> None:
    with scripted_gate(lambda post: ACCEPTED) as gate:
        async with AsyncClient(gate.url, "t", validate=conf) as client:
            answers = await asyncio.gather(*(client.post("orders", {"n": n}) for n in (1, "1", 2)))
    assert [answer.status for answer in answers] == [202, 400, 202]


def test_a_configuration_that_no_gate_would_start_with_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError):
        Client("http://127.0.0.1:1", "t", validate=str(tmp_path / "absent"))


def test_importing_the_client_is_cheap_for_programs_that_use_it() -> None:
    program = "import sys, eventgate.client; print(*sys.modules)"
    command = [sys.executable, "-c", program]
    loaded = subprocess.run(command, check=True, capture_output=True, text=True, env=unmeasured()).stdout.split()
    assert not {"jsonschema_rs", "cryptography", "jwt", "typer", "rich", "uvicorn"} & set(loaded)
