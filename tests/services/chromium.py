"""The distribution's Chromium, for tests of what people see."""

from __future__ import annotations

import os
import shutil

from tests.services.packages import program

HEADLESS = "chromium-headless-shell"
"""Debian's package and its program: the browser without what draws on a screen."""
OTHERS = ("chromium", "chromium-browser", "google-chrome")


def chromium() -> str:
    """The browser's path; the package is installed where there is none. Raises `ServiceUnavailable`."""
    named = os.environ.get("EVENTGATE_TEST_CHROMIUM")
    found = named or next((path for name in (HEADLESS, *OTHERS) if (path := shutil.which(name))), None)
    return found or str(program(HEADLESS, HEADLESS))
