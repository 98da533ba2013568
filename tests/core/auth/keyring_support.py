"""A key source and a clock under the test's control."""

from __future__ import annotations

import asyncio

import pytest

from eventgate.core.auth.keyring import KeyRing
from eventgate.core.auth.tokens import AuthRules
from eventgate.errors import Unauthenticated
from tests.core.auth.tokens_support import NOW, jwk, jwks, rsa_key

OLD, NEW = rsa_key(0), rsa_key(1)
ONLY_OLD, ONLY_NEW = jwks(jwk(OLD, kid="old")), jwks(jwk(NEW, kid="new"))


class KeySource:
    """Answers fetches with `answer`; with a `gate`, not before it is opened."""

    def __init__(self, answer: bytes | Exception = ONLY_OLD) -> None:
        self.answer = answer
        self.fetches = 0
        self.gate: asyncio.Event | None = None
        self.started = asyncio.Event()

    async def fetch(self, timeout: float) -> bytes:  # noqa: ASYNC109
        self.fetches += 1
        self.started.set()
        if self.gate is not None:
            await self.gate.wait()
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


class Ring(KeyRing):
    """A key ring with its source and clock at hand."""

    def __init__(self, source: KeySource | None = None, rules: AuthRules | None = None) -> None:
        self.source = source or KeySource()
        self.clock = Clock()
        super().__init__(self.source.fetch, rules or AuthRules(), self.clock)


async def ready_ring(source: KeySource | None = None, rules: AuthRules | None = None) -> Ring:
    ring = Ring(source, rules)
    await ring.refresh(1)
    assert ring.ready
    return ring


async def reason(ring: KeyRing, text: str, timeout: float = 1) -> str:  # noqa: ASYNC109
    with pytest.raises(Unauthenticated) as refusal:
        await ring.authenticate(text, timeout)
    return refusal.value.reason
