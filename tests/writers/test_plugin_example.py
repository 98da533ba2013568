"""The example plugin: built, installed and used as a user would."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "writer-plugin"

USE = """
import asyncio, sys
from pathlib import Path
from eventgate.core.writer import WriterContext
from eventgate.testing import make_event
from eventgate.writers import registry
async def main():
    assert "files" in registry.known_types() and registry.plugin_problems() == ()
    assert "eventgate_writer_files" not in sys.modules
    spec = registry.find_spec("files")
    writer = spec.build(spec.settings(folder="kept"), WriterContext("archive", Path(sys.argv[1])))
    await writer.open()
    await writer.probe()
    event = make_event({"n": 1}, topic="orders", event_id="one")
    print(*await writer.write([event], asyncio.get_running_loop().time() + 10))
    await writer.close()
asyncio.run(main())
"""


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment in which the example is installed, in a folder of its own."""
    folder = tmp_path_factory.mktemp("site")
    options = ["--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check"]
    command = [sys.executable, "-m", "pip", "install", *options, "--target", str(folder), str(EXAMPLE)]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    return {**os.environ, "PYTHONPATH": str(folder)}


def test_an_installed_plugin_delivers(environment: dict[str, str], tmp_path: Path) -> None:
    """The registry finds it by its type in another process."""
    command = [sys.executable, "-c", USE, str(tmp_path)]
    said = subprocess.run(command, check=True, capture_output=True, text=True, env=environment, timeout=60).stdout
    assert "delivered" in said
    line = (tmp_path / "kept" / "orders.ndjson").read_text()
    assert line == '{"topic":"orders","event_id":"one","event":{"n":1}}\n'


def test_the_plugin_s_own_tests_pass(environment: dict[str, str], tmp_path: Path) -> None:
    """Those that an author would run, the writer contract among them."""
    options = ["-q", "-p", "no:cacheprovider", "-c", str(EXAMPLE / "pyproject.toml"), "--basetemp", str(tmp_path / "t")]
    command = [sys.executable, "-m", "pytest", *options, str(EXAMPLE / "tests")]
    run = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=tmp_path, timeout=120)
    assert run.returncode == 0, run.stdout
    assert "skipped" not in run.stdout
