"""The key ring: what it keeps, for how long, and what it says while it has no keys."""

from __future__ import annotations

import asyncio
import logging

import pytest

from eventgate.core.auth.keyring import COOL_DOWN_SECONDS, RETRY_SECONDS, KeyRing
from eventgate.core.auth.tokens import AuthRules
from eventgate.errors import SourceError, Unavailable
from tests.core.auth.keyring_support import NEW, OLD, ONLY_NEW, ONLY_OLD, KeySource, Ring, ready_ring, reason
from tests.core.auth.tokens_support import NOW, ec_key, jwk, jwks, token


async def test_a_known_key_is_used_without_a_fetch() -> None:
    ring = await ready_ring()
    assert (await ring.authenticate(token(OLD, kid="old"), 1)).subject == "alice"
    assert ring.verify(token(OLD, kid="old")).subject == "alice"
    assert ring.source.fetches == 1
    assert ring.failure is None


async def test_known_keys_serve_while_the_source_is_down_until_they_are_too_old() -> None:
    ring = await ready_ring(rules=AuthRules(max_key_age_seconds=3600, max_lifetime_seconds=None))
    text = token(OLD, kid="old", exp=NOW + 1e6)
    ring.source.answer = SourceError("timed out")
    ring.clock.now += 3600
    await ring.refresh(1)
    assert (await ring.authenticate(text, 1)).subject == "alice"
    assert ring.age == 3600
    ring.clock.now += 1
    assert not ring.ready
    with pytest.raises(Unavailable):
        await ring.authenticate(text, 1)
    ring.source.answer = ONLY_OLD
    ring.clock.now += RETRY_SECONDS
    assert (await ring.authenticate(text, 1)).subject == "alice"
    assert ring.age == 0


async def test_without_keys_requests_cause_a_fetch_now_and_then() -> None:
    ring = Ring(KeySource(SourceError("refused the connection")))
    text = token(OLD, kid="old")
    for _ in range(3):
        with pytest.raises(Unavailable):
            await ring.authenticate(text, 1)
    assert ring.source.fetches == 1
    assert (ring.ready, ring.age, ring.failure) == (False, None, "refused the connection")
    ring.source.answer = ONLY_OLD
    ring.clock.now += RETRY_SECONDS
    assert (await ring.authenticate(text, 1)).subject == "alice"


@pytest.mark.parametrize(
    ("text", "expected"), [("no token", "malformed"), (token(alg="RS384"), "algorithm"), (token(typ="x"), "claims")]
)
async def test_what_needs_no_key_is_refused_without_keys_too(text: str, expected: str) -> None:
    ring = Ring()
    assert await reason(ring, text) == expected
    assert ring.source.fetches == 0


async def test_a_key_that_is_no_longer_listed_stops_at_once_for_remembered_tokens_too() -> None:
    ring = await ready_ring(KeySource(jwks(jwk(OLD, kid="old"), jwk(NEW, kid="new"))))
    text = token(OLD, kid="old")
    assert ring.verify(text).subject == "alice"
    ring.source.answer = ONLY_NEW
    await ring.refresh(1)
    assert await reason(ring, text) == "unknown_key"
    assert ring.verify(token(NEW, kid="new")).subject == "alice"


async def test_the_same_keys_again_are_confirmed_and_keep_the_memory() -> None:
    ring = await ready_ring()
    before = ring._verifier
    ring.clock.now += 500
    await ring.refresh(1)
    assert ring._verifier is before
    assert ring.age == 0


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"<html>login</html>",
        jwks(),
        jwks({"kty": "oct", "k": "AAAA"}),
        jwks(jwk(ec_key(), kid="old")),
        ONLY_NEW[:99],
    ],
    ids=("empty", "html", "no key", "no RSA key", "foreign curve", "cut off"),
)
async def test_a_bad_answer_changes_nothing_but_is_told(answer: bytes) -> None:
    ring = await ready_ring()
    ring.source.answer = answer
    ring.clock.now += 10
    await ring.refresh(1)
    assert ring.failure
    assert ring.age == 10
    assert ring.verify(token(OLD, kid="old")).subject == "alice"
    ring.source.answer = ONLY_OLD
    await ring.refresh(1)
    assert ring.failure is None


async def test_a_defect_of_the_source_is_logged_and_survived(caplog: pytest.LogCaptureFixture) -> None:
    ring = await ready_ring()
    ring.source.answer = KeyError("secret")
    with caplog.at_level(logging.ERROR):
        await ring.refresh(1)
    assert ring.failure == "failed in an unforeseen way; the log has it"
    assert len(caplog.records) == 1
    assert ring.ready


async def test_a_refresh_is_due_by_its_interval_and_sooner_after_a_failure() -> None:
    ring = Ring()
    assert ring.due(NOW)
    await ring.refresh(1)
    assert not ring.due(NOW + 899)
    assert ring.due(NOW + 900)
    ring.clock.now = NOW + 900
    ring.source.answer = SourceError("timed out")
    await ring.refresh(1)
    assert not ring.due(NOW + 900 + COOL_DOWN_SECONDS - 1)
    assert ring.due(NOW + 900 + COOL_DOWN_SECONDS)


async def test_without_keys_a_refresh_is_due_soon() -> None:
    ring = Ring(KeySource(SourceError("timed out")))
    await ring.refresh(1)
    assert not ring.due(NOW + RETRY_SECONDS - 1)
    assert ring.due(NOW + RETRY_SECONDS)


async def test_closing_gives_up_a_fetch_under_way() -> None:
    ring = Ring()
    ring.source.gate = asyncio.Event()
    waiting = asyncio.create_task(ring.refresh(60))
    await ring.source.started.wait()
    await ring.close()
    await waiting
    assert not ring.ready


def test_a_ring_goes_on_in_another_loop() -> None:
    """Its fetch in a loop that is gone does not count as under way."""
    answers = iter([ONLY_OLD])

    async def fetch(timeout: float) -> bytes:  # noqa: ASYNC109
        if loops:
            return next(answers)
        loops.append(asyncio.get_running_loop())
        await asyncio.Event().wait()
        raise AssertionError

    loops: list[asyncio.AbstractEventLoop] = []
    ring = KeyRing(fetch, AuthRules(), lambda: NOW)
    stalled = asyncio.new_event_loop()
    stalled.run_until_complete(ring.refresh(0.01))
    asyncio.run(ring.refresh(1))
    assert ring.ready
    for left in asyncio.all_tasks(stalled):
        left.cancel()
    stalled.run_until_complete(stalled.shutdown_asyncgens())
    stalled.close()
