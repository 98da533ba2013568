"""The page of commands and the commands agree."""

from __future__ import annotations

import re
from pathlib import Path

from eventgate.cli.reference import reference
from tests.cli.test_program import COMMANDS

PAGE = Path(__file__).parents[2] / "docs" / "commands.md"


def test_page_has_every_command_and_no_other() -> None:
    named = re.findall(r"^## `eventgate (\w+)[ \w]*`$", PAGE.read_text(), re.MULTILINE)
    assert tuple(dict.fromkeys(named)) == COMMANDS


def test_page_is_what_the_commands_say_of_themselves() -> None:
    """If not: `python -m eventgate.cli.reference > docs/commands.md`."""
    assert PAGE.read_text() == reference()
