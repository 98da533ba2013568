"""A real Apache Kafka, as tests use it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from confluent_kafka import Consumer, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from tests.services.kafka_node import AUDIENCE, ISSUER, PASSWORDS, KafkaNode, kafka_node
from tests.services.process import HOST, ServiceUnavailable, listens
from tests.services.proxy import TcpProxy

ADDRESS = "EVENTGATE_TEST_KAFKA"
"""Environment variable with the address of a broker to use instead of one of ours."""

PATIENCE_SECONDS = 60.0
QUIET: Mapping[str, Any] = {"log_level": 0, "error_cb": lambda _: None}


@dataclass(frozen=True, slots=True)
class Message:
    """A record as it lies in a topic."""

    key: bytes | None
    value: bytes | None
    headers: dict[str, bytes] = field(default_factory=dict)
    partition: int = 0
    offset: int = 0


class Broker:
    """A broker; its topics outlive a stop. One that we did not start can be neither stopped nor proxied."""

    def __init__(self, bootstrap: str, node: KafkaNode | None = None) -> None:
        self.bootstrap = bootstrap
        self._node = node

    @property
    def node(self) -> KafkaNode:
        """The process behind it, its secure listeners and their certificate."""
        if self._node is None:
            raise ServiceUnavailable(f"this test needs a broker of its own: unset {ADDRESS}")
        return self._node

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        host, _, port = self.bootstrap.rpartition(":")
        return host, int(port)

    def start(self) -> None:
        """Start it again and wait until it serves."""
        self.node.child.start()

    def stop(self) -> None:
        """End it in good order."""
        self.node.child.stop()

    def kill(self) -> None:
        """End it as a power cut would."""
        self.node.child.kill()

    def pause(self) -> None:
        """Freeze it: connections stay open and say nothing."""
        self.node.child.pause()

    def resume(self) -> None:
        """Let it go on."""
        self.node.child.resume()

    def through(self, proxy: TcpProxy) -> str:
        """A bootstrap address whose clients reach the broker through `proxy` only.

        The broker tells its clients one such address: of several proxies it is for one at a time, until that is closed.
        """
        proxy.also(self.node.advertised_port, (HOST, self.node.ports["PROXIED"]))
        return f"{HOST}:{self.node.advertised_port}"

    def sasl(self, user: str = "gate", mechanism: str = "SCRAM-SHA-512") -> dict[str, str]:
        """Client settings for a login with TLS and a password: `gate` may do anything, `stranger` nothing."""
        return {
            **self.tls("SASL"),
            "security.protocol": "SASL_SSL",
            "sasl.mechanism": mechanism,
            "sasl.username": user,
            "sasl.password": PASSWORDS[user],
        }

    def tls(self, listener: str = "TLS") -> dict[str, str]:
        """Client settings for TLS; with the pair of `node` as the client's own, it is `gate`."""
        address, authority = self.node.address(listener), str(self.node.ca_file)
        return {"bootstrap.servers": address, "security.protocol": "SSL", "ssl.ca.location": authority}

    def token(self, subject: str = "gate", **claims: Any) -> str:
        """A token for the listener at `node.address("OAUTH")`."""
        return self.node.issuer.token(subject, **{"iss": ISSUER, "aud": AUDIENCE, "scope": "events", **claims})

    def admin(self) -> AdminClient:
        """A client that may do anything."""
        return AdminClient({"bootstrap.servers": self.bootstrap, **QUIET})

    def create_topic(self, name: str, partitions: int = 1, **config: str | int) -> str:
        """Create a topic, wait until it can be used, and give its name; settings have `_` where Kafka has `.`."""
        settings = {key.replace("_", "."): str(value) for key, value in config.items()}
        admin = self.admin()
        _finish(admin.create_topics([NewTopic(name, partitions, 1, config=settings)]))
        while len(_partitions(admin, name)) < partitions:
            pass
        return name

    def delete_topic(self, name: str) -> None:
        """Delete it and wait until it is gone."""
        admin = self.admin()
        _finish(admin.delete_topics([name]))
        while _partitions(admin, name):
            pass

    def read(self, topic: str) -> list[Message]:
        """Everything that lies in `topic` now, by partition and offset; nothing if there is no such topic."""
        with contextlib.closing(_consumer(self.bootstrap)) as consumer:
            partitions = _partitions(self.admin(), topic)
            return [message for partition in partitions for message in _read(consumer, topic, partition)]


@contextmanager
def broker() -> Iterator[Broker]:
    """A broker until the block is left: the one at EVENTGATE_TEST_KAFKA, else our own; `ServiceUnavailable`."""
    if foreign := os.environ.get(ADDRESS):
        if not listens(*Broker(foreign).address):
            raise ServiceUnavailable(f"nothing listens at the address in {ADDRESS}")
        yield Broker(foreign)
    else:
        with kafka_node(_serves) as node:
            yield Broker(node.address(), node)


def _serves(address: str) -> bool:
    """Whether it answers, and leads every partition that it has."""
    if not listens(*Broker(address).address):
        return False
    try:
        with contextlib.closing(_consumer(address)) as consumer:
            topics = consumer.list_topics(timeout=2).topics
            for topic, number in ((name, each) for name, found in topics.items() for each in found.partitions):
                consumer.get_watermark_offsets(TopicPartition(topic, number), timeout=2)
    except KafkaException:
        return False
    return True


def _consumer(bootstrap: str) -> Consumer:
    group = {"group.id": "tests", "enable.auto.commit": False}
    return Consumer({"bootstrap.servers": bootstrap, **group, "fetch.wait.max.ms": 10, **QUIET})


def _partitions(admin: AdminClient, topic: str) -> list[int]:
    """Those that have a leader."""
    found = admin.list_topics(topic, timeout=PATIENCE_SECONDS).topics[topic]
    return [] if found.error else [each.id for each in found.partitions.values() if each.leader >= 0]


def _read(consumer: Consumer, topic: str, partition: int) -> Iterator[Message]:
    low, high = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=PATIENCE_SECONDS)
    if low == high:
        return
    consumer.assign([TopicPartition(topic, partition, low)])
    offset = low - 1
    while offset + 1 < high:
        record = consumer.poll(PATIENCE_SECONDS)
        if record is None:
            raise AssertionError(f"{topic} ends at {high}, but nothing came after {offset}")
        if error := record.error():
            raise KafkaException(error)
        offset = record.offset() or 0
        headers: Any = record.headers() or []
        yield Message(_bytes(record.key()), _bytes(record.value()), dict(headers), partition, offset)


def _bytes(content: str | bytes | None) -> bytes | None:
    return content.encode() if isinstance(content, str) else content


def _finish(futures: Mapping[str, Future[Any]]) -> None:
    for future in futures.values():
        future.result(PATIENCE_SECONDS)
