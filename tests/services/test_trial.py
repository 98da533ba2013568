"""`make services`: the services stay up, and a gate works on what is printed."""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import sys
from pathlib import Path

from tests.cli.commands import eventgate
from tests.project.sources import ROOT
from tests.unmeasured import unmeasured

SCRIPT = ROOT / "scripts" / "services.py"
PATIENCE_SECONDS = 120


def printed(process: subprocess.Popen[bytes], last: str) -> str:
    """What it prints, up to `last`."""
    assert process.stdout is not None
    text = b""
    while last.encode() not in text:
        assert select.select([process.stdout], [], [], PATIENCE_SECONDS)[0], text
        more = os.read(process.stdout.fileno(), 65536)
        assert more, text
        text += more
    return text.decode()


def test_a_gate_works_on_what_is_printed(tmp_path: Path) -> None:
    """The configuration reaches all three sinks; Ctrl-C ends everything."""
    folder = tmp_path / "trial"
    command = [sys.executable, str(SCRIPT), str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=unmeasured()) as process:
        try:
            text = printed(process, "Ctrl-C")
            env = dict(re.findall(r"export (\w+)=(\S+)", (folder / "services.env").read_text()))
            checked = eventgate("check", "--conf", folder, "--connect", env=env)
        finally:
            process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE_SECONDS) == 0
    assert f"eventgate dev --dir {folder}" in text
    for writer in ("kafka", "eventbridge", "postgres"):
        assert f"{writer}: ok" in checked.out


def test_a_folder_of_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "diary").write_text("mine")
    done = subprocess.run([sys.executable, str(SCRIPT), str(tmp_path)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (2, f"services: {tmp_path} is not one of ours; name a new directory\n")
    assert (tmp_path / "diary").read_text() == "mine"
