"""docs/operations.md, done as it says: its commands, on a gate that serves meanwhile."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import urllib3

from tests.deployment import RUNS_SCHEMA, Deployment, deployment
from tests.project.sources import ROOT
from tests.server_process import ServerProcess
from tests.unmeasured import unmeasured
from tests.wire import get

PAGE = (ROOT / "docs" / "operations.md").read_text()
CURL = """#!{python}
import sys, urllib.request
url, fields, body, words = "", {{}}, None, iter(sys.argv[1:])
for word in words:
    if word == "-H":
        name, value = next(words).split(": ", 1)
        fields[name] = value
    elif word == "-d":
        body = open(next(words).removeprefix("@"), "rb").read()
    else:
        url = word
print(urllib.request.urlopen(urllib.request.Request(url, body, fields), timeout=60).read().decode())
"""
"""As much of curl as the page asks for, since not every machine has it."""


@pytest.fixture
def deployed(tmp_path: Path) -> Iterator[Deployment]:
    with deployment(tmp_path / "conf") as site:
        (site.conf / "topics" / "broken.json").unlink()
        del site.access["broken"]
        site.write()
        yield site


def blocks(title: str) -> list[str]:
    """The commands below a heading of the page, block by block."""
    below = PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    found = re.findall(r"^ *```sh\n(.*?)^ *```$", below, re.MULTILINE | re.DOTALL)
    return [textwrap.dedent(block) for block in found]


def run(block: str, folder: Path, **variables: str) -> str:
    """What the commands print; each of them has to succeed."""
    shell = {**unmeasured(), **variables, "PATH": f"{folder / 'bin'}:{Path(sys.executable).parent}:/usr/bin:/bin"}
    ended = subprocess.run(["sh", "-ec", block], cwd=folder, env=shell, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def test_a_topic_is_added_while_the_gate_serves(deployed: Deployment, tmp_path: Path) -> None:
    """By the page's own commands; between two of them the senders are added, as it says."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "curl").write_text(CURL.format(python=sys.executable))
    (tmp_path / "bin" / "curl").chmod(0o755)
    event = json.dumps({"event_id": "order-1", "tenant_id": "t"})
    for name, content in (("orders.json", json.dumps(RUNS_SCHEMA)), ("samples.ndjson", event), ("event.json", event)):
        (tmp_path / name).write_text(content)
    tried, checked, placed, posted = blocks("Adding a topic")
    with ServerProcess(deployed.conf) as server:
        run(tried, tmp_path)
        (tmp_path / "copy" / "access.json").write_text(json.dumps({**deployed.access, "orders": ["shop"]}))
        run(checked, tmp_path)
        run(placed, tmp_path, PID=str(server.process.pid))
        server.await_log("has reloaded")
        assert "orders" in json.loads(get(server.port, "/topics").body)
        token = deployed.bearer("shop").removeprefix("Bearer ")
        said = run(posted, tmp_path, TOKEN=token, GATE=f"http://127.0.0.1:{server.port}")
    judged, delivered = [json.loads(line) for line in said.splitlines()]
    assert judged["valid"] is True
    assert delivered["writers"] == {"discard": {"outcome": "delivered"}}


def test_receipt_keys_are_rotated_without_a_restart(deployed: Deployment, tmp_path: Path) -> None:
    """A receipt of the former key counts until that key is taken away; each step is in force after `/terminate`."""
    deployed.config["writers"] = {"sqlite": {"path": "events.db"}}
    for name in ("former", "present"):
        (deployed.conf / name).write_text(f"{name}-0123456789abcdef0123456789")

    def configure(active: str, *known: str) -> None:
        deployed.config["receipts"] = {"active": active, "keys": {name: f"file:{name}" for name in known}}
        deployed.write()

    configure("former", "former")
    with ServerProcess(deployed.conf) as server:

        def post(path: str, subject: str, **fields: str) -> dict[str, Any]:
            headers = {"Authorization": deployed.bearer(subject), **fields}
            url = f"http://127.0.0.1:{server.port}{path}"
            answer = urllib3.request("POST", url, body=b"{}", headers=headers, retries=False, timeout=60)
            assert answer.status == 202, answer.data
            return dict(answer.json())

        def step(active: str, *known: str) -> None:
            configure(active, *known)
            post("/terminate", "root")

        given = {"EventGate-Receipt": post("/topics/free", "alice")["receipt"]}
        honoured = []
        for active, known in (
            ("former", ("former", "present")),
            ("present", ("former", "present")),
            ("present", ("present",)),
        ):
            step(active, *known)
            honoured.append(post("/topics/free", "alice", **given).get("receipt_status") != "ignored")
    assert honoured == [True, True, False]
