"""What jsonb can never hold is known before anything is written: the database agrees, value by value."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator

import asyncpg
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eventgate.core.model import Event
from eventgate.testing import make_event
from eventgate.writers.postgres import refusals
from eventgate.writers.postgres.refusals import refusal
from tests.services.database import Database
from tests.writers.postgres.support import plain, postgres_writer

NUMBERS = [
    "1e-16383",
    "1e-16384",
    "1.5e-16382",
    "1.5e-16383",
    "0e-16384",
    "0e-020000",
    "0E+400000",
    "0e1073741822",
    "0e1073741823",
    "0e-1073741823",
    "0e99999999999999999999",
    "1e-" + "0" * 5000 + "5",
    f"0.{'0' * 16383}",
    f"0.{'0' * 16384}",
    f"0.{'0' * 16383}e-1",
    f"0.{'0' * 20000}1e4000",
    f"-1.{'3' * 16390}e6",
    f"-1.{'3' * 16390}e7",
]
NUL = "PostgreSQL cannot hold a NUL character in a string"
PLACES = "PostgreSQL cannot hold a number with over 16,383 decimal places"


def event(body: bytes) -> Event:
    return msgspec.structs.replace(make_event(), body=body)


@pytest.fixture(scope="module")
def holds(postgres: Database) -> Iterator[object]:
    """Asks the database whether it can hold a document."""
    loop = asyncio.new_event_loop()
    connection = loop.run_until_complete(asyncpg.connect(plain(postgres.dsn())))

    def ask(body: str) -> bool:
        try:
            loop.run_until_complete(connection.fetchval("SELECT $1::jsonb IS NULL", body))
        except asyncpg.DataError:
            return False
        return True

    yield ask
    loop.run_until_complete(connection.close())
    loop.close()


@pytest.mark.parametrize("number", NUMBERS, ids=lambda number: number[:20])
def test_numbers_are_judged_as_the_database_does(holds: object, number: str) -> None:
    body = f'{{"text": "1e-20000 {"x" * 20}", "a": [{number}]}}'
    assert callable(holds)
    assert (refusal(event(body.encode())) is None) == holds(body)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=st.text(st.sampled_from('\\u0e-1"\x00{}[],:x'), max_size=12),
    name=st.text(st.sampled_from("\\u0\x00a/~"), max_size=4),
    number=st.sampled_from(["1", "1e-5", "1e-16384", "0.5"]),
)
def test_documents_are_judged_as_the_database_does(holds: object, text: str, name: str, number: str) -> None:
    """Escapes that only look like NUL, numbers that stand in strings, names and values."""
    body = f"[{{{json.dumps(name)}: [{json.dumps(text)}, {number}]}}]"
    assert callable(holds)
    assert (refusal(event(body.encode())) is None) == holds(body)


@pytest.mark.parametrize(
    ("body", "message", "pointer"),
    [
        (b'"\\u0000"', NUL, ""),
        (b'{"a": [1, {"b/c": "x\\\\\\u0000"}]}', NUL, "/a/1/b~1c"),
        (b'{"a": {"n\\u0000": 1}}', NUL, "/a"),
        (b'{"a": "\\\\u0000", "b": [[], {}, "\\u0000"]}', NUL, "/b/2"),
        (b'{"a": "1e-20000", "b": {"c": 1, "d": 2e-20000}}', PLACES, "/b/d"),
        (b'{"n": "\\u0000", "x": "' + b"y" * refusals.MAX_POINTED_BYTES + b'"}', NUL, None),
    ],
)
def test_the_place_is_named(body: bytes, message: str, pointer: str | None) -> None:
    refused = refusal(event(body))
    assert refused is not None
    assert (refused.message, refused.pointer, refused.too_large) == (message, pointer, False)


@pytest.mark.parametrize("body", [b'{"a": "\\\\u0000"}', b'"5e-12345678"', b'{"1e-99999": ""}', b"1e-10000"])
def test_what_only_looks_like_it_is_taken(body: bytes) -> None:
    assert refusal(event(body)) is None


def test_names_that_are_no_text_are_refused() -> None:
    for subject in ("\ud800", "a\0b"):
        refused = refusal(make_event(subject=subject))
        assert refused is not None
        assert "event id or subject" in refused.message


def test_sizes_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bounds themselves would take gigabytes to show."""
    monkeypatch.setattr(refusals, "MAX_BYTES", 100)
    refused = refusal(event(b'"' + b"x" * 100 + b'"'))
    assert refused is not None
    assert refused.too_large
    monkeypatch.setattr(refusals, "MAX_ITEMS", 3)
    assert refusal(make_event([[1, 2, 3], [4]])) is None
    refused = refusal(make_event({"a": [[1, 2, 3, 4]]}))
    assert refused is not None
    assert refused.too_large


def test_the_writer_says_so() -> None:
    refused = postgres_writer("postgresql://nowhere/x").refuse(event(b'["\\u0000"]'))
    assert refused is not None
    assert refused.pointer == "/0"
