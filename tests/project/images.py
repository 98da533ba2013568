"""Dockerfiles, read as far as tests need to know of them."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tests.project.sources import ROOT


@dataclass(frozen=True)
class Image:
    """A Dockerfile."""

    path: Path

    @cached_property
    def text(self) -> str:
        """What it says, with each instruction on one line."""
        return re.sub(r"\\\n", "", self.path.read_text())

    @property
    def stages(self) -> list[str]:
        """The instructions of each stage, beginning with what it is made from."""
        return re.split(r"^FROM ", self.text, flags=re.MULTILINE)[1:]

    @property
    def arguments(self) -> dict[str, str]:
        """Build arguments and their defaults."""
        return dict(re.findall(r"^ARG (\w+)=(.*)$", self.text, re.MULTILINE))

    @property
    def variables(self) -> dict[str, str]:
        """The environment of what runs in it."""
        lines = re.findall(r"^ENV (.+)$", self.stages[-1], re.MULTILINE)
        return dict(pair.split("=", 1) for line in lines for pair in line.split())

    @property
    def copied(self) -> list[str]:
        """What is copied from the build's context, save folders that an argument names."""
        lines = re.findall(r"^COPY (?!--from)(.+)$", self.text, re.MULTILINE)
        return [source for line in lines for source in line.split()[:-1] if not source.startswith("${")]

    def exec_form(self, instruction: str) -> list[str]:
        """The words of an instruction that is a JSON array; of its last stage."""
        (found,) = re.findall(rf"^{instruction} .*?(\[.+\])$", self.stages[-1], re.MULTILINE)
        return [str(word) for word in json.loads(found)]

    @property
    def command(self) -> list[str]:
        """What it runs by default, without the entry point."""
        return self.exec_form("CMD")


LAMBDA = Image(ROOT / "Dockerfile")
SERVER = Image(ROOT / "deploy" / "docker" / "Dockerfile")
