"""The services as fixtures: each is started by the first test that asks for it, once in a run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.services.aws import Aws
from tests.services.aws import aws as start_aws
from tests.services.broker import Broker
from tests.services.broker import broker as start_broker
from tests.services.database import Database
from tests.services.database import database as start_database
from tests.services.proxy import TcpProxy


@pytest.fixture(scope="session")
def kafka() -> Iterator[Broker]:
    """A Kafka broker."""
    with start_broker() as broker:
        yield broker


@pytest.fixture(scope="session")
def postgres() -> Iterator[Database]:
    """A PostgreSQL server."""
    with start_database() as database:
        yield database


@pytest.fixture(scope="session")
def aws() -> Iterator[Aws]:
    """EventBridge, S3, SQS and Secrets Manager."""
    with start_aws() as aws:
        yield aws


@pytest.fixture
def proxy_to() -> Iterator[Callable[[str, int], TcpProxy]]:
    """Makes TCP proxies that end with the test."""
    with ExitStack() as stack:
        yield lambda host, port: stack.enter_context(TcpProxy(host, port))
