"""Sinks of a test's own, which are well again afterwards."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.aws.environment import use_credentials
from tests.aws.stub import events_stub
from tests.faults.sinks import Bus, ScriptedBus, Sinks
from tests.services.aws import Aws
from tests.services.broker import Broker
from tests.services.database import Database


@pytest.fixture(autouse=True)
def _surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials that moto takes; `/health` asks anew each time."""
    use_credentials(monkeypatch)
    monkeypatch.setattr("eventgate.core.health.KEEP_SECONDS", -1)


@pytest.fixture
def bare_sinks(kafka: Broker, postgres: Database, aws: Aws) -> Iterator[Sinks]:
    """Sinks without the Kafka topic."""
    yield Sinks(kafka, postgres, Bus(aws))
    for service in (kafka, postgres, aws):
        service.resume()
        service.start()


@pytest.fixture
def sinks(bare_sinks: Sinks) -> Sinks:
    """All there is."""
    bare_sinks.kafka.create_topic(bare_sinks.topic)
    return bare_sinks


@pytest.fixture
def scripted(kafka: Broker, postgres: Database) -> Iterator[Sinks]:
    """Sinks with a bus that does as it is told."""
    with events_stub() as stub:
        sinks = Sinks(kafka, postgres, ScriptedBus(stub))
        kafka.create_topic(sinks.topic)
        yield sinks
