"""The Terraform module in a folder of its own, with the AWS provider, ready for commands."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from tests.project.sources import ROOT
from tests.services.process import ServiceUnavailable

MODULE: Final = ROOT / "terraform"
PLUGINS: Final = "EVENTGATE_TEST_TF_PLUGINS"
"""Environment variable with the folder of a provider mirror, where Terraform's own configuration names none."""
PROVIDER: Final = Path("registry.terraform.io", "hashicorp", "aws")
SECONDS: Final = 300

OVERRIDE: Final = """
provider "aws" {
  s3_use_path_style           = true
  skip_credentials_validation = true
  skip_metadata_api_check     = true
}
"""


class Workspace:
    """A copy of the module whose provider talks to `env`'s AWS, if to any."""

    def __init__(self, folder: Path, env: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        self._env = _environment() | dict(env or {})
        kept = shutil.ignore_patterns(".terraform*", "*.tfstate*", "*.auto.tfvars")
        shutil.copytree(MODULE, folder, dirs_exist_ok=True, ignore=kept)
        if env is not None:
            (folder / "moto_override.tf").write_text(OVERRIDE)
        self._init()

    def run(self, *arguments: str, code: int = 0) -> str:
        """Standard output of `terraform ARGUMENTS`, which must end with `code`."""
        done = self._terraform(*arguments)
        assert done.returncode == code, done.stdout[-4000:] + done.stderr[-4000:]
        return done.stdout

    def variables(self, **values: object) -> None:
        """Set the module's variables."""
        (self.folder / "test.auto.tfvars.json").write_text(json.dumps(values))

    def outputs(self) -> dict[str, Any]:
        """What an apply put out."""
        return {name: each["value"] for name, each in json.loads(self.run("output", "-json")).items()}

    def planned(self, file: str = "plan") -> dict[str, list[str]]:
        """The actions of a saved plan by the resources' addresses; `import` where one is taken over."""
        changes = json.loads(self.run("show", "-json", file))["resource_changes"]
        return {
            each["address"]: [*(["import"] if "importing" in each["change"] else []), *each["change"]["actions"]]
            for each in changes
        }

    def _init(self) -> None:
        mirror = next(_mirrors(), None)
        places = [] if mirror is None else [f"-plugin-dir={mirror}"]
        done = self._terraform("init", "-backend=false", *places)
        if done.returncode:
            reason = " ".join(done.stderr.split())[-300:]
            raise ServiceUnavailable(
                f"the AWS provider of Terraform is neither in a mirror ({PLUGINS}) nor can it be downloaded: {reason}"
            )

    def _terraform(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        try:
            return subprocess.run(
                ["terraform", *arguments, *(["-no-color"] if arguments[0] != "output" else [])],
                cwd=self.folder,
                env=self._env,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
                timeout=SECONDS,
            )
        except FileNotFoundError as error:
            raise ServiceUnavailable("terraform is not installed (1.9 or newer)") from error


def _mirrors() -> Iterator[Path]:
    """Folders that hold the provider: the one that is named, else where administrators put them."""
    if named := os.environ.get(PLUGINS):
        yield Path(named)
    elif not Path(os.environ.get("TF_CLI_CONFIG_FILE", Path.home() / ".terraformrc")).exists():
        for top in ("/opt", "/usr/local/share", "/usr/share"):
            yield from (found.parents[len(PROVIDER.parts) - 1] for found in sorted(Path(top).glob(f"*/{PROVIDER}")))


def _environment() -> dict[str, str]:
    """Ours without credentials, and without a CLI configuration that is not there (Terraform would warn each time)."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "TF_VAR_"))}
    if not Path(kept.get("TF_CLI_CONFIG_FILE", ".")).exists():
        del kept["TF_CLI_CONFIG_FILE"]
    return kept | {"TF_IN_AUTOMATION": "1", "TF_INPUT": "0", "CHECKPOINT_DISABLE": "1"}
