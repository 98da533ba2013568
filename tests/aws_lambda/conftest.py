"""Functions made of the packages, on a deployment."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.aws_lambda.function import HANDLER, Function
from tests.aws_lambda.packages import Built
from tests.deployment import Deployment, deployment

NewFunction = Callable[..., Function]


@pytest.fixture(scope="session", params=["3.13", "3.12"])
def package(request: pytest.FixtureRequest, packages: Callable[[str], Built]) -> Built:
    """The package with all writers, for each of Lambda's Python versions."""
    return packages(request.param)


@pytest.fixture
def deployed(tmp_path: Path) -> Iterator[Deployment]:
    """A configuration directory with the writer that keeps nothing."""
    with deployment(tmp_path / "conf") as site:
        yield site


@pytest.fixture
def new_function(packages: Callable[[str], Built], deployed: Deployment, tmp_path: Path) -> Iterator[NewFunction]:
    """Makes functions on the deployment (`package`: 3.13's unless given), which end with the test."""
    with ExitStack() as stack:

        def make(
            package: Built | None = None, env: Mapping[str, str] | None = None, handler: str = HANDLER
        ) -> Function:
            built = package or packages("3.13")
            given = {"CONF_DIR": str(deployed.conf), **(env or {})}
            return stack.enter_context(Function(built.code, tmp_path, given, handler))

        yield make
