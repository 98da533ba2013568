"""What a package takes along, against what the libraries themselves say that they need."""

from __future__ import annotations

import tomllib
from importlib.metadata import requires

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from eventgate.package.contents import COMMON, LIBRARIES, distributions, is_library_file_wanted, is_own_file_wanted
from eventgate.writers.registry import BUILT_IN, EXTRAS
from tests.project.sources import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
COMPILING_ONLY = {"pycparser"}


def closure(texts: list[str]) -> set[str]:
    """All distributions that these requirements need on Linux, themselves included."""
    todo = [Requirement(text) for text in texts]
    found: set[str] = set()
    seen: set[tuple[str, frozenset[str]]] = set()
    while todo:
        requirement = todo.pop()
        name, extras = canonicalize_name(requirement.name), requirement.extras or {""}
        if (name, frozenset(extras)) in seen:
            continue
        seen.add((name, frozenset(extras)))
        found.add(name)
        for text in requires(name) or ():
            below = Requirement(text)
            applies = [below.marker is None or below.marker.evaluate({"extra": extra}) for extra in {"", *extras}]
            todo += [below] * any(applies)
    return found


def test_what_every_gate_needs_is_the_projects_own_dependencies() -> None:
    assert set(COMMON) == closure(PROJECT["dependencies"]) - COMPILING_ONLY


@pytest.mark.parametrize(("writer", "extra"), [*sorted(EXTRAS.items()), ("otel", "otel")])
def test_a_writer_brings_what_its_extra_brings(writer: str, extra: str) -> None:
    assert set(LIBRARIES[writer]) == closure(PROJECT["optional-dependencies"][extra]) - set(COMMON)


def test_every_built_in_writer_can_be_chosen() -> None:
    assert set(LIBRARIES) == {*BUILT_IN, "aws", "otel"}


def test_a_choice_brings_each_library_once() -> None:
    assert distributions(["eventbridge", "aws", "discard"]) == tuple(sorted({*COMMON, *LIBRARIES["aws"]}))


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("msgspec/__init__.py", True),
        ("msgspec/_core.cpython-313-x86_64-linux-gnu.so", True),
        ("msgspec/__init__.pyi", False),
        ("asyncpg/protocol/protocol.pyx", False),
        ("asyncpg/_testbase/fuzzer.py", False),
        ("botocore/docs/docstring.py", True),
        ("botocore/data/partitions.json", True),
        ("botocore/data/events/2015-10-07/service-2.json.gz", True),
        ("botocore/data/events/2015-10-07/examples-1.json", False),
        ("botocore/data/ec2/2016-11-15/service-2.json.gz", False),
        ("bin/jp.py", False),
        ("msgspec-0.22.0.dist-info/METADATA", True),
        ("msgspec-0.22.0.dist-info/licenses/LICENSE", True),
        ("msgspec-0.22.0.dist-info/RECORD", False),
        ("x/__pycache__/y.cpython-311.pyc", False),
    ],
)
def test_files_of_libraries_that_no_function_reads_stay_behind(path: str, wanted: bool) -> None:
    assert is_library_file_wanted(path) is wanted


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("adapters/aws_lambda.py", True),
        ("writers/postgres/builtin/data-lake/runs.sql", True),
        ("catalogue/static/catalogue.js", True),
        ("cli/program.py", False),
        ("server/serve.py", False),
        ("core/__pycache__/model.cpython-311.pyc", False),
        ("core/json.cpython-313-x86_64-linux-gnu.so", False),
        ("core/json.py", True),
    ],
)
def test_rooms_that_no_function_uses_stay_behind(path: str, wanted: bool) -> None:
    assert is_own_file_wanted(path) is wanted
