"""One Kafka node of ours: broker and controller in one (KRaft), with a listener for each way to come in."""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from eventgate.testing import TokenMaker
from tests.certificates import self_signed
from tests.services.jars import kafka_class_path, kafka_jars
from tests.services.process import HOST, Child, free_port, run_quietly

PASSWORDS = {"gate": "gate-secret", "stranger": "stranger-secret"}
"""Who can log in at the SASL listener: `gate` may do anything, `stranger` nothing."""

LISTENERS = {
    "PLAINTEXT": "PLAINTEXT",
    "PROXIED": "PLAINTEXT",
    "TLS": "SSL",
    "SASL": "SASL_SSL",
    "OAUTH": "SASL_PLAINTEXT",
    "CONTROLLER": "PLAINTEXT",
}
"""Each listener and its protocol. PROXIED tells its clients the address where a proxy is expected."""

ISSUER, AUDIENCE = "https://sso.example", "kafka"
JVM = ("-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn")
MODULES = "org.apache.kafka.common.security"


class KafkaNode:
    """A process with its data in `folder`; `ready` tells whether the broker at an address serves."""

    def __init__(self, folder: Path, ready: Callable[[str], bool]) -> None:
        self.ports = {name: free_port() for name in LISTENERS}
        self.advertised_port = free_port()
        self.issuer = TokenMaker()
        self.ca_file, self.key_file = self_signed(folder)
        settings = folder / "server.properties"
        settings.write_text("".join(f"{name}={value}\n" for name, value in self._settings(folder).items()))
        allowed = f"-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls={self._keys(folder)}"
        java = ["java", *JVM, allowed, "-cp", kafka_class_path()]
        scram = [f"SCRAM-SHA-512=[name={name},password={password}]" for name, password in PASSWORDS.items()]
        options = [part for user in scram for part in ("--add-scram", user)]
        storage = ("kafka.tools.StorageTool", "format", "--standalone", "-t", uuid.uuid4().hex[:22])
        run_quietly([*java, *storage, *options, "-c", settings])
        self._command = [*java, "kafka.Kafka", str(settings)]
        self._folder = folder
        self._ready = ready
        self.child = self._child(f"-XX:SharedArchiveFile={self._archive()}")

    def address(self, listener: str = "PLAINTEXT") -> str:
        """`host:port` of a listener."""
        return f"{HOST}:{self.ports[listener]}"

    def _child(self, option: str) -> Child:
        command = [self._command[0], option, *self._command[1:]]
        return Child("kafka", command, self._folder, lambda: self._ready(self.address()))

    def _archive(self) -> Path:
        """What the JVM loads, ready to be mapped: halves the time of a start. Made once, by a start and a stop."""
        archive = kafka_jars() / "classes.jsa"
        if not archive.exists():
            new = archive.with_name(f"{uuid.uuid4().hex}.jsa")
            child = self._child(f"-XX:ArchiveClassesAtExit={new}")
            child.start()
            child.stop()
            if new.exists():
                new.replace(archive)
        return archive

    def _settings(self, folder: Path) -> dict[str, object]:
        bound = {name: f"{name}://{HOST}:{port}" for name, port in self.ports.items()}
        told = {name: address for name, address in bound.items() if name != "CONTROLLER"}
        told["PROXIED"] = f"PROXIED://{HOST}:{self.advertised_port}"
        return {
            "process.roles": "broker,controller",
            "node.id": 1,
            "listeners": ",".join(bound.values()),
            "advertised.listeners": ",".join(told.values()),
            "listener.security.protocol.map": ",".join(f"{name}:{kind}" for name, kind in LISTENERS.items()),
            "inter.broker.listener.name": "PLAINTEXT",
            "controller.listener.names": "CONTROLLER",
            "controller.quorum.bootstrap.servers": self.address("CONTROLLER"),
            "log.dirs": folder / "data",
            "num.partitions": 1,
            "auto.create.topics.enable": "false",
            "offsets.topic.replication.factor": 1,
            "transaction.state.log.replication.factor": 1,
            "transaction.state.log.min.isr": 1,
            "group.initial.rebalance.delay.ms": 0,
            "broker.session.timeout.ms": 1500,  # for so long a broker that was killed may not register again
            "broker.heartbeat.interval.ms": 500,
            **self._security(folder),
        }

    def _security(self, folder: Path) -> dict[str, object]:
        """Settings of the listeners TLS, SASL and OAUTH, and of who may do what."""
        pair = folder / "broker.pem"
        pair.write_bytes(self.key_file.read_bytes() + self.ca_file.read_bytes())
        users = " ".join(f'user_{name}="{password}"' for name, password in PASSWORDS.items())
        keys, oauth = self._keys(folder), "listener.name.oauth.oauthbearer.sasl"
        return {
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": pair,
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": self.ca_file,
            "listener.name.tls.ssl.client.auth": "requested",
            "listener.name.sasl.sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-512",
            "listener.name.sasl.plain.sasl.jaas.config": f"{MODULES}.plain.PlainLoginModule required {users};",
            "listener.name.sasl.scram-sha-512.sasl.jaas.config": f"{MODULES}.scram.ScramLoginModule required;",
            "listener.name.oauth.sasl.enabled.mechanisms": "OAUTHBEARER",
            f"{oauth}.jaas.config": f"{MODULES}.oauthbearer.OAuthBearerLoginModule required;",
            f"{oauth}.server.callback.handler.class": f"{MODULES}.oauthbearer.OAuthBearerValidatorCallbackHandler",
            f"{oauth}.oauthbearer.jwks.endpoint.url": keys,
            "sasl.oauthbearer.expected.audience": AUDIENCE,
            "sasl.oauthbearer.expected.issuer": ISSUER,
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "super.users": "User:ANONYMOUS;User:gate;User:CN=gate",
        }

    def _keys(self, folder: Path) -> str:
        """The address of the keys that tokens for the OAUTH listener are checked with."""
        keys = folder / "keys.json"
        keys.write_bytes(self.issuer.jwks())
        return keys.as_uri()


@contextmanager
def kafka_node(ready: Callable[[str], bool]) -> Iterator[KafkaNode]:
    """A node until the block is left, started; raises `ServiceUnavailable`."""
    with tempfile.TemporaryDirectory(prefix="eventgate-kafka-") as folder:
        node = KafkaNode(Path(folder), ready)
        try:
            node.child.start()
            yield node
        finally:
            node.child.kill()
