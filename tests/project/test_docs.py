"""The documents say what the code does: nothing is missing, nothing is left over, and the samples work."""

from __future__ import annotations

import inspect
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from eventgate import errors
from eventgate.core import deferral, lane
from eventgate.core.model import Outcome, WriteResult
from eventgate.core.routes import ROUTES
from eventgate.core.spool import Untaken
from eventgate.spool.sqlite import intake
from eventgate.spool.sqlite import spool as sqlite_spool
from eventgate.spool.sqs import spool as sqs_spool
from eventgate.sqlite.errors import REASONS
from eventgate.telemetry.families import FAMILIES
from eventgate.telemetry.redaction import MAX_BYTES, REDACT_KEYS
from tests.project.markdown import DOCUMENTS, anchors, code, links, rows, section
from tests.project.sources import ROOT

ERRORS = ROOT / "docs" / "errors.md"
API = ROOT / "docs" / "api.md"
OPERATIONS = ROOT / "docs" / "operations.md"
README = ROOT / "README.md"

EVENTGATE = str(Path(sys.executable).with_name("eventgate"))
WRITERS_NAME = "the writer's name"


def first_cells(title: str) -> list[str]:
    return [cells[0].strip("`") for cells in rows(section(ERRORS, title))]


def refusals() -> set[tuple[str, str]]:
    """Status and type of every refusal in the tree; those that bear a writer's name as their type say so."""
    classes = [each for _, each in inspect.getmembers(errors, inspect.isclass) if issubclass(each, errors.Refusal)]
    return {(str(each.status), each.type) for each in classes if hasattr(each, "status") and hasattr(each, "type")}


def test_every_status_and_type_has_a_row() -> None:
    documented = {(cells[0], cells[1].strip("`")) for cells in rows(section(ERRORS, "Statuses and types"))}
    verdicts = {
        ("409", "conflict"),
        ("400", WRITERS_NAME),
        ("413", WRITERS_NAME),
        ("500", WRITERS_NAME),
        ("503", "spool"),
    }
    assert documented == refusals() | verdicts


def test_every_reason_of_a_401_has_a_row() -> None:
    assert first_cells("Reasons of a 401") == list(get_args(errors.AuthReason))


def test_every_reason_of_a_403_has_a_row() -> None:
    assert first_cells("Reasons of a 403") == [*get_args(errors.AccessReason), "field"]


def test_every_outcome_has_a_row() -> None:
    assert first_cells("Outcomes") == [outcome.value for outcome in Outcome]


def test_every_reason_of_a_lane_has_a_row() -> None:
    reasons = {value.reason for value in vars(lane).values() if isinstance(value, WriteResult)}
    assert reasons <= set(first_cells("What writers say"))


def test_every_reason_of_the_sqlite_writer_has_a_row() -> None:
    assert set(REASONS.values()) <= set(first_cells("What writers say"))


def test_every_reason_of_the_spool_has_a_row() -> None:
    values = [value for module in (deferral, intake, sqlite_spool, sqs_spool) for value in vars(module).values()]
    reasons = {value.reason for value in values if isinstance(value, Untaken)}
    reasons |= {intake.FULL, intake.FULL_OF_INVALID, sqs_spool.FORGETFUL, sqs_spool.NO_DEAD_LETTERS}
    assert reasons <= set(first_cells("The spool"))
    assert deferral.NOT_IN_TURN.reason == "an earlier event with its key waits in the spool"


def test_every_route_has_a_row() -> None:
    documented = [re.fullmatch(r"(\w+) `(.+)`", cells[0]) for cells in rows(section(API, "Routes"))]
    told = {(match[1], match[2]) for match in documented if match}
    served = {(method, route.template) for route in ROUTES for method in route.methods if method != "HEAD"}
    assert told == served


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_leads_somewhere(document: Path) -> None:
    lost = []
    for link in links(document):
        name, _, anchor = link.partition("#")
        if ":" in name:
            continue
        target = (document.parent / name).resolve() if name else document
        if not target.exists() or (anchor and anchor not in anchors(target)):
            lost.append(link)
    assert lost == []


def test_the_readme_leads_to_every_document() -> None:
    reached = {(README.parent / link).resolve() for link in links(README) if ":" not in link}
    assert {path for path in DOCUMENTS if path != README} <= reached


def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_make_target_that_is_named_exists(document: Path) -> None:
    named = set(re.findall(r"(?:^|`)make ([a-z-]+)", document.read_text(), re.MULTILINE))
    assert named <= make_targets()


def test_every_make_target_is_told_to_developers() -> None:
    developing = (ROOT / "docs" / "developing.md").read_text()
    assert {target for target in make_targets() if f"`make {target}`" not in developing} <= {"help", "setup"}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_command_that_is_named_exists(document: Path) -> None:
    named = set(re.findall(r"(?:^|[`/])eventgate ([a-z]+)\b", document.read_text(), re.MULTILINE))
    shown = subprocess.run([EVENTGATE, "--help"], capture_output=True, text=True, check=True)
    assert {command for command in named if not re.search(rf"\b{command}\b", shown.stdout)} == set()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_json_sample_is_json(document: Path) -> None:
    for sample in code(document, "json"):
        json.loads(sample)


def test_the_sample_configuration_of_the_readme_has_no_findings(tmp_path: Path) -> None:
    config, access = (sample for sample in code(README, "json") if "statusCode" not in sample)
    (tmp_path / "config.json").write_text(config)
    (tmp_path / "access.json").write_text(access)
    (tmp_path / "topics").mkdir()
    for topic in json.loads(access):
        (tmp_path / "topics" / f"{topic}.json").write_text("{}")
    command = [EVENTGATE, "check", "--strict", "--conf", str(tmp_path)]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_every_metric_has_a_row_with_its_kind_and_labels() -> None:
    documented = [
        (*(cell.strip("`") for cell in cells[:2]), re.findall(r"`(\w+)`", cells[2]))
        for cells in rows(section(OPERATIONS, "Metrics"))
    ]
    total = {"counter": "_total"}
    assert documented == [
        (f"eventgate_{family.name}{total.get(family.kind, '')}", family.kind, list(family.labels))
        for family in FAMILIES
    ]


def test_every_default_of_the_payload_log_is_told() -> None:
    cells = {cells[0].strip("`"): cells[1].strip("`") for cells in rows(section(OPERATIONS, "The log"))}
    assert cells["TRACE_REDACT_KEYS"] == REDACT_KEYS
    assert cells["TRACE_MAX_BYTES"] == str(MAX_BYTES)


def test_every_alarm_looks_at_metrics_that_there_are() -> None:
    named = set(re.findall(r"eventgate_[a-z_]+[a-z]", OPERATIONS.read_text()))
    known = {f"eventgate_{family.name}" for family in FAMILIES}
    endings = ("_total", "_bucket", "")
    tables = {"eventgate_events", "eventgate_ledger"}
    assert {name for name in named if not any(name.removesuffix(end) in known for end in endings)} <= tables
