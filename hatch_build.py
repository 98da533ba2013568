"""Compiles steps on the path of an event to machine code, for wheels of one platform (docs/developing.md, "Release").

    HATCH_BUILD_HOOK_ENABLE_CUSTOM=true .venv/bin/python -m build --wheel --no-isolation

The modules stay as they are and lie in the wheel beside their compiled forms. Wants a C compiler and Python's headers.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

COMPILED: Final = (
    "core/batch/posting",
    "core/deferral",
    "core/delivery",
    "core/eager",
    "core/gateway",
    "core/head",
    "core/ids",
    "core/json",
    "core/judging",
    "core/lane",
    "core/lanes",
    "core/load",
    "core/posting",
    "server/answering",
    "server/exchange",
    "server/patience",
    "server/protocol",
    "server/reading",
)
"""Steps of each event that mean the same when mypyc compiles them.

It ignores the keyword arguments of a class: modules with Structs (`frozen`, `omit_defaults`) cannot be among them. Nor
can interpreted classes extend compiled ones: with `core/lane` goes `core/lanes`, with `core/delivery` `core/deferral`.
"""

_SETUP: Final = """
import sys
from mypyc.build import mypycify
from setuptools import setup

options = ["--ignore-missing-imports", "--follow-imports=silent", "--no-site-packages"]  # the same on any machine
extensions = mypycify([*options, *sys.argv[2:]], opt_level="3", debug_level="0", group_name="eventgate")
setup(name="eventgate", ext_modules=extensions, script_args=["build_ext", "--build-lib", sys.argv[1]])
"""


class Compilation(BuildHookInterface):  # type: ignore[type-arg]  # of any configuration
    """Adds the compiled modules to a wheel; an editable installation has none, or edits would do nothing."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile in a folder of its own, so that nothing compiled lies among the sources."""
        if version == "editable":
            return
        self._folder = Path(tempfile.mkdtemp(prefix="eventgate-compile-"))
        sources, built = self._folder / "sources", self._folder / "built"
        shutil.copytree(Path(self.root, "src"), sources, ignore=shutil.ignore_patterns("__pycache__"))
        names = [f"eventgate/{module}.py" for module in COMPILED]
        done = subprocess.run(  # noqa: S603  our own program, with names of modules
            [sys.executable, "-c", _SETUP, built, *names],
            cwd=sources,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            told = done.stdout[-2000:] + done.stderr[-2000:]
            raise RuntimeError(f"not compiled, which wants a C compiler and Python's headers:\n{told}")
        build_data["pure_python"] = False
        build_data["infer_tag"] = True
        build_data["force_include"] |= {
            str(path): path.relative_to(built).as_posix() for path in built.rglob("*") if path.is_file()
        }

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove what was compiled: the wheel has it."""
        if version != "editable":
            shutil.rmtree(self._folder)
