"""What others made and the package brings along is what they published."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from importlib.resources import files
from typing import Any

import pytest

from eventgate.catalogue.assets import asset

STATIC = files("eventgate.catalogue") / "static"
RECORD: dict[str, dict[str, Any]] = json.loads((STATIC / "vendored.json").read_bytes())
FILES = [(about, name) for about in RECORD.values() for name in about["files"]]


@pytest.mark.parametrize(("about", "name"), FILES, ids=[name for _, name in FILES])
def test_every_file_is_as_it_was_published(about: dict[str, Any], name: str) -> None:
    kept = STATIC / f"{about['names'].get(name, name)}.gz"
    assert hashlib.sha256(gzip.decompress(kept.read_bytes())).hexdigest() == about["files"][name]


def test_nothing_is_kept_that_no_record_tells_of() -> None:
    told = {f"{about['names'].get(name, name)}.gz" for about, name in FILES}
    assert {file.name for file in STATIC.iterdir() if file.name.endswith(".gz")} == told


def test_version_licence_and_digest_of_the_archive_are_recorded() -> None:
    for about in RECORD.values():
        assert re.fullmatch(r"[0-9]+\.[0-9]+\.[0-9]+", about["version"])
        assert about["integrity"].startswith("sha512-")
        assert about["licence"] == "Apache-2.0"
        assert {"LICENSE", "NOTICE"} <= set(about["files"])


def test_a_pressed_file_is_served_as_it_was_published() -> None:
    found = asset("swagger-ui.css")
    assert hashlib.sha256(found.content).hexdigest() == RECORD["swagger-ui-dist"]["files"]["swagger-ui.css"]
