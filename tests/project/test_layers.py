"""Who may import whom: downward only, and the core stands on its own."""

from __future__ import annotations

import subprocess
import sys
from graphlib import CycleError, TopologicalSorter

import pytest

from tests.project.sources import files, imports, modules
from tests.unmeasured import unmeasured

LAYERS = {
    "errors": 0,
    "core": 1,
    "net": 1,
    "aside": 2,
    "aws": 2,
    "catalogue": 2,
    "config": 2,
    "writers": 2,
    "spool": 2,
    "sqlite": 2,
    "telemetry": 2,
    "app": 3,
    "assembly": 3,
    "opening": 3,
    "spooling": 3,
    "offline": 3,
    "adapters": 4,
    "server": 4,
    "dev": 4,
    "package": 4,
    "client": 4,
    "cli": 4,
}
"""Each room of the package and the layer it lies in; see docs/architecture.md."""

CORE_MAY_IMPORT = {"msgspec", "jsonschema_rs", "jwt", "cryptography", "backports", "compression"}
"""`compression` is the standard library's from Python 3.14 on, and `backports` has the same for older ones."""
NOT_IN_CORE = {
    "backports",
    "asyncpg",
    "boto3",
    "botocore",
    "confluent_kafka",
    "opentelemetry",
    "prometheus_client",
    "requests",
    "rich",
    "typer",
    "urllib3",
    "uvicorn",
    "uvloop",
}
NOT_IN_LAMBDA = NOT_IN_CORE - {"backports", "urllib3"} | {"cryptography.x509", "httptools", "jwt", "sqlite3"}
LONGEST_FILE = 250


def room(module: str) -> str:
    """`core` for eventgate.core.model; empty for the package itself."""
    return module.split(".")[1] if "." in module else ""


def ours(module: str) -> frozenset[str]:
    return frozenset(name for name in imports(module) if name.split(".")[0] == "eventgate" and room(name))


def test_every_module_belongs_to_a_known_room() -> None:
    rooms = {room(module) for module in modules()} - {"", "testing", "__main__"}
    assert rooms <= LAYERS.keys()


@pytest.mark.parametrize("module", sorted(modules()))
def test_imports_go_downward_only(module: str) -> None:
    if room(module) == "testing":
        assert {room(name) for name in ours(module)} <= {"testing", "core", "errors"}
        return
    layer = LAYERS.get(room(module), max(LAYERS.values()))
    upward = {name for name in ours(module) if room(name) == "testing" or LAYERS[room(name)] > layer}
    assert not upward


def test_no_two_rooms_need_each_other() -> None:
    graph: dict[str, set[str]] = {}
    for module in modules():
        graph.setdefault(room(module), set()).update({room(name) for name in ours(module)} - {room(module)})
    try:
        tuple(TopologicalSorter(graph).static_order())
    except CycleError as error:
        pytest.fail(f"rooms that import each other: {error.args[1]}")


@pytest.mark.parametrize("module", [module for module in sorted(modules()) if room(module) == "core"])
def test_the_core_imports_a_few_libraries_and_nothing_else(module: str) -> None:
    foreign = {name.split(".")[0] for name in imports(module)} - {"eventgate"} - sys.stdlib_module_names
    assert foreign <= CORE_MAY_IMPORT


def loaded_by(names: list[str]) -> set[str]:
    """The modules of a fresh process that has imported `names`."""
    program = "; ".join([*(f"import {name}" for name in names), "import sys", "print(*sys.modules)"])
    command = [sys.executable, "-c", program]
    output = subprocess.run(command, check=True, capture_output=True, text=True, env=unmeasured()).stdout
    return set(output.split())


def test_importing_the_core_loads_no_server_sink_or_command_line() -> None:
    assert not loaded_by([module for module in modules() if room(module) == "core"]) & NOT_IN_CORE


def test_importing_the_lambda_handler_loads_no_server_and_no_sink() -> None:
    assert not loaded_by(["eventgate.adapters.aws_lambda"]) & NOT_IN_LAMBDA


def test_no_python_file_is_longer_than_a_room() -> None:
    lengths = {str(path): len(path.read_text().splitlines()) for path in files() if path.suffix == ".py"}
    assert {path: lines for path, lines in lengths.items() if lines > LONGEST_FILE} == {}
