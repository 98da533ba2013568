"""Which Python measures, and how it was built: bytecode is a third dearer where the build was not optimised."""

from __future__ import annotations

import gzip
import platform
import re
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path

PROFILED = ("--enable-optimizations", "-fprofile-use", "-fprofile-instr-use")
LINKED = ("--with-lto", "-flto")
SAID_BY = {PROFILED: ("CONFIG_ARGS", "PY_CFLAGS_NODIST"), LINKED: ("CONFIG_ARGS", "PY_CFLAGS_NODIST", "LDFLAGS_NODIST")}
"""Which variables of the build hold the flags (CPython's `configure` and `Makefile.pre.in`)."""
TESTED = Path("share", "doc", f"python{sys.version_info[0]}.{sys.version_info[1]}", "test_results.gz")
"""Where Debian keeps what the tests printed when it built the interpreter, which begins with how that was done."""


def interpreter() -> str:
    """Version and build, as `3.13.5, built with PGO and LTO`."""
    built = how_built(sysconfig.get_config_vars(), Path(sys.base_prefix, TESTED))
    return f"{platform.python_version()}, {built}"


def how_built(variables: Mapping[str, object], tested: Path) -> str:
    """What the interpreter's record of its own build (`sysconfig`) says; `tested` is asked where it is not complete.

    Debian takes the flags out of the record afterwards, so that extensions are not built with them. It then lacks
    `PGO_PROF_USE_FLAG` too, which every other build has, with or without optimisation.
    """

    def has(flags: tuple[str, ...]) -> bool:
        said = " ".join(str(variables.get(name, "")) for name in SAID_BY[flags])
        return any(flag in said for flag in flags)

    if has(PROFILED) or variables.get("PGO_PROF_USE_FLAG"):
        return _told(has(PROFILED), has(LINKED))
    said = _said_by_tests(tested)
    return "built with PGO or without (unknown)" if said is None else _told("PGO" in said, "LTO" in said)


def _told(profiled: bool, linked: bool) -> str:
    names = [name for name, is_so in (("PGO", profiled), ("LTO", linked)) if is_so]
    return f"built with {' and '.join(names)}" if names else "built WITHOUT PGO and LTO"


def _said_by_tests(tested: Path) -> str | None:
    try:
        with gzip.open(tested, "rt", errors="replace") as lines:
            for _, line in zip(range(50), lines, strict=False):
                if found := re.match(r"== Python build: (.*)", line):
                    return found[1]
    except (OSError, EOFError):
        pass
    return None
