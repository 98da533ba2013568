"""The packages that tests run, each built once in a run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from eventgate.package.errors import NotPackaged
from tests.aws_lambda.packages import Built, build
from tests.services.fixtures import or_fail
from tests.services.process import ServiceUnavailable


@contextmanager
def _built(folder: Path, python: str) -> Iterator[Built]:
    try:
        yield build(folder, python)
    except NotPackaged as error:
        raise ServiceUnavailable(str(error)) from error


@pytest.fixture(scope="session")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Built]:
    """Builds the package for a Python version when it is first asked for."""
    found: dict[str, Built] = {}

    def package(python: str) -> Built:
        if python not in found:
            with or_fail(_built(tmp_path_factory.mktemp(f"package-{python}-"), python)) as found[python]:
                pass
        return found[python]

    return package
