"""The gate as the server's image has it: built with `hatch_build.py`, and unpacked."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from bench.servers import ROOT, StartFailed

NOT_COMPILED = {"PYTHONPATH": ""}
"""The environment of a contestant that takes the gate from its sources, whatever others do."""


def compiled(folder: Path) -> Path:
    """A folder for PYTHONPATH with the gate in it, compiled; half a minute. Raises `StartFailed`."""
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    _run(build, {"HATCH_BUILD_HOOK_ENABLE_CUSTOM": "true"})
    (wheel,) = folder.glob("*.whl")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-deps"]
    _run([*pip, "--target", str(folder / "site"), str(wheel)], {})
    return folder / "site"


def _run(command: list[str], env: dict[str, str]) -> None:
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | env
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise StartFailed(f"no compiled gate; --source measures the other\n{(done.stdout + done.stderr)[-3000:]}")
