"""What `/api` promises, held against a server by schemathesis: thousands of requests, good and bad ones."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.deployment import deployment
from tests.server_process import ServerProcess

SCHEMATHESIS = str(Path(sys.executable).with_name("schemathesis"))
PHASES = "examples,coverage,fuzzing,stateful"
EXAMPLES = 4
"""Of each kind for each operation; the phases that go through borders and combinations come on top."""


def test_a_gate_with_several_topics_keeps_what_its_description_says(tmp_path: Path) -> None:
    with deployment(tmp_path / "conf") as site:
        site.topic("list", {"type": "array", "items": {"type": "integer", "minimum": 0}, "uniqueItems": True})
        site.access["list"] = ["alice"]
        site.write()
        with ServerProcess(site.conf, log_level="CRITICAL") as server:
            url = f"http://127.0.0.1:{server.port}"
            bearer = f"Authorization: {site.bearer()}"
            options = f"--checks all --phases {PHASES} --max-examples {EXAMPLES} --generation-deterministic --no-color"
            found = subprocess.run(
                [SCHEMATHESIS, "run", f"{url}/api", "--url", url, "--header", bearer, *options.split()],
                capture_output=True,
                text=True,
                timeout=300,
                cwd=tmp_path,
            )
    assert found.returncode == 0, found.stdout + found.stderr
