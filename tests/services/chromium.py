"""The distribution's Chromium, for tests of what people see."""

from __future__ import annotations

import os

from tests.services.packages import program

NAMED = "EVENTGATE_TEST_CHROMIUM"
"""Environment variable with the path of a Chromium to use instead."""
COMMANDS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
PACKAGES = ("chromium-headless-shell", "fonts-dejavu-core")
"""Debian's: a browser without what draws on a screen, and something to write with."""


def chromium() -> str:
    """The browser's path; raises `ServiceUnavailable`."""
    return os.environ.get(NAMED) or str(program(*COMMANDS, packages=PACKAGES))
