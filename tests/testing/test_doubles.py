"""The doubles and makers that ship with the gate."""

from __future__ import annotations

import asyncio
import hashlib
import subprocess
import sys

import jwt
import msgspec
import pytest

import eventgate.testing
from eventgate.core.model import Outcome, Unacceptable
from eventgate.errors import SinkUnavailable
from eventgate.testing import FailingWriter, RecordingWriter, SlowWriter, TokenMaker, make_event

WITHOUT_PYTEST = """
import sys
sys.modules["pytest"] = None
import eventgate.testing
eventgate.testing.make_event()
try:
    eventgate.testing.WriterContract
except ImportError:
    print("only the contract needs it")
"""


def soon(seconds: float = 10.0) -> float:
    """A deadline."""
    return asyncio.get_running_loop().time() + seconds


async def test_a_recording_writer_keeps_the_groups() -> None:
    """As it was told them, with running positions."""
    writer = RecordingWriter(refusal=Unacceptable("too odd"))
    one, two, three = make_event(), make_event(), make_event()
    await writer.write([one, two], soon())
    results = await writer.write([three], soon())
    assert writer.groups == [(one, two), (three,)]
    assert writer.events == [one, two, three]
    assert results[0].position == {"index": 2}
    assert writer.refuse(one) == Unacceptable("too odd")


async def test_a_failing_writer_fails_as_told() -> None:
    """By its result, by its probe, or by raising."""
    writer = FailingWriter(outcome=Outcome.UNKNOWN, reason="lost")
    assert [result.outcome for result in await writer.write([make_event()], soon())] == [Outcome.UNKNOWN]
    with pytest.raises(SinkUnavailable, match="lost"):
        await writer.probe()
    with pytest.raises(ZeroDivisionError):
        await FailingWriter(error=ZeroDivisionError()).write([make_event()], soon())


async def test_a_slow_writer_waits_to_be_released() -> None:
    """It says so when it waits, and delivers then."""
    writer = SlowWriter()
    task = asyncio.ensure_future(writer.write([make_event()], soon()))
    await writer.started.wait()
    assert not task.done()
    writer.release.set()
    assert (await task)[0].outcome is Outcome.DELIVERED
    assert len(writer.events) == 1


async def test_a_slow_writer_gives_up_at_the_deadline_unless_told_not_to() -> None:
    """The second kind is what a gate has to protect itself from."""
    assert (await SlowWriter().write([make_event()], soon(0.01)))[0].outcome is Outcome.UNKNOWN
    stubborn = SlowWriter(heeds_deadline=False)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await stubborn.write([make_event()], soon(0.01))


def test_an_event_fits_together() -> None:
    """Body, document and digest belong to each other, whichever was given; ids differ."""
    by_document, by_body = make_event([1, 2]), make_event(body=b"[1, 2]")
    assert (by_document.body, by_document.document) == (b"[1,2]", [1, 2])
    assert (by_body.body, by_body.document) == (b"[1, 2]", [1, 2])
    assert by_body.sha256 == hashlib.sha256(b"[1, 2]").hexdigest()
    assert by_document.event_id != by_body.event_id


def test_tokens_are_good_by_the_published_key() -> None:
    """With the claims that were asked for, and without those that were taken out."""
    maker = TokenMaker(kid="k1")
    token = maker.token(sub="alice", iat=None, scope="write")
    jwks = jwt.PyJWKSet.from_json(maker.jwks().decode())
    claims = jwt.decode(token, jwks["k1"].key, algorithms=["RS256"])
    assert jwt.get_unverified_header(token)["kid"] == "k1"
    assert claims.keys() == {"sub", "exp", "scope"}
    assert claims["sub"] == "alice"
    assert msgspec.json.decode(maker.key_document()).keys() == {"key"}


def test_only_the_contract_needs_pytest() -> None:
    """The doubles serve anyone's tests, whatever runs them."""
    run = subprocess.run([sys.executable, "-c", WITHOUT_PYTEST], check=True, capture_output=True, text=True)
    assert run.stdout == "only the contract needs it\n"


def test_every_name_is_there() -> None:
    """And no other."""
    assert all(getattr(eventgate.testing, name) for name in eventgate.testing.__all__)
    with pytest.raises(AttributeError, match="no attribute 'NoSuchWriter'"):
        eventgate.testing.NoSuchWriter  # noqa: B018
