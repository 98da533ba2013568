"""No event is lost or doubled, wherever a connection breaks and whatever the sinks do meanwhile."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eventgate.client import Answer, AsyncClient, Client, Retry
from tests.client.model_gate import ModelGate, serving
from tests.services.proxy import Cut, TcpProxy

PATIENT = Retry(first=0.001, longest=0.01, total=60, introduction=60)

CUTS = st.lists(
    st.builds(Cut, st.sampled_from(["up", "down"]), st.one_of(st.just(0), st.integers(1, 40), st.integers(41, 900))),
    max_size=4,
)
FAULTS = st.lists(st.sampled_from(["delivered", "failed", "unknown"]), max_size=6)

Post = Callable[[str, Sequence[bytes]], Sequence[Answer]]


def one_by_one(url: str, events: Sequence[bytes]) -> Sequence[Answer]:
    with Client(url, "t", retry=PATIENT) as client:
        return [client.post("t", event) for event in events]


def together(url: str, events: Sequence[bytes]) -> Sequence[Answer]:
    with Client(url, "t", retry=PATIENT) as client:
        return client.post_batch("t", events).results


def pressed(url: str, events: Sequence[bytes]) -> Sequence[Answer]:
    with Client(url, "t", retry=PATIENT, compress=True) as client:
        return client.post_batch("t", [event + b" " * 300 + b"1" for event in events]).results


def side_by_side(url: str, events: Sequence[bytes]) -> Sequence[Answer]:
    async def post() -> Sequence[Answer]:
        async with AsyncClient(url, "t", retry=PATIENT) as client:
            return await asyncio.gather(*(client.post("t", event) for event in events))

    return asyncio.run(post())


def together_in_a_loop(url: str, events: Sequence[bytes]) -> Sequence[Answer]:
    async def post() -> Sequence[Answer]:
        async with AsyncClient(url, "t", retry=PATIENT) as client:
            return (await client.post_batch("t", events)).results

    return asyncio.run(post())


WAYS: list[Post] = [one_by_one, together, side_by_side, together_in_a_loop]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
@settings(max_examples=15, deadline=None)
@given(good=st.integers(0, 6), bad=st.integers(0, 2), cuts=CUTS, faults=FAULTS, receipts=st.booleans())
def test_every_event_is_accepted_and_in_the_ledger_once_or_refused_and_nowhere(
    way: Post, good: int, bad: int, cuts: list[Cut], faults: list[str], receipts: bool
) -> None:
    pending = list(faults)
    gate = ModelGate(receipts=receipts, fault=lambda sink, event: pending.pop() if pending else "delivered")
    events = [b'{"n": %d}' % n for n in range(good)] + [b'{"bad": %d}' % n for n in range(bad)]
    with serving(gate), TcpProxy("127.0.0.1", int(gate.url.rpartition(":")[2])) as proxy:
        proxy.plan(cuts)
        answers = way(f"http://{proxy.address}", events)
    assert [answer.status for answer in answers] == [202] * good + [400] * bad
    assert sorted(gate.ledger.values()) == sorted(events[:good])
    assert set(gate.log) == set(events[:good])
    if receipts and not any(cut.direction == "down" for cut in cuts) and "unknown" not in faults:
        assert Counter(gate.log) == Counter(events[:good]), "a receipt spares the sink what it has"


def test_a_connection_may_break_behind_any_byte_of_request_or_answer() -> None:
    """An answer that ends within its head must not pass for one without a body."""
    cuts = [Cut("up", after) for after in range(0, 420, 6)] + [Cut("down", after) for after in range(420)]
    gate = ModelGate()
    with (
        serving(gate),
        TcpProxy("127.0.0.1", int(gate.url.rpartition(":")[2])) as proxy,
        Client(f"http://{proxy.address}", "t", retry=PATIENT) as client,
    ):
        for number, cut in enumerate(cuts):
            proxy.plan([cut])
            proxy.reset()  # what is left of a connection that outlived its cut
            assert client.post("t", b"[%d]" % number).accepted, cut
    assert sorted(gate.ledger.values()) == sorted(b"[%d]" % number for number in range(len(cuts)))


def test_without_receipts_what_a_batch_delivered_is_not_sent_again() -> None:
    """Only what the gate may yet take goes again, each event under the id that the gate gave it."""
    pending = ["delivered", "delivered", "delivered", "failed", "delivered", "delivered"]
    gate = ModelGate(receipts=False, fault=lambda sink, event: pending.pop(0) if pending else "delivered")
    with serving(gate), Client(gate.url, "t", retry=PATIENT) as client:
        answer = client.post_batch("t", [b"[1]", b"[2]", b"[3]"])
    assert answer.accepted
    assert sorted(gate.ledger.values()) == sorted(gate.log) == [b"[1]", b"[2]", b"[3]"]
    assert gate.requests == 2


def test_a_pressed_batch_is_the_same_bytes_at_every_attempt() -> None:
    gate = ModelGate()
    bodies: list[bytes] = []
    gate.watch = lambda body, taken: bodies.append(body)
    with serving(gate), TcpProxy("127.0.0.1", int(gate.url.rpartition(":")[2])) as proxy:
        proxy.plan([Cut("down", 0), Cut("down", 30)])
        results = pressed(f"http://{proxy.address}", [b"[1]", b"[2]", b"[3]", b"[4]"])
    assert len(results) == 4
    assert len(bodies) == 6
    assert len(set(bodies)) == 1
    assert bodies[0].startswith(b"\x1f\x8b")
