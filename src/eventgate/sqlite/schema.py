"""How a file becomes, or is found to be, one of the gate's databases."""

from __future__ import annotations

import sqlite3

import msgspec

from eventgate.sqlite.errors import StoreFailure


class Schema(msgspec.Struct, frozen=True):
    """The tables of one kind of database.

    `application_id` and `version` are kept in the pragmas `application_id` and `user_version`, which `file` and other
    programs can read. `statements` make the tables in an empty file.
    """

    application_id: int
    version: int
    statements: tuple[str, ...]


def ensure(connection: sqlite3.Connection, schema: Schema) -> None:
    """Make the tables in an empty file; raises `StoreFailure` for a file that is not ours to write to."""
    if _is_empty(connection):
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("BEGIN IMMEDIATE")
        if _is_empty(connection):  # else another process came first
            for statement in schema.statements:
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {schema.application_id}")
            connection.execute(f"PRAGMA user_version = {schema.version}")
        connection.execute("COMMIT")
    check(connection, schema)
    connection.execute("PRAGMA journal_mode = WAL")


def check(connection: sqlite3.Connection, schema: Schema) -> None:
    """Raises `StoreFailure` unless this is a database of that kind that this version understands."""
    if _number(connection, "application_id") != schema.application_id:
        raise StoreFailure("the file is another program's database")
    if _number(connection, "user_version") != schema.version:
        raise StoreFailure("the database was made by another version of EventGate")


def _is_empty(connection: sqlite3.Connection) -> bool:
    return (
        _number(connection, "application_id") == 0
        and _number(connection, "user_version") == 0
        and connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone() is None
    )


def _number(connection: sqlite3.Connection, pragma: str) -> int:
    return int(connection.execute(f"PRAGMA {pragma}").fetchone()[0])
