"""A security scan of the module by checkov: what it reports is what the project has reasons not to do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import yaml

from tests.services.fixtures import or_fail
from tests.terraform.checkov import Scan, scan
from tests.terraform.workspace import MODULE

LIST = MODULE / ".checkov.yaml"
VARIABLES = MODULE / "examples" / "zip-private.tfvars"
"""The example that makes the most."""


@contextmanager
def _scanned() -> Iterator[Scan]:
    yield scan(VARIABLES)


def test_only_what_there_are_reasons_for_is_reported() -> None:
    """And nothing is excused in vain: a check that passes goes from the list."""
    with or_fail(_scanned()) as found:
        assert found.failed == set(yaml.safe_load(LIST.read_text())["skip-check"])
        assert found.passed > 50


def test_every_exception_says_why() -> None:
    excused = [line for line in LIST.read_text().splitlines() if line.lstrip().startswith("- ")]
    assert [line for line in excused if not re.search(r"- CKV2?_AWS_\d+ +# \S.{10}", line)] == []
