"""A gate in a page, over real HTTP: two sinks, receipts, and whatever goes wrong in them by a test's plan.

It behaves as docs/api.md says, so that the clients can be tested for what they make of it, apart from the real gate.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from tests.http_server import Exchange, http_server

Fault = Callable[[str, bytes], str]
"""What becomes of an event at a sink: `delivered`, `failed`, or `unknown`, which has landed."""


def well(sink: str, event: bytes) -> str:
    """Nothing goes wrong."""
    return "delivered"


class ModelGate:
    """`ledger` remembers event ids and never holds one twice; `log` takes whatever it is given.

    Events that hold `bad` are refused. A batch has at most `most` events. `watch` is called with each body before it
    is judged (`taken` False) and before it is answered (True).
    """

    def __init__(self, *, receipts: bool = True, fault: Fault = well, most: int = 1000) -> None:
        self.ledger: dict[str, bytes] = {}
        self.log: list[bytes] = []
        self.requests = 0
        self.url = ""
        self.watch: Callable[[bytes, bool], None] = lambda body, taken: None
        self._receipts: dict[str, tuple[str, str, list[set[str]]]] | None = {} if receipts else None
        self._fault = fault
        self._most = most
        self._lock = threading.Lock()

    def answer(self, headers: Mapping[str, str], body: bytes) -> tuple[int, dict[str, Any]]:
        """Judge and deliver a request."""
        self.watch(body, False)
        with self._lock:
            self.requests += 1
            answered = self._answer(headers, body)
        self.watch(body, True)
        return answered

    def _answer(self, headers: Mapping[str, str], body: bytes) -> tuple[int, dict[str, Any]]:
        if headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        is_batch = headers["content-type"] == "application/x-ndjson"
        events = [line for line in body.split(b"\n") if line.strip()] if is_batch else [body.strip()]
        if len(events) > self._most:
            errors = [{"type": "size", "message": f"more than {self._most} events"}]
            return 413, {"success": False, "statusCode": 413, "errors": errors}
        digest = hashlib.sha256(body).hexdigest()
        key, settled = self._open(headers, digest, len(events))
        items = []
        for index, event in enumerate(events):
            items.append(self._item(f"{key}-{index}" if is_batch else key, event, settled[index]))
        document = self._batch(items) if is_batch else items[0]
        if self._receipts is not None:
            receipt = document["receipt"] = uuid.uuid4().hex
            self._receipts[receipt] = (key, digest, settled)
        return document.pop("status"), document

    def _open(self, headers: Mapping[str, str], digest: str, count: int) -> tuple[str, list[set[str]]]:
        known = (self._receipts or {}).get(headers.get("eventgate-receipt", ""))
        if known is not None and known[1] == digest:
            return known[0], [set(each) for each in known[2]]
        return headers["idempotency-key"], [set() for _ in range(count)]

    def _item(self, event_id: str, event: bytes, settled: set[str]) -> dict[str, Any]:
        if b"bad" in event:
            errors = [{"type": "validation", "message": "must not be bad", "pointer": ""}]
            return {"status": 400, "success": False, "statusCode": 400, "retryable": False, "errors": errors}
        outcomes = {name: self._write(name, event_id, event, settled) for name in ("ledger", "log")}
        writers = {name: {"outcome": outcome} for name, outcome in outcomes.items()}
        lacking = [name for name, outcome in outcomes.items() if outcome not in ("delivered", "duplicate")]
        status = 500 if lacking else 202
        common = {"status": status, "success": not lacking, "statusCode": status, "retryable": bool(lacking)}
        errors = [{"type": name, "message": outcomes[name]} for name in lacking]
        return {**common, "event_id": event_id, "writers": writers, **({"errors": errors} if errors else {})}

    def _write(self, name: str, event_id: str, event: bytes, settled: set[str]) -> str:
        if name in settled:
            return "delivered"
        outcome = self._fault(name, event)
        if outcome != "failed":
            if name == "ledger" and event_id in self.ledger:
                assert self.ledger[event_id] == event, "the same id with other bytes"
                outcome = "duplicate" if outcome == "delivered" else outcome
            elif name == "ledger":
                self.ledger[event_id] = event
            else:
                self.log.append(event)
        if outcome in ("delivered", "duplicate"):
            settled.add(name)
        return outcome

    def _batch(self, items: list[dict[str, Any]]) -> dict[str, Any]:
        statuses = {item["status"] for item in items}
        status = statuses.pop() if len(statuses) == 1 else 207
        results = [{**item, "index": index} for index, item in enumerate(items)]
        return {"status": status, "success": status == 202, "statusCode": status, "results": results}


@contextmanager
def serving(gate: ModelGate) -> Iterator[ModelGate]:
    """Serve `gate` on a free port until the block is left."""

    class Posts(Exchange):
        protocol_version = "HTTP/1.1"

        def reply(self) -> None:
            body = self.body()
            if len(body) < int(self.headers["Content-Length"]):  # cut: a real server drops such a request as well
                self.close_connection = True
                return
            status, document = gate.answer(self.names(), body)
            self.answer(status, json.dumps(document).encode())

    with http_server(Posts) as gate.url:
        yield gate
