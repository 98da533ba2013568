"""The Kafka writer keeps the writer contract, with a real broker behind a proxy that can be cut."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from eventgate.core.model import Event
from eventgate.core.writer import Writer
from eventgate.testing import KeepingWriterContract, make_event
from eventgate.writers.kafka.settings import KafkaTopicSettings
from tests.services.broker import Broker
from tests.services.proxy import TcpProxy
from tests.writers.kafka.support import kafka_writer

TOPICS = ("orders", "readings")


@pytest.mark.every_version
class TestKafka(KeepingWriterContract):
    """Each test has the topics to itself."""

    @pytest.fixture(autouse=True)
    def sink(self, kafka: Broker, proxy_to: Callable[[str, int], TcpProxy]) -> Iterator[None]:
        """The broker, reached through a proxy."""
        self.broker, self.proxy = kafka, proxy_to(*kafka.address)
        self.bootstrap = kafka.through(self.proxy)
        for topic in TOPICS:
            kafka.create_topic(topic)
        yield
        for topic in TOPICS:
            kafka.delete_topic(topic)

    def writer(self, folder: Path) -> Writer:
        """Topics as the events name them."""
        return kafka_writer(self.bootstrap)

    def renewed(self, folder: Path) -> Writer:
        """Credentials are properties."""
        return kafka_writer(self.bootstrap, config={"sasl.username": "u", "sasl.password": "other"})

    def elsewhere(self, folder: Path) -> Sequence[tuple[Writer, Event]]:
        """Another cluster, and another topic."""
        named = make_event(options={"kafka": KafkaTopicSettings(topic="other")})
        return [(kafka_writer("elsewhere:9092"), self.event()), (self.writer(folder), named)]

    async def stored(self, folder: Path) -> Sequence[tuple[str, str, bytes]]:
        """Read past the proxy."""
        return [
            (topic, message.headers["eventgate-event-id"].decode(), message.value or b"")
            for topic in TOPICS
            for message in self.broker.read(topic)
        ]

    async def break_sink(self, folder: Path) -> None:
        """The broker is out of reach."""
        self.proxy.cut()

    async def mend_sink(self, folder: Path) -> None:
        """It can be reached again."""
        self.proxy.restore()
