"""What the tests of a server share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deployment import Deployment, deployment


@pytest.fixture
def deployed(tmp_path: Path) -> Iterator[Deployment]:
    """A configuration directory whose events go to SQLite."""
    with deployment(tmp_path / "conf") as site:
        site.config["writers"] = {"sqlite": {}}
        site.write()
        yield site
