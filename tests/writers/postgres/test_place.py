"""Which database a DSN leads to, whoever it is that connects."""

from __future__ import annotations

import json
from typing import Any

import pytest

from eventgate.writers.postgres.connect import Connector
from eventgate.writers.postgres.settings import Database, PostgresSettings

HERE = "postgresql://writer:secret@db.example:5432/lake"


def place(dsn: str | Database) -> str:
    return Connector(PostgresSettings(dsn=dsn)).place


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PGHOST", "PGPORT", "PGDATABASE", "PGUSER"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    "dsn",
    [
        "postgresql://other:new@db.example:5432/lake",
        "postgresql://db.example:5432/lake",
        f"{HERE}?user=other&password=new&passfile=/x",
        f"{HERE}?sslmode=require&sslrootcert=/ca.pem&application_name=gate",
        "postgresql://writer:p%40ss@db.example:5432/lake",
    ],
)
def test_credentials_and_certificates_are_no_part_of_it(dsn: str) -> None:
    assert place(dsn) == place(HERE)
    for text in ("writer", "other", "secret", "new", "ss"):
        assert text not in place(dsn)


@pytest.mark.parametrize(
    "dsn",
    [
        "postgresql://writer:secret@dr.example:5432/lake",
        "postgresql://writer:secret@db.example:5433/lake",
        "postgresql://writer:secret@db.example:5432/other",
        "postgresql://writer:secret@db.example:5432,dr.example:5432/lake",
        f"{HERE}?search_path=other",
        f"{HERE}?host=dr.example",
        f"{HERE}?options=-csearch_path%3Dother",
    ],
)
def test_host_port_database_and_schema_are(dsn: str) -> None:
    assert place(dsn) != place(HERE)


def test_a_database_given_field_by_field_has_a_place_too() -> None:
    fields: dict[str, Any] = {"host": "db.example", "database": "lake", "user": "a", "password": "b"}
    given = Database(**fields)
    assert place(given) == place(Database(**{**fields, "user": "c", "password": "d"}))
    assert place(given) == place(json.dumps(fields))
    for name, value in (("host", "dr.example"), ("port", 1), ("database", "other")):
        assert place(Database(**{**fields, name: value})) != place(given)


def test_what_the_dsn_leaves_out_comes_from_where_asyncpg_takes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A database without a name is named as its user."""
    bare = "postgresql://"
    assert place("postgresql://a@db.example") != place("postgresql://b@db.example")
    places = [place(bare)]
    for name in ("PGHOST", "PGPORT", "PGUSER", "PGDATABASE"):
        monkeypatch.setenv(name, name)
        places.append(place(bare))
    assert len(set(places)) == 5
