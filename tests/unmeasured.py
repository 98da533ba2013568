"""Processes that coverage leaves alone."""

from __future__ import annotations

import os
from collections.abc import Mapping


def unmeasured(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """`environment` for a process whose imports are looked at: a measured one imports sqlite3 and more."""
    return {name: value for name, value in environment.items() if not name.startswith("COVERAGE")}
