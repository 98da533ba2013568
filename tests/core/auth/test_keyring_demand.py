"""Tokens that ask the key ring for newer keys: how often, for whom, and for how long."""

from __future__ import annotations

import asyncio

import pytest

from eventgate.core.auth import keyring
from eventgate.core.auth.keyring import COOL_DOWN_SECONDS
from eventgate.errors import SourceError, Unavailable
from tests.core.auth.keyring_support import NEW, OLD, ONLY_NEW, KeySource, Ring, ready_ring, reason
from tests.core.auth.tokens_support import NOW, jwk, jwks, token


async def test_an_unknown_key_id_fetches_the_rotated_keys_at_once() -> None:
    ring = await ready_ring()
    ring.source.answer = ONLY_NEW
    assert (await ring.authenticate(token(NEW, kid="new"), 1)).subject == "alice"
    assert ring.source.fetches == 2


async def test_unknown_key_ids_fetch_once_in_a_cool_down() -> None:
    ring = await ready_ring()
    for _ in range(5):
        assert await reason(ring, token(NEW, kid="new")) == "unknown_key"
    assert ring.source.fetches == 2
    ring.clock.now += COOL_DOWN_SECONDS
    assert await reason(ring, token(NEW, kid="new")) == "unknown_key"
    assert ring.source.fetches == 3


async def test_a_failed_fetch_begins_the_cool_down_as_well() -> None:
    ring = await ready_ring()
    ring.source.answer = SourceError("refused the connection")
    for _ in range(3):
        assert await reason(ring, token(NEW, kid="new")) == "unknown_key"
    assert ring.source.fetches == 2
    assert ring.failure == "refused the connection"


async def test_the_cool_down_ends_though_the_clock_was_set_back() -> None:
    ring = await ready_ring()
    assert await reason(ring, token(NEW, kid="new")) == "unknown_key"
    ring.clock.now -= 3600
    ring.source.answer = ONLY_NEW
    assert (await ring.authenticate(token(NEW, kid="new", iat=NOW - 3600, exp=NOW), 1)).subject == "alice"


async def test_keys_without_ids_are_fetched_anew_for_an_unknown_signature() -> None:
    ring = await ready_ring(KeySource(jwks(jwk(OLD))))
    ring.source.answer = jwks(jwk(NEW))
    assert (await ring.authenticate(token(NEW), 1)).subject == "alice"
    assert await reason(ring, token(OLD)) == "signature"
    assert ring.source.fetches == 2


@pytest.mark.parametrize(
    "text", ["no token", token(NEW, kid="old"), token(OLD, kid="old", exp=1), token(OLD, alg="RS384", kid="new")]
)
async def test_what_no_key_could_change_is_answered_without_a_fetch(text: str) -> None:
    ring = await ready_ring()
    await reason(ring, text)
    assert ring.source.fetches == 1


async def test_all_who_need_new_keys_at_once_share_one_fetch() -> None:
    ring = await ready_ring()
    ring.source.answer = ONLY_NEW
    ring.source.gate = asyncio.Event()
    waiting = [asyncio.create_task(ring.authenticate(token(NEW, kid="new", sub=str(n)), 5)) for n in range(20)]
    ring.source.started.clear()
    await ring.source.started.wait()
    assert (await ring.authenticate(token(OLD, kid="old"), 1)).subject == "alice"  # need not wait
    ring.source.gate.set()
    assert [claims.subject for claims in await asyncio.gather(*waiting)] == [str(n) for n in range(20)]
    assert ring.source.fetches == 2


async def test_a_cancelled_caller_does_not_end_the_fetch_that_others_wait_for() -> None:
    ring = await ready_ring()
    ring.source.answer = ONLY_NEW
    ring.source.gate = asyncio.Event()
    ring.source.started.clear()
    first = asyncio.create_task(ring.authenticate(token(NEW, kid="new"), 5))
    await ring.source.started.wait()
    second = asyncio.create_task(ring.authenticate(token(NEW, kid="new"), 5))
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    ring.source.gate.set()
    assert (await second).subject == "alice"
    assert ring.source.fetches == 2


async def test_a_hanging_source_is_given_up_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyring, "FETCH_SECONDS", 0.05)
    ring = await ready_ring()
    ring.source.gate = asyncio.Event()
    async with asyncio.timeout(60):
        assert await reason(ring, token(NEW, kid="new"), timeout=0.05) == "unknown_key"
        await ring.refresh(0.05)
    assert ring.failure == "timed out"
    assert ring.ready


async def test_who_joins_a_fetch_waits_no_longer_than_allowed() -> None:
    ring = Ring()
    ring.source.gate = asyncio.Event()
    patient = asyncio.create_task(ring.refresh(60))
    await ring.source.started.wait()
    async with asyncio.timeout(60):
        with pytest.raises(Unavailable):
            await ring.authenticate(token(OLD, kid="old"), 0.05)
    ring.source.gate.set()
    await patient
    assert ring.ready
