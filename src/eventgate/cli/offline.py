"""The server's own judgement of events, without a server, a token or a sink."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from types import TracebackType

import msgspec

from eventgate.config.configuration import Configuration
from eventgate.config.loader import PolicyLoader, load_configuration
from eventgate.core.auth.access import AccessPolicy, Grant
from eventgate.core.auth.keyring import KeyRing
from eventgate.core.delivery import Delivery
from eventgate.core.head import Head
from eventgate.core.instruments import Trail
from eventgate.core.model import Claims, Request
from eventgate.core.policy import Policy
from eventgate.core.posting import Posting
from eventgate.errors import BodyTooLarge, Problem, Refusal

_ANYONE = Claims("offline", math.inf)


class _Posting(Posting):
    """Takes every caller for the one subject of an offline policy."""

    async def authenticate(self, request: Request, head: Head) -> Claims:
        return _ANYONE


class OfflineGate:
    """Judges events as a gate with the configuration would, save for who sends them. Used with `async with`."""

    def __init__(self, configuration: Configuration, policy: Policy) -> None:
        self.policy = policy
        settings = configuration.settings
        self._delivery = Delivery(configuration.build_writers())
        anyone = AccessPolicy({topic: {_ANYONE.subject: Grant()} for topic in policy.topics}, fold_case=False)
        open_policy = msgspec.structs.replace(policy, access=anyone)
        self._posting = _Posting(
            msgspec.structs.replace(settings.limits, requests_per_second_per_subject=None),
            lambda: open_policy,
            KeyRing(configuration.read_keys, settings.auth),
            self._delivery,
        )

    async def __aenter__(self) -> OfflineGate:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._delivery.close()

    async def problems(self, topic: str, event: bytes) -> Sequence[Problem]:
        """What the gate's answer would list as `errors`; nothing if it would take the event."""

        async def body(limit: int) -> bytes:
            if len(event) > limit:
                raise BodyTooLarge(limit)
            return event

        request = Request("POST", f"/topics/{topic}/validate", (), body)
        try:
            await self._posting.validate(request, Head(()), topic, Trail("POST", "", ""))
        except Refusal as refusal:
            return refusal.problems
        return ()


async def open_offline(conf: str) -> OfflineGate:
    """A judge of events for the configuration directory `conf`; raises `ConfigurationError`."""
    configuration = await load_configuration(conf, os.environ)
    policy, _ = await PolicyLoader(configuration).load(None)
    return OfflineGate(configuration, policy)
