"""Working copies of the module."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.services.aws import Aws
from tests.services.fixtures import or_fail
from tests.terraform.workspace import Workspace


@contextmanager
def _ready(folder: Path, aws: Aws | None) -> Iterator[Workspace]:
    yield Workspace(folder, None if aws is None else aws.env)


@pytest.fixture(scope="session")
def module(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """One without any account."""
    with or_fail(_ready(tmp_path_factory.mktemp("terraform"), None)) as workspace:
        yield workspace


@pytest.fixture
def workspace(tmp_path: Path, aws: Aws) -> Iterator[Workspace]:
    """One whose account moto plays."""
    with or_fail(_ready(tmp_path / "terraform", aws)) as workspace:
        yield workspace
