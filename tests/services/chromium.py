"""The distribution's Chromium, for tests of what people see."""

from __future__ import annotations

import os
import shutil

from tests.services.process import ServiceUnavailable, run_quietly

COMMANDS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
PACKAGE = "chromium-headless-shell"
"""Debian's, without what draws on a screen."""


def chromium() -> str:
    """The browser's path; as root on Debian it is installed if it is missing. Raises `ServiceUnavailable`."""
    found = _find()
    if found is None and os.geteuid() == 0 and shutil.which("apt-get"):
        run_quietly(["apt-get", "-qq", "update"])
        run_quietly(["apt-get", "-qq", "install", "--yes", "--no-install-recommends", PACKAGE, "fonts-dejavu-core"])
        found = _find()
    if found is None:
        raise ServiceUnavailable(
            f"no Chromium: install one of {', '.join(COMMANDS)}, or name it in EVENTGATE_TEST_CHROMIUM"
        )
    return found


def _find() -> str | None:
    named = os.environ.get("EVENTGATE_TEST_CHROMIUM")
    if named:
        return named
    return next((path for name in COMMANDS if (path := shutil.which(name))), None)
