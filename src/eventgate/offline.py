"""The server's own judgement of events, without a server, a token or a sink."""

from __future__ import annotations

import os
import time
from types import TracebackType

from eventgate.config.configuration import Configuration
from eventgate.config.loader import PolicyLoader, load_configuration
from eventgate.core import ids, json, judging
from eventgate.core.auth.access import Grant
from eventgate.core.delivery import Delivery
from eventgate.core.model import Event
from eventgate.core.policy import Policy
from eventgate.errors import BodyTooLarge, Refusal

_ANYONE = Grant()


class OfflineGate:
    """Judges events as a gate with the configuration would, save for who sends them. Used with `async with`."""

    def __init__(self, configuration: Configuration, policy: Policy) -> None:
        self.policy = policy
        self._limits = configuration.settings.limits
        self._delivery = Delivery(configuration.build_writers())

    async def __aenter__(self) -> OfflineGate:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the writers, none of which was opened."""
        await self._delivery.close()

    def refusal(self, topic_name: str, body: bytes) -> Refusal | None:
        """What the gate would answer; None if it would take the event. May be called from any thread."""
        try:
            self._judge(topic_name.lower(), body)
        except Refusal as refusal:
            return refusal
        return None

    def _judge(self, topic_name: str, body: bytes) -> None:
        topic = self.policy.find(topic_name)
        if len(body) > self._limits.max_body_bytes:
            raise BodyTooLarge(self._limits.max_body_bytes)
        body = body.strip(json.WHITE_SPACE)
        document = judging.judge(body, topic, _ANYONE, self._limits.max_depth)
        event = Event(
            topic=topic.name,
            event_id=judging.own_id(topic, document) or ids.uuid7(),
            subject="",
            body=body,
            document=document,
            received_at=time.time(),
            correlation_id="",
            key=judging.partition_key(topic, document),
            options=topic.options,
        )
        judging.refusals(self._delivery, event, topic)


async def open_offline(conf: str) -> OfflineGate:
    """A judge of events for the configuration directory `conf`; raises `ConfigurationError`."""
    configuration = await load_configuration(conf, os.environ)
    policy, _ = await PolicyLoader(configuration).load(None)
    return OfflineGate(configuration, policy)
