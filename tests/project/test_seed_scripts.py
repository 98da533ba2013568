"""The scripts under the names that the earlier EventGate's document gives them: each does its work."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
import urllib3

from tests.cli.commands import environment
from tests.e2e.test_dev import dev
from tests.project.sources import ROOT

SCRIPTS = ROOT / "scripts"
NOTEBOOK = SCRIPTS / "notebook.ipynb"
PREPARE = SCRIPTS / "prepare.deplyoment.sh"
EVALUATE = """
import json, sys
from pathlib import Path
names, answers = {}, []
for code, last in json.loads(Path(sys.argv[1]).read_text()):
    exec(code, names)
    answers.append(eval(last, names) if last else None)
Path(sys.argv[2]).write_text(json.dumps(answers))
"""
"""Each cell in turn, and what its last expression is worth, as a notebook shows it."""


def test_the_zip_for_a_deployment_is_built(tmp_path: Path) -> None:
    """From any folder, with the options of the command behind it."""
    file = tmp_path / "function.zip"
    command = [str(PREPARE), "--writers", "", "--arch", "arm64", "--no-bytecode", "-o", str(file)]
    subprocess.run(command, cwd=tmp_path, env=environment(), check=True, capture_output=True)
    with zipfile.ZipFile(file) as archive:
        assert {"event_gate_lambda.py", "conf/config.json"} <= set(archive.namelist())


def test_without_an_installation_it_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "scripts").mkdir()
    script = shutil.copy(PREPARE, tmp_path / "scripts")
    done = subprocess.run(
        [script], env={"PATH": "/usr/bin:/bin"}, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "make setup" in done.stderr


def test_the_notebook_works_from_its_first_cell_to_its_last(tmp_path: Path) -> None:
    """Against a development gate, from the folder that Jupyter starts it in."""
    cells, answers = tmp_path / "cells.json", tmp_path / "answers.json"
    cells.write_text(json.dumps([split(source) for source in code_cells()]))
    with dev(tmp_path) as running:
        env = {"GATE_URL": running.url, "ISSUER_URL": running.issuer, "CONF_DIR": str(tmp_path / ".eventgate-dev")}
        command = [sys.executable, "-c", EVALUATE, str(cells), str(answers)]
        done = subprocess.run(
            command, cwd=SCRIPTS, env=environment() | env, capture_output=True, text=True, check=False
        )
    assert done.returncode == 0, done.stderr
    shown: list[Any] = [answer for answer in json.loads(answers.read_text()) if answer is not None]
    topics, schema, posted, handled, described, accepted, health = shown
    assert topics == json.loads(handled["body"]) == ["orders", "readings"]
    assert schema == json.loads(described["body"])
    assert (posted["statusCode"], accepted["statusCode"], health["statusCode"]) == (202, 202, 200)


def code_cells() -> list[str]:
    """The notebook's code."""
    cells = json.loads(NOTEBOOK.read_text())["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]


def split(source: str) -> tuple[str, str]:
    """A cell's statements, and its last expression if that is what it ends with."""
    body = ast.parse(source).body
    if not isinstance(body[-1], ast.Expr):
        return source, ""
    lines = source.splitlines()
    return "\n".join(lines[: body[-1].lineno - 1]), "\n".join(lines[body[-1].lineno - 1 :])


def test_the_notebook_holds_no_output() -> None:
    """Nobody's token."""
    assert [cell for cell in json.loads(NOTEBOOK.read_text())["cells"] if cell.get("outputs")] == []


def test_the_requests_for_editors_work_one_after_the_other(tmp_path: Path) -> None:
    with dev(tmp_path) as running:
        places = {"gate": running.url, "issuer": running.issuer}
        statuses = []
        for request in re.split(r"^###.*\n", (SCRIPTS / "get_token.http").read_text(), flags=re.MULTILINE)[1:]:
            answer = send(request, places)
            statuses.append(answer.status)
            if "# @name grant" in request:
                places["grant.response.body.access_token"] = answer.json()["access_token"]
    assert statuses == [303, 200, 200, 202]


def send(request: str, places: dict[str, str]) -> urllib3.BaseHTTPResponse:
    """One request of the file, as an editor sends it."""
    text = re.sub(r"\{\{(.+?)\}\}", lambda match: places[match[1]], request)
    head, _, body = text.strip().partition("\n\n")
    lines = [line for line in head.splitlines() if not line.startswith("#")]
    method, url = lines[0].split(" ", 1)
    fields = dict(line.split(": ", 1) for line in lines[1:])
    return urllib3.request(method, url, body=body or None, headers=fields, redirect=False)


@pytest.mark.parametrize("name", ["prepare.deplyoment.sh"])
def test_a_script_can_be_run(name: str) -> None:
    assert os.access(SCRIPTS / name, os.X_OK)
