"""`check --token`: what the gate would say of a token."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import msgspec

from eventgate.cli.terminal import usage
from eventgate.config.configuration import Configuration
from eventgate.core.auth.keyring import KeyRing
from eventgate.core.policy import Policy
from eventgate.errors import NotListed, Refusal, Unauthenticated, Unreachable

KEYS_SECONDS = 5.0
_MAX_TOKEN_BYTES = 64 * 1024


class Verdict(msgspec.Struct, frozen=True, omit_defaults=True):
    """Valid: who it is for, until when, and what they may write to. Else the reason and message of the 401."""

    valid: bool
    subject: str | None = None
    expires_at: str | None = None
    topics: tuple[str, ...] = ()
    constrained_topics: tuple[str, ...] = ()
    reason: str | None = None
    message: str | None = None

    def lines(self) -> list[str]:
        """The same for people."""
        if not self.valid:
            return [f"token: refused: {self.reason}: {self.message}"]
        every = ", ".join(self.topics) or "(none)"
        lines = [f"token: valid for {self.subject} until {self.expires_at}", f"token: may write to {every}"]
        if self.constrained_topics:
            lines.append(f"token: only events that meet constraints: {', '.join(self.constrained_topics)}")
        return lines


async def judge_token(file: Path, configuration: Configuration, policy: Policy) -> Verdict:
    """The verdict on the token in `file`. Raises `Unreachable` where the public keys cannot be had."""
    token = _read(file)
    ring = KeyRing(configuration.read_keys, configuration.settings.auth)
    await ring.refresh(KEYS_SECONDS)
    if ring.failure is not None:
        raise Unreachable(f"the public keys cannot be read: {ring.failure}")
    try:
        claims = ring.verify(token)
    except Unauthenticated as refusal:
        return Verdict(False, reason=refusal.reason, message=str(refusal))
    except Refusal as refusal:
        raise Unreachable(str(refusal)) from refusal
    may, within = _topics(policy, claims.subject)
    expires = datetime.fromtimestamp(claims.expires_at, UTC).isoformat(timespec="seconds")
    return Verdict(True, claims.subject, expires.replace("+00:00", "Z"), may, within)


def _read(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            text = opened.read(_MAX_TOKEN_BYTES).decode("ascii", "replace")
    except OSError as error:
        raise usage(f"cannot read the token file {file}: {error.strerror}") from error
    words = text.split()
    return " ".join(words[1:] if words and words[0].lower() == "bearer" else words)


def _topics(policy: Policy, subject: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """All topics that `subject` may write to, and those of them where its events are constrained."""
    may, within = [], []
    for topic in sorted(policy.topics):
        try:
            grant = policy.access.check_topic(subject, topic)
        except NotListed:
            continue
        may.append(topic)
        if grant.constraints:
            within.append(topic)
    return tuple(may), tuple(within)
