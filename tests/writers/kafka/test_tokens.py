"""Tokens that a provider gives (OAUTHBEARER, OIDC)."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator

import pytest

from eventgate.testing import make_event
from eventgate.testing.contract import opened
from eventgate.writers.kafka.settings import Value
from tests.http_server import Exchange, http_server
from tests.services.broker import Broker
from tests.writers.kafka.support import deliver, delivers, eventually_delivered, kafka_writer, new_topic, outcomes


class TokenEndpoint:
    """Gives tokens for the broker's OAUTH listener, as an OIDC provider would. `ttl` is how many seconds they last."""

    def __init__(self) -> None:
        self.ttl = 300
        self.asked = 0
        self.url = ""

    @property
    def config(self) -> dict[str, Value]:
        """How a writer logs in with such a token."""
        return {
            "security.protocol": "SASL_PLAINTEXT",
            "sasl.mechanism": "OAUTHBEARER",
            "sasl.oauthbearer.method": "oidc",
            "sasl.oauthbearer.client.id": "gate",
            "sasl.oauthbearer.client.secret": "secret",
            "sasl.oauthbearer.token.endpoint.url": self.url,
        }


@pytest.fixture
def token_endpoint(kafka: Broker) -> Iterator[TokenEndpoint]:
    """One that serves."""
    provider = TokenEndpoint()

    class Endpoint(Exchange):
        def reply(self) -> None:
            provider.asked += 1
            token = kafka.token(exp=int(time.time()) + provider.ttl)
            said = {"access_token": token, "token_type": "Bearer", "expires_in": provider.ttl}
            self.answer(200, json.dumps(said).encode(), {"Content-Type": "application/json"})

    with http_server(Endpoint) as url:
        provider.url = f"{url}/token"
        yield provider


async def test_tokens_of_a_provider(kafka: Broker, token_endpoint: TokenEndpoint) -> None:
    """librdkafka fetches them itself."""
    topic = kafka.create_topic(new_topic())
    assert await delivers(kafka.node.address("OAUTH"), token_endpoint.config, topic)


async def test_a_token_that_has_expired_is_replaced_by_itself(kafka: Broker, token_endpoint: TokenEndpoint) -> None:
    """Connections that are made long after the first token has expired are good."""
    token_endpoint.ttl = 3
    topic = kafka.create_topic(new_topic())
    began = time.monotonic()
    async with opened(kafka_writer(kafka.node.address("OAUTH"), token_endpoint.config)) as writer:
        assert outcomes(await deliver(writer, make_event(topic=topic))) == ["delivered"]
        while time.monotonic() - began < 2 * token_endpoint.ttl:
            await eventually_delivered(writer, topic)
        await asyncio.to_thread(kafka.stop)
        await asyncio.to_thread(kafka.start)
        await eventually_delivered(writer, topic)
    assert token_endpoint.asked > 1
