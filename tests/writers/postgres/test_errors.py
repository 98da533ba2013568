"""Every error of the database and of its client has a meaning; each of them is told in the documentation."""

from __future__ import annotations

import inspect
from pathlib import Path

import asyncpg
import pytest

from eventgate.writers.postgres.errors import (
    CLASSES,
    CLIENT,
    CODES,
    MISSING_TABLES,
    REASONS,
    Remedy,
    trouble,
)
from tests.project.markdown import rows, section

ALL = [
    each
    for _, each in inspect.getmembers(asyncpg.exceptions, inspect.isclass)
    if each.__module__.startswith("asyncpg.exceptions")
]
WARNINGS = {"01", "02"}
BASES = {
    *("PostgresMessage", "PostgresError", "FatalPostgresError", "UnknownPostgresError", "PostgresLogMessage"),
    *("InterfaceMessage", "InterfaceWarning"),
}
DOCUMENT = Path(__file__).parents[3] / "docs" / "postgres.md"


@pytest.mark.parametrize("error", ALL, ids=lambda error: error.__name__)
def test_every_class_of_asyncpg_has_a_meaning(error: type) -> None:
    """A new one fails here."""
    code = getattr(error, "sqlstate", None)
    assert error.__name__ in BASES or error.__name__ in CLIENT or (code and code[:2] in CLASSES.keys() | WARNINGS)


def test_every_code_belongs_to_a_class() -> None:
    assert {code[:2] for code in CODES} <= CLASSES.keys()


def test_bad_data_is_the_events_fault_and_nothing_else_is() -> None:
    """Class 22 and 23 as a whole; of the others what is told apart by hand."""
    halved = {code for code, (remedy, _) in {**CLASSES, **CODES}.items() if remedy is Remedy.HALVE}
    assert {code for code in halved if len(code) == 2} == {"10", "20", "21", "22", "23", "44", "P0"}
    assert {code for code in halved if len(code) == 5 and code[:2] not in {"22", "23"}} == {"40002", "54000", "54001"}


def test_no_text_of_the_database_is_passed_on() -> None:
    """Message, detail and hint may hold values."""
    error = asyncpg.CheckViolationError("secret message")
    for name in ("detail", "hint", "context", "message"):
        setattr(error, name, "secret")
    error.constraint_name, error.table_name = "positive", "orders"
    text = str(trouble(error, stage="runs.sql"))
    assert text == "runs.sql: a check of the database does not allow it (23514, table orders, constraint positive)"


def test_a_table_that_is_missing_is_the_gates_own_or_the_users() -> None:
    assert trouble(asyncpg.UndefinedTableError("x")).reason == f"{MISSING_TABLES} (42P01)"
    assert "run `eventgate db migrate`" not in trouble(asyncpg.UndefinedTableError("x"), stage="a.sql").reason


@pytest.mark.parametrize(
    ("error", "lost", "in_doubt"),
    [
        (asyncpg.CheckViolationError("x"), False, False),
        (asyncpg.DiskFullError("x"), False, False),
        (asyncpg.AdminShutdownError("x"), True, True),
        (asyncpg.AdminShutdownError("x"), False, True),
        (asyncpg.ConnectionDoesNotExistError("x"), True, True),
        (asyncpg.StatementCompletionUnknownError("x"), False, True),
        (asyncpg.InterfaceError("connection is closed"), True, True),
        (ConnectionResetError(), True, True),
        (TimeoutError(), False, True),
    ],
)
def test_only_a_refusal_by_a_server_that_goes_on_is_sure_in_commit(
    error: Exception, lost: bool, in_doubt: bool
) -> None:
    assert trouble(error, committing=True, lost=lost).in_doubt is in_doubt
    assert trouble(error, committing=False, lost=lost).in_doubt is False


def test_the_documentation_tells_every_reason() -> None:
    assert {cells[0].strip("`") for cells in rows(section(DOCUMENT, "Troubleshooting"))} >= {
        reason.replace("`", "") for reason in REASONS
    }
