"""Whether the database has what the gate and its topics' statements need; nothing is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import asyncpg

from eventgate.errors import Finding
from eventgate.writers.postgres.errors import MISSING_TABLES
from eventgate.writers.postgres.ledger import EVENTS_TABLE, LEDGER_TABLE
from eventgate.writers.postgres.settings import TopicStatements
from eventgate.writers.postgres.statements import Statement

if TYPE_CHECKING:
    from eventgate.writers.postgres.connect import Connection

_TABLES = """
    SELECT name, to_regclass(name) IS NOT NULL,
        coalesce(has_table_privilege(to_regclass(name), 'INSERT'), false)
        AND coalesce(has_table_privilege(to_regclass(name), 'SELECT'), false),
        coalesce(has_table_privilege(to_regclass(name), 'DELETE'), false)
    FROM unnest($1::text[]) AS tables (name)
"""
_NO_RIGHTS = "the gate's database user may not write to the gate's tables"


async def missing(connection: Connection, *, ledger: bool) -> str | None:
    """What keeps events from being written, as far as the gate's own tables go; None if nothing does."""
    names = [EVENTS_TABLE, LEDGER_TABLE] if ledger else [EVENTS_TABLE]
    rows = await connection.fetch(_TABLES, names)
    if not all(row[1] for row in rows):
        return MISSING_TABLES
    return None if any(row[2] for row in rows) else _NO_RIGHTS


async def inspect(connection: Connection, topics: Mapping[str, Any], *, ledger: bool) -> Sequence[Finding]:
    """A finding for each statement that does not fit the tables, and for each right that is missing.

    Statements are prepared, which parses them against the tables and runs nothing.
    """
    tables = {row[0]: row for row in await connection.fetch(_TABLES, [EVENTS_TABLE, LEDGER_TABLE])}
    findings: list[Finding] = []
    prepared: set[Statement] = set()
    for topic, options in topics.items():
        sql = options.sql if isinstance(options, TopicStatements) else ()
        table = EVENTS_TABLE if not sql else LEDGER_TABLE if ledger else None
        if table is not None:
            findings += _of_table(topic, table, exists=tables[table][1], writable=tables[table][2])
        if table == LEDGER_TABLE and tables[table][1] and not tables[table][3]:
            message = f"{table} only grows: the gate's database user has no right to prune it"
            findings.append(Finding("warning", f"topic {topic}", message))
        for statement in sql:
            if statement not in prepared:
                prepared.add(statement)
                findings += await _of_statement(connection, statement)
    return tuple(dict.fromkeys(findings))


def _of_table(topic: str, table: str, *, exists: bool, writable: bool) -> list[Finding]:
    if not exists:
        return [Finding("error", f"topic {topic}", f"there is no table {table}", hint="run `eventgate db migrate`")]
    if not writable:
        return [Finding("error", f"topic {topic}", f"the gate's database user may not write to {table}")]
    return []


async def _of_statement(connection: Connection, statement: Statement) -> list[Finding]:
    try:
        prepared = await connection.prepare(statement.text)
        count = len(prepared.get_parameters())
    except asyncpg.PostgresError as error:
        # The message is about the statement's own text here: nothing of any event is near.
        line = _line(statement.text, getattr(error, "position", None))
        return [Finding("error", statement.name, f"{line}{error.message} ({error.sqlstate})")]
    if count != statement.parameters:
        return [Finding("error", statement.name, f"takes {count} parameters instead of {statement.parameters}")]
    return []


def _line(text: str, position: str | None) -> str:
    if position is None or not position.isdigit():
        return ""
    number = text.count("\n", 0, int(position)) + 1
    return f"line {number}: "
