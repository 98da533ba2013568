"""Whatever receipts come, in whatever order things happen: 202 is only said of an event that is where it has to be.

Gates of one operator share keys, writers and sinks; a stranger's gate has a key of its own under the same id, and
writers of the same names to sinks of its own. Callers send back receipts of any of them, to any gate, for any request,
whole, altered and put together from two.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, rule

from eventgate.core.model import Outcome
from eventgate.core.receipts import Receipts
from tests.core.gateway_support import Bench, said
from tests.core.receipts.receipt_support import ALPHABET, KEYS, Clock
from tests.core.receipts.sinks import TestableWriter

TTL_SECONDS = 1000
NAMES = ("a", "b", "c")
REQUIRED = ("a", "b")
STRANGERS_KEYS = {key_id: key[::-1] for key_id, key in KEYS.items()}
SETTLED = {"delivered", "duplicate"}

FATES = [*[(Outcome.DELIVERED, True)] * 4, (Outcome.UNKNOWN, True), (Outcome.UNKNOWN, False), (Outcome.FAILED, False)]
GATES = st.sampled_from(["one", "other"])
FATE_OF_ALL = st.tuples(*[st.sampled_from([*FATES, (Outcome.REFUSED, False)])] * len(NAMES))
BODIES = (b'{"a":1}', b'{"a":2}')


@dataclass(frozen=True)
class Asked:
    """What makes a request the same one."""

    topic: str = "orders"
    subject: str = "both"
    body: bytes = BODIES[0]
    key: str | None = None


OTHERS = {
    "topic": Asked(topic="other"),
    "subject": Asked(subject="tester"),
    "body": Asked(body=BODIES[1]),
    "key": Asked(key="k-2"),
}


@dataclass(frozen=True)
class Answered:
    """A request, and what the answer with this receipt said; `places` are those of the writers that are done."""

    asked: Asked
    status: int
    document: dict[str, Any]
    places: dict[str, str]
    at: float
    is_ours: bool

    @property
    def receipt(self) -> bytes:
        return str(self.document["receipt"]).encode()


class Retries(RuleBasedStateMachine):
    """Posts, faults, moves, restarts, and whatever time does."""

    answered = Bundle("answered")

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.clock = Clock()
        self.writers: dict[str, TestableWriter] = {}
        self.gates: dict[str, Bench] = {}
        self.guard: str | None = None

    def teardown(self) -> None:
        self.runner.close()

    @initialize(ledgers=st.sets(st.sampled_from(NAMES)), guard=st.sampled_from([None, "a"]))
    def build(self, ledgers: set[str], guard: str | None) -> None:
        self.guard = guard
        self.writers = {name: TestableWriter(name, ledger=name in ledgers) for name in NAMES}
        for name in ("one", "other"):
            self.restart(name)
        strangers = [TestableWriter(name) for name in NAMES]
        receipts = Receipts("2026-11", STRANGERS_KEYS, TTL_SECONDS, self.clock)
        self.gates["stranger"] = Bench(*strangers, optional=["c"], guard=guard, receipts=receipts)

    @rule(name=GATES)
    def restart(self, name: str) -> None:
        """A gate keeps nothing."""
        receipts = Receipts("2026-10" if name == "one" else "2026-11", KEYS, TTL_SECONDS, self.clock)
        self.gates[name] = Bench(*self.writers.values(), optional=["c"], guard=self.guard, receipts=receipts)

    @rule(name=st.sampled_from(NAMES), place=st.sampled_from(["here", "there"]))
    def move(self, name: str, place: str) -> None:
        """A writer is sent elsewhere, and perhaps back."""
        self.writers[name].place = place

    @rule(seconds=st.sampled_from([1, TTL_SECONDS // 2, TTL_SECONDS]))
    def wait(self, seconds: int) -> None:
        self.clock.now += seconds

    @rule(
        target=answered,
        gate=st.sampled_from(["one", "other", "stranger"]),
        key=st.sampled_from([None, None, "k-1", "é" * 200]),
        fates=FATE_OF_ALL,
    )
    def post(self, gate: str, key: str | None, fates: Any) -> Answered:
        """A first attempt."""
        answer = self.send(gate, Asked(key=key), fates)
        assert not isinstance(answer, int)
        return answer

    @rule(target=answered, gate=GATES, earlier=answered, fates=FATE_OF_ALL)
    def retry(self, gate: str, earlier: Answered, fates: Any) -> Answered:
        """The same request, with the receipt: no writer that is done gets the event again."""
        done = {name: self.writers[name] for name in earlier.places}
        counts = self.counts(earlier) and all(each.place == earlier.places[name] for name, each in done.items())
        event = (earlier.asked.topic, earlier.document["event_id"], earlier.asked.body)
        before = {name: writer.holds(*event) for name, writer in done.items()}
        answer = self.send(gate, earlier.asked, fates, earlier.receipt)
        assert not isinstance(answer, int)
        assert ("receipt_status" in answer.document) == (not counts)
        if counts:
            assert answer.document["event_id"] == earlier.document["event_id"]
            assert {name: writer.holds(*event) for name, writer in done.items()} == before
            assert answer.places.keys() >= done.keys()
        return answer

    @rule(gate=GATES, earlier=answered, what=st.sampled_from(sorted(OTHERS)), fates=FATE_OF_ALL)
    def replay(self, gate: str, earlier: Answered, what: str, fates: Any) -> None:
        """The receipt of one request with another one."""
        asked = replace(earlier.asked, **{what: getattr(OTHERS[what], what)})
        answer = self.send(gate, asked, fates, earlier.receipt)
        if self.counts(earlier) and asked != earlier.asked:
            assert answer == 422 or (what == "key" and isinstance(answer, Answered) and self.is_moved(earlier))

    @rule(
        gate=GATES,
        earlier=answered,
        other=answered,
        at=st.floats(0, 1, exclude_max=True),
        how=st.sampled_from(["exchange", "cut", "splice", "add"]),
        character=st.sampled_from(sorted(ALPHABET)),
        fates=FATE_OF_ALL,
    )
    def alter(
        self, gate: str, earlier: Answered, other: Answered, at: float, how: str, character: int, fates: Any
    ) -> None:
        """A receipt that was tampered with, sent with the request that it was for."""
        position = int(at * len(earlier.receipt))
        altered = {
            "exchange": earlier.receipt[:position] + bytes((character,)) + earlier.receipt[position + 1 :],
            "cut": earlier.receipt[:position],
            "splice": earlier.receipt[:position] + other.receipt[position:],
            "add": earlier.receipt + bytes((character,)),
        }[how]
        self.send(gate, earlier.asked, fates, altered)

    def counts(self, earlier: Answered) -> bool:
        """Whether a gate of ours takes the receipt for its own, and for a fresh one."""
        return earlier.is_ours and self.clock.now < earlier.at + TTL_SECONDS

    def is_moved(self, earlier: Answered) -> bool:
        return any(self.writers[name].place != place for name, place in earlier.places.items())

    def send(self, gate: str, asked: Asked, fates: Any, receipt: bytes | None = None) -> Answered | int:
        """Post, and hold the answer against the sinks; only the status of one that reached no writer."""
        for writer, (outcome, lands) in zip(self.writers.values(), fates, strict=True):
            writer.outcome, writer.lands = outcome, lands
        response = self.runner.run(
            self.gates[gate].post(
                asked.body,
                sub=asked.subject,
                path=f"/topics/{asked.topic}",
                headers=None if asked.key is None else {"idempotency-key": asked.key},
                receipts=[] if receipt is None else [receipt],
            )
        )
        document = said(response)
        if "writers" not in document:
            assert response.status in (403, 422)
            return response.status
        is_ours = gate != "stranger"
        if response.status == 202 and is_ours:
            for name in REQUIRED:
                held = self.writers[name].holds(asked.topic, document["event_id"], asked.body)
                assert held, f"202, and not at {name}"
        done = [name for name, result in document["writers"].items() if result["outcome"] in SETTLED]
        places = {name: self.writers[name].place for name in done}
        return Answered(asked, response.status, document, places, self.clock.now, is_ours)


TestRetries = Retries.TestCase
TestRetries.settings = settings(max_examples=100, stateful_step_count=30, deadline=None)
