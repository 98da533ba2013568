"""The section `spool` of config.json: what it may say, and where."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from eventgate.config.configuration import examine
from tests.config.directories import errors as errors_of
from tests.config.directories import make

LAMBDA = {"AWS_LAMBDA_FUNCTION_NAME": "gate"}

WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"store": "spool.db"}, "/spool/store", "must be `sqlite:PATH` or `sqs:QUEUE`"),
    ({"store": "redis:here"}, "/spool/store", "must be `sqlite:PATH` or `sqs:QUEUE`"),
    ({"store": "sqlite:"}, "/spool/store", "must be `sqlite:PATH` or `sqs:QUEUE`"),
    ({"store": ""}, "/spool/store", "must have at least 1 characters"),
    ({}, "/spool", "`store` is missing"),
    ({"store": "sqlite:a", "on_invalid": "maybe"}, "/spool/on_invalid", "must be one of"),
    ({"store": "sqlite:a", "max_events": 0}, "/spool/max_events", "must be at least 1"),
    ({"store": "sqlite:a", "max_age_seconds": "1d"}, "/spool/max_age_seconds", "must be an integer"),
    ({"store": "sqlite:a", "max_evnts": 1}, "/spool/max_evnts", "unknown key"),
]


@pytest.mark.parametrize(("spool", "pointer", "message"), WRONG)
async def test_a_section_that_is_wrong_is_a_finding(
    tmp_path: Path, spool: dict[str, Any], pointer: str, message: str
) -> None:
    found = errors_of((await examine(str(make(tmp_path, spool=spool)), {}, default_sqlite=True))[1])
    assert [text for _, place, text in found if place == pointer and message in text]


@pytest.mark.parametrize(
    "store", ["sqlite:spool.db", "sqlite:/var/spool.db", "sqs:queue", "sqs:https://sqs.eu-west-1.amazonaws.com/1/q"]
)
async def test_a_store_of_a_known_form_is_none(tmp_path: Path, store: str) -> None:
    _, findings = await examine(str(make(tmp_path, spool={"store": store})), {}, default_sqlite=True)
    assert not [each for each in findings if each.pointer.startswith("/spool")]


@pytest.mark.parametrize(("store", "wrong"), [("sqlite:spool.db", True), ("sqs:queue", False)])
async def test_a_file_is_no_spool_for_a_lambda_function(tmp_path: Path, store: str, wrong: bool) -> None:
    _, findings = await examine(str(make(tmp_path, spool={"store": store})), LAMBDA, default_sqlite=False)
    found = [each for each in findings if each.pointer == "/spool/store"]
    assert bool(found) == wrong
    assert all(each.hint == "use `sqs:QUEUE`" for each in found)
