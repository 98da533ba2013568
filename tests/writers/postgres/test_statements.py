"""Files with a statement: exactly one, over the new events."""

from __future__ import annotations

import pytest

from eventgate.writers.postgres.settings import PostgresTopicSettings
from eventgate.writers.postgres.statements import built_in_files, fill, named_files, parse_statement

GOOD = [
    ("SELECT $1", 1),
    ("SELECT $1, $2;", 2),
    ("-- a comment; with a semicolon\nSELECT $1 /* ; /* nested ; */ ' */ ;\n-- end\n", 1),
    ("SELECT $1, ';', 'it''s; $3', E'\\';$4', \";$5\"", 1),
    ("SELECT $1, $tag$ ; $2 $tag$, $$ ; $9 $$", 1),
    ("SELECT $1, a$2 FROM t", 1),
    ("\ufeffSELECT $1", 1),
    ("SELECT $1 -- no line end; at all", 1),
    ("SELECT $1 FROM über WHERE naïve$3 = 1", 1),
]
BAD = [
    ("", "holds no statement"),
    (" -- nothing\n;;", "holds no statement"),
    ("SELECT $1; SELECT $1", "more than one statement"),
    ("SELECT 1", "it uses neither"),
    ("SELECT $2", r"it uses \$2"),
    ("SELECT $1, $3", r"it uses \$1, \$3"),
    ("SELECT $1, 'open", "ends within a quoted text"),
    ("SELECT $1 /* open", "ends within a comment"),
]


@pytest.mark.parametrize(("text", "parameters"), GOOD)
def test_one_statement_is_taken(text: str, parameters: int) -> None:
    assert parse_statement("a.sql", text.encode()).parameters == parameters


@pytest.mark.parametrize(("text", "message"), BAD)
def test_anything_else_is_a_text_for_people(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        parse_statement("a.sql", text.encode())
    assert "a.sql" in str(caught.value)


def test_bytes_that_are_no_text_are_told() -> None:
    with pytest.raises(ValueError, match=r"a\.sql is not UTF-8 text"):
        parse_statement("a.sql", b"SELECT $1, '\xff'")


def test_parameters_are_jsonb_and_the_rest_stays_as_it_is() -> None:
    """So that `$1 -> 0` needs no cast, and an error's line is the file's."""
    text = "SELECT $1 -> 0, '$1'\n-- $1\nFROM jsonb_array_elements($2)"
    expected = "SELECT $1::jsonb -> 0, '$1'\n-- $1\nFROM jsonb_array_elements($2::jsonb)"
    assert parse_statement("a.sql", text.encode()).text == expected


def test_the_gates_own_files_are_found_by_name() -> None:
    settings = PostgresTopicSettings(sql=("builtin:data-lake/runs.sql", "own.sql"))
    assert named_files(settings) == ("own.sql",)
    filled = fill(settings, {"own.sql": b"SELECT $1"})
    assert [statement.name for statement in filled.sql] == list(settings.sql)
    assert built_in_files()


@pytest.mark.parametrize("name", ["builtin:nothing.sql", "builtin:../settings.py", "builtin:data-lake/schema.sql"])
def test_what_is_none_of_them_is_told_with_those_there_are(name: str) -> None:
    with pytest.raises(ValueError, match=r"there is no builtin:.*builtin:data-lake/runs\.sql"):
        fill(PostgresTopicSettings(sql=(name,)), {})
