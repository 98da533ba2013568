"""The services as fixtures: each is started by the first test that asks for it, once in a run."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import TYPE_CHECKING, TypeVar

import pytest
import pytest_asyncio

from tests.services.aws import Aws
from tests.services.aws import aws as start_aws
from tests.services.broker import Broker
from tests.services.broker import broker as start_broker
from tests.services.chromium import chromium
from tests.services.database import Database
from tests.services.database import database as start_database
from tests.services.pooler import pooler
from tests.services.process import ServiceUnavailable
from tests.services.proxy import TcpProxy
from tests.services.sharing import dealt

if TYPE_CHECKING:
    from playwright.async_api import Browser

T = TypeVar("T")


SERVICES = ("kafka", "postgres", "aws", "browser", "packages")
"""Fixtures of a whole run that take long to make: the packages for Lambda are as good as a service."""


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Iterator[None]:
    """Mark the tests of a service, and keep them in one process where several run side by side."""
    for item in items:
        if _service(item):
            item.add_marker("service")
    yield
    processes = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    if processes > 1:
        services = [[item for item in items if _service(item) == name] for name in SERVICES]
        items[:] = dealt(services, [item for item in items if not _service(item)], processes)


def _service(item: pytest.Item) -> str:
    """The first service that a test asks for; empty if none."""
    wanted = getattr(item, "fixturenames", ())
    return next((name for name in SERVICES if name in wanted), "")


@contextmanager
def or_fail(service: AbstractContextManager[T]) -> Iterator[T]:
    """A service that cannot be had fails the tests that need it with one line: it never skips them."""
    with ExitStack() as stack:
        missing = ""
        try:
            yield stack.enter_context(service)
        except ServiceUnavailable as unavailable:
            missing = str(unavailable)
        if missing:
            pytest.fail(missing, pytrace=False)


@pytest.fixture(scope="session")
def kafka() -> Iterator[Broker]:
    """A Kafka broker."""
    with or_fail(start_broker()) as broker:
        yield broker


@pytest.fixture(scope="session")
def postgres() -> Iterator[Database]:
    """A PostgreSQL server."""
    with or_fail(start_database()) as database:
        yield database


@pytest.fixture(scope="session")
def pgbouncer(postgres: Database) -> Iterator[str]:
    """The address of a PgBouncer before the PostgreSQL server, in transaction mode."""
    with or_fail(pooler(postgres)) as address:
        yield address


@pytest.fixture(scope="session")
def aws() -> Iterator[Aws]:
    """EventBridge, S3, SQS and Secrets Manager."""
    with or_fail(start_aws()) as aws:
        yield aws


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """A headless Chromium; tests that use it run on the session's event loop."""
    from playwright.async_api import async_playwright  # few tests need it

    try:
        path = chromium()
    except ServiceUnavailable as unavailable:
        pytest.fail(str(unavailable), pytrace=False)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        await browser.close()


@pytest.fixture
def proxy_to() -> Iterator[Callable[[str, int], TcpProxy]]:
    """Makes TCP proxies that end with the test."""
    with ExitStack() as stack:
        yield lambda host, port: stack.enter_context(TcpProxy(host, port))
