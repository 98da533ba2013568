"""A real Apache Kafka: one KRaft node, broker and controller in one."""

from __future__ import annotations

import base64
import shutil
import tempfile
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from tests.services.jars import kafka_jars
from tests.services.process import HOST, Child, ServiceUnavailable, free_port, listens, run_quietly
from tests.services.proxy import TcpProxy

PATIENCE_SECONDS = 15.0
QUIET: Mapping[str, Any] = {"log_level": 0, "error_cb": lambda _: None}
JVM = ("-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn")


@dataclass(frozen=True, slots=True)
class Message:
    """A record as it lies in a topic."""

    key: bytes | None
    value: bytes | None
    headers: dict[str, bytes] = field(default_factory=dict)
    partition: int = 0
    offset: int = 0


class Broker:
    """A broker by its address: what tests ask of any, also one that we did not start."""

    def __init__(self, bootstrap: str) -> None:
        self.bootstrap = bootstrap

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        host, _, port = self.bootstrap.rpartition(":")
        return host, int(port)

    def admin(self) -> AdminClient:
        """A client that may do anything."""
        return AdminClient({"bootstrap.servers": self.bootstrap, **QUIET})

    def create_topic(self, name: str, partitions: int = 1, **config: str | int) -> str:
        """Create a topic, wait until it can be used, and give its name; settings have `_` where Kafka has `.`."""
        settings = {key.replace("_", "."): str(value) for key, value in config.items()}
        admin = self.admin()
        self._done(admin.create_topics([NewTopic(name, partitions, 1, config=settings)]))
        while len(self._partitions(admin, name)) < partitions:
            pass
        return name

    def delete_topic(self, name: str) -> None:
        """Delete it and wait until it is gone."""
        admin = self.admin()
        self._done(admin.delete_topics([name]))
        while self._partitions(admin, name):
            pass

    def read(self, topic: str) -> list[Message]:
        """Everything that lies in `topic` now, by partition and offset; nothing if there is no such topic."""
        settings = {"bootstrap.servers": self.bootstrap, "group.id": "tests", "enable.auto.commit": False, **QUIET}
        consumer = Consumer({**settings, "fetch.wait.max.ms": 10, "fetch.error.backoff.ms": 10})
        try:
            wanted: list[Message] = []
            for partition in self._partitions(self.admin(), topic):
                wanted += self._read(consumer, topic, partition)
            return wanted
        finally:
            consumer.close()

    def _read(self, consumer: Consumer, topic: str, partition: int) -> Iterator[Message]:
        low, high = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=PATIENCE_SECONDS)
        if low == high:
            return
        consumer.assign([TopicPartition(topic, partition, low)])
        while True:
            record = consumer.poll(PATIENCE_SECONDS)
            if record is None:
                raise AssertionError(f"{topic} ends at {high}, but nothing came")
            if error := record.error():
                raise KafkaException(error)
            offset = record.offset()
            assert offset is not None
            headers = {name: value for name, value in record.headers() or [] if isinstance(value, bytes)}
            yield Message(_bytes(record.key()), _bytes(record.value()), headers, partition, offset)
            if offset + 1 >= high:
                return

    def _partitions(self, admin: AdminClient, topic: str) -> list[int]:
        """Those that have a leader."""
        found = admin.list_topics(topic, timeout=PATIENCE_SECONDS).topics[topic]
        return [] if found.error else [each.id for each in found.partitions.values() if each.leader >= 0]

    def _done(self, futures: Mapping[str, Any]) -> None:
        for future in futures.values():
            future.result(PATIENCE_SECONDS)


class OwnBroker(Broker):
    """A broker that tests may stop, kill and pause; its topics outlive that."""

    def __init__(self, folder: Path) -> None:
        self._port, self._proxied_port, self._advertised_port, self._controller = (free_port() for _ in range(4))
        super().__init__(f"{HOST}:{self._port}")
        settings = folder / "server.properties"
        settings.write_text(self._settings(folder / "data"))
        java = ("java", *JVM, "-cp", f"{kafka_jars()}/*")
        cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        if cluster.startswith("-"):
            cluster = "A" + cluster[1:]
        run_quietly([*java, "kafka.tools.StorageTool", "format", "--standalone", "-t", cluster, "-c", settings])
        self._child = Child("kafka", [*java, "kafka.Kafka", settings], folder, self._ready)
        self._child.start()

    def start(self) -> None:
        """Start it again and wait until it serves."""
        self._child.start()

    def stop(self) -> None:
        """End it in good order."""
        self._child.stop()

    def kill(self) -> None:
        """End it as a power cut would."""
        self._child.kill()

    def pause(self) -> None:
        """Freeze it: connections stay open and say nothing."""
        self._child.pause()

    def resume(self) -> None:
        """Let it go on."""
        self._child.resume()

    def through(self, proxy: TcpProxy) -> str:
        """A bootstrap address whose clients reach the broker through `proxy` only.

        The broker advertises one address for it: of several proxies, one at a time, until it is closed.
        """
        proxy.also(self._advertised_port, (HOST, self._proxied_port))
        return f"{HOST}:{self._advertised_port}"

    def _ready(self) -> bool:
        if not listens(self._port):
            return False
        try:
            return bool(self.admin().list_topics(timeout=5).brokers)
        except KafkaException:
            return False

    def _settings(self, data: Path) -> str:
        settings = {
            "process.roles": "broker,controller",
            "node.id": 1,
            "listeners": f"PLAINTEXT://{HOST}:{self._port},PROXIED://{HOST}:{self._proxied_port},"
            f"CONTROLLER://{HOST}:{self._controller}",
            "advertised.listeners": f"PLAINTEXT://{HOST}:{self._port},PROXIED://{HOST}:{self._advertised_port}",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,PROXIED:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "inter.broker.listener.name": "PLAINTEXT",
            "controller.listener.names": "CONTROLLER",
            "controller.quorum.bootstrap.servers": f"{HOST}:{self._controller}",
            "log.dirs": data,
            "num.partitions": 1,
            "auto.create.topics.enable": "false",
            "offsets.topic.replication.factor": 1,
            "transaction.state.log.replication.factor": 1,
            "transaction.state.log.min.isr": 1,
            "group.initial.rebalance.delay.ms": 0,
            "broker.session.timeout.ms": 1500,  # how long a broker that was killed is waited for when it comes again
            "broker.heartbeat.interval.ms": 500,
        }
        return "".join(f"{name}={value}\n" for name, value in settings.items())


@contextmanager
def broker() -> Iterator[OwnBroker]:
    """A broker of our own until the block is left; raises `ServiceUnavailable`."""
    if not shutil.which("java"):
        raise ServiceUnavailable("Kafka needs `java` (17 or newer)")
    with tempfile.TemporaryDirectory(prefix="eventgate-kafka-") as folder:
        own = OwnBroker(Path(folder))
        try:
            yield own
        finally:
            own.kill()


def _bytes(content: str | bytes | None) -> bytes | None:
    return content.encode() if isinstance(content, str) else content
