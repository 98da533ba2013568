"""The security scanner checkov, fetched once, run without any network."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.services.process import ServiceUnavailable, cache_folder, run_quietly
from tests.terraform.workspace import MODULE

REQUIREMENT: Final = Path(__file__).with_name("checkov.txt")
SECONDS: Final = 300
_NOWHERE: Final = "http://127.0.0.1:1"


@dataclass(frozen=True)
class Scan:
    """The checks that failed, and how many did not; by checkov's ids."""

    failed: frozenset[str]
    passed: int


def scan(variables: Path) -> Scan:
    """All of checkov's checks on the module with the values in `variables`; raises `ServiceUnavailable`.

    On a copy without the module's own list of exceptions, which checkov finds by itself.
    """
    command = [sys.executable, "-S", "-m", "checkov.main", "--directory", "module", "--framework", "terraform"]
    options = ["--skip-download", "--quiet", "--compact", "--soft-fail", "--output", "json"]
    with tempfile.TemporaryDirectory() as home:
        shutil.copytree(MODULE, Path(home, "module"), ignore=shutil.ignore_patterns(".*"))
        env = {"PATH": os.environ["PATH"], "HOME": home, "PYTHONPATH": str(_fetched()), "PYTHONDONTWRITEBYTECODE": "1"}
        env |= {"HTTPS_PROXY": _NOWHERE, "https_proxy": _NOWHERE}
        done = subprocess.run(
            [*command, *options, "--var-file", str(variables)],
            cwd=home,
            env=env,
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS,
        )
    assert done.returncode == 0, done.stderr[-2000:]
    document = json.loads(done.stdout)
    failed = frozenset(each["check_id"] for each in document["results"]["failed_checks"])
    assert document["summary"]["parsing_errors"] == 0
    return Scan(failed, document["summary"]["passed"])


def _fetched() -> Path:
    """A folder with what `checkov.txt` names, for this Python."""
    digest = hashlib.sha256(REQUIREMENT.read_bytes()).hexdigest()[:16]
    folder = cache_folder() / "checkov-{}-{}.{}".format(digest, *sys.version_info)
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
            options = ("--quiet", "--no-deps", "--require-hashes", "--target", f"{scratch}/new")
            run_quietly([sys.executable, "-m", "pip", "install", *options, "--requirement", REQUIREMENT])
            try:
                Path(scratch, "new").rename(folder)
            except OSError as error:
                if not folder.is_dir():  # unless another run was faster
                    raise ServiceUnavailable("checkov cannot be kept") from error
    return folder
