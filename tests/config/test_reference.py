"""docs/configuration.md describes every setting, and its tables are those of the code."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from eventgate.config.settings import Settings, TopicSettings
from eventgate.writers.registry import BUILT_IN, find_spec

ROOT = Path(__file__).parents[2]
GENERATOR = ROOT / "scripts" / "generate_docs.py"
PAGE = ROOT / "docs" / "configuration.md"


def test_the_tables_are_current() -> None:
    """If not: run scripts/generate_docs.py."""
    result = subprocess.run([sys.executable, str(GENERATOR), "--check"], capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.parametrize("name", [*Settings.__struct_fields__, *TopicSettings.__struct_fields__])
def test_every_setting_is_in_a_table(name: str) -> None:
    assert f"| `{name}` |" in PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize("type_", sorted(BUILT_IN))
def test_every_built_in_writer_has_a_heading(type_: str) -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert f"### `{type_}`" in page
    assert all(f"| `{name}` |" in page for name in find_spec(type_).settings.__struct_fields__)
