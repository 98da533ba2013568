"""Who may post: the token, the subject's rate, the topic, and whether the subject is listed for it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import msgspec

from eventgate.core.auth.access import AccessPolicy, Grant
from eventgate.core.auth.keyring import KeyRing
from eventgate.core.auth.tokens import bearer_token
from eventgate.core.head import Head
from eventgate.core.instruments import Trail
from eventgate.core.limits import Limits
from eventgate.core.model import Claims, Request
from eventgate.core.policy import Policy
from eventgate.core.rate import SubjectRate
from eventgate.core.topics import Topic


class Admitted(msgspec.Struct, frozen=True):
    """A caller who may go on: whose token is good and whose topic exists, by the policy of one moment."""

    subject: str
    topic: Topic
    access: AccessPolicy

    def grant(self) -> Grant:
        """What the caller may write; raises `NotListed`. Asked after the body is read: docs/api.md has the order."""
        return self.access.check_topic(self.subject, self.topic.name)


class Admission:
    """Lets callers in, once for each request, however many events it brings."""

    def __init__(self, limits: Limits, policy: Callable[[], Policy], keyring: KeyRing) -> None:
        self._limits = limits
        self._policy = policy
        self._keyring = keyring
        per_second = limits.requests_per_second_per_subject
        self._rate = None if per_second is None else SubjectRate(per_second)

    async def admit(self, request: Request, head: Head, topic_name: str, trail: Trail) -> Admitted:
        """The caller of a post to `topic_name`.

        Raises `Unauthenticated`, `Unavailable`, `RateLimited`, `TopicNotFound` or `TopicBroken`.
        """
        claims = await self.authenticate(request, head)
        trail.subject = subject = claims.subject
        if self._rate is not None:
            self._rate.take(subject)
        policy = self._policy()
        topic = policy.find(topic_name)
        trail.topic = topic.name
        return Admitted(subject, topic, policy.access)

    def authenticate(self, request: Request, head: Head) -> Awaitable[Claims]:
        """Who the caller is; raises `Unauthenticated` or `Unavailable`."""
        token = bearer_token(head.all(b"authorization"), head.all(b"bearer"))
        seconds = self._limits.request_timeout_seconds
        if request.deadline is not None:
            seconds = max(0.0, min(seconds, request.deadline - asyncio.get_running_loop().time()))
        return self._keyring.authenticate(token, seconds)
