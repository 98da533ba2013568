"""The witness hands requests and answers on as they are, harms those that it is to harm, and writes all of it down."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import urllib3

from tests.campaign.records import Attempt, Ledger, Said, read
from tests.campaign.wire import document, key_of, short
from tests.campaign.witness import HARM, Fate, Witness
from tests.services.process import free_port

BODY = document("e")
ANSWER = {"statusCode": 202, "writers": {"kafka": {"outcome": "delivered"}}, "receipt": "r"}


class Gate(BaseHTTPRequestHandler):
    """Takes every event, and remembers what it read of it."""

    protocol_version = "HTTP/1.1"
    read: list[bytes]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.read.append(body)
        answer = json.dumps(ANSWER).encode()
        self.send_response_only(202)
        self.send_header("Content-Length", str(len(answer)))
        self.send_header("X-Own", "kept")
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""


@contextmanager
def gate() -> Iterator[tuple[int, list[bytes]]]:
    """Its port, and the bodies that it reads."""
    bodies: list[bytes] = []
    with ThreadingHTTPServer(("127.0.0.1", 0), type("Own", (Gate,), {"read": bodies})) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield server.server_port, bodies
        server.shutdown()
        thread.join()


def post(witness: Witness, **headers: str) -> urllib3.BaseHTTPResponse:
    fields = {"Idempotency-Key": "k", **headers}
    return urllib3.request("POST", f"{witness.url}/topics/orders", body=BODY, headers=fields, retries=False)


@contextmanager
def watching(file: Path, ports: list[int], *harm: Fate) -> Iterator[Witness]:
    """A witness that does this harm to every request."""
    with closing(Ledger(file)) as ledger, closing(Witness(ledger, ports, "seed", harm, per_mille=1000)) as witness:
        yield witness


def attempts(file: Path) -> list[Attempt]:
    found = read(file)
    assert all(each.events == (key_of("orders", BODY),) and each.began <= each.ended for each in found)
    return found


def test_what_passes_is_handed_on_and_written_down(tmp_path: Path) -> None:
    file = tmp_path / "ledger"
    with gate() as (port, bodies), watching(file, [port]) as witness:
        answer = post(witness, **{"EventGate-Receipt": "before"})
        assert (answer.status, answer.json(), answer.headers["X-Own"]) == (202, ANSWER, "kept")
        assert bodies == [BODY]
    (attempt,) = attempts(file)
    assert attempt.said == (Said(202, {"kafka": "delivered"}),)
    assert (attempt.arrived, attempt.lost) == (True, False)
    assert (attempt.submission, attempt.brought, attempt.given) == ("k", short("before"), short("r"))
    assert witness.statuses == {"202": 1}


@pytest.mark.parametrize("harm", HARM)
def test_a_harmed_request_gets_no_answer(tmp_path: Path, harm: Fate) -> None:
    """One that is torn has not arrived; of one whose answer is thrown away, the answer is known."""
    file = tmp_path / "ledger"
    with gate() as (port, bodies), watching(file, [port], harm) as witness:
        with pytest.raises(urllib3.exceptions.ProtocolError):
            post(witness)
        witness.calm()
        assert post(witness).status == 202
    attempt, _ = attempts(file)
    if harm == "request torn":
        assert (attempt.arrived, attempt.lost, attempt.said) == (False, True, ())
        assert bodies.count(BODY) == 1
    else:
        assert (attempt.arrived, attempt.lost, attempt.said) == (True, True, (Said(202, {"kafka": "delivered"}),))
        assert bodies == [BODY, BODY]


def test_another_gate_is_taken_where_one_takes_no_connection(tmp_path: Path) -> None:
    with gate() as (port, _), watching(tmp_path / "ledger", [free_port(), port]) as witness:
        assert {post(witness).status for _ in range(10)} == {202}


def test_where_no_gate_takes_one_the_request_has_not_arrived(tmp_path: Path) -> None:
    file = tmp_path / "ledger"
    with watching(file, [free_port()]) as witness, pytest.raises(urllib3.exceptions.ProtocolError):
        post(witness)
    assert [(each.arrived, each.lost) for each in attempts(file)] == [(False, True)]
    assert witness.statuses == {"did not arrive": 1}


def test_a_gate_that_ends_in_the_middle_may_have_read_it(tmp_path: Path) -> None:
    file = tmp_path / "ledger"
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port = server.getsockname()[1]

        def hang_up() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)

        thread = threading.Thread(target=hang_up)
        thread.start()
        with watching(file, [port]) as witness, pytest.raises(urllib3.exceptions.ProtocolError):
            post(witness)
        thread.join()
    assert [(each.arrived, each.lost, each.said) for each in attempts(file)] == [(True, True, ())]


def test_an_attempt_whose_end_was_never_written_may_have_arrived(tmp_path: Path) -> None:
    file = tmp_path / "ledger"
    with closing(Ledger(file)) as ledger:
        ledger.begin((key_of("orders", BODY),), 1.0)
    (attempt,) = read(file)
    assert (attempt.arrived, attempt.lost, attempt.said) == (True, True, ())
