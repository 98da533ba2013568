"""Databases for the tests of the Postgres writer."""

from __future__ import annotations

import pytest

from tests.services.database import Database
from tests.writers.postgres.lake import SCHEMA
from tests.writers.postgres.support import ORDERS_TABLE, new_database


@pytest.fixture
def database(postgres: Database) -> str:
    """A new database with the gate's tables and a table `orders`."""
    return new_database(postgres, tables=ORDERS_TABLE)


@pytest.fixture
def dsn(postgres: Database, database: str) -> str:
    """Its address."""
    return postgres.dsn(database)


@pytest.fixture
def lake(postgres: Database) -> str:
    """A new database with the tables of the data lake."""
    return new_database(postgres, tables=SCHEMA)
