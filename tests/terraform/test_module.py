"""The module by itself: its form, its plans without an account, its variables, its samples."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from eventgate.core.routes import ROUTES
from tests.project.sources import ROOT
from tests.terraform.workspace import MODULE, Workspace

SEEDS = (
    "aws_region",
    "vpc_id",
    "vpc_endpoint",
    "resource_prefix",
    "lambda_role_arn",
    "lambda_vpc_subnet_ids",
    "lambda_package_type",
    "lambda_src_s3_bucket",
    "lambda_src_s3_key",
    "lambda_src_ecr_image",
)
"""The variables of the earlier EventGate's module."""
EXAMPLES = sorted((MODULE / "examples").glob("*.tfvars"))


def variables() -> dict[str, str]:
    """Each variable's block by its name."""
    text = (MODULE / "variables.tf").read_text()
    return dict(re.findall(r'^variable "(\w+)" \{\n(.*?)^\}', text, re.MULTILINE | re.DOTALL))


def test_it_is_formatted(module: Workspace) -> None:
    module.run("fmt", "-check", "-recursive", "-diff")


def test_it_is_valid(module: Workspace) -> None:
    assert json.loads(module.run("validate", "-json"))["diagnostics"] == []


def test_its_own_tests_pass(module: Workspace) -> None:
    """terraform/tests, with a mock of the provider: everything that depends on variables."""
    assert "0 failed" in module.run("test")


def test_every_variable_says_what_it_is() -> None:
    assert [name for name, block in variables().items() if "description" not in block or "type " not in block] == []


def test_the_variables_of_the_earlier_module_are_there() -> None:
    assert set(SEEDS) <= variables().keys()


def test_every_variable_is_used() -> None:
    used = "\n".join(path.read_text() for path in MODULE.glob("*.tf") if path.name != "variables.tf")
    assert [name for name in variables() if f"var.{name}" not in used] == []


def test_the_routes_are_the_gates() -> None:
    """If not: `make docs`. A topic's name is a parameter there, so that a new topic needs no apply."""
    routes = json.loads((MODULE / "routes.json").read_text())
    assert routes == {
        route.template.replace("{topic}", "{topic_name}"): [*(method.lower() for method in route.methods), "options"]
        for route in ROUTES
    }


def test_the_outputs_that_the_runbook_asks_for_are_there() -> None:
    there = set(re.findall(r'^output "(\w+)"', (MODULE / "outputs.tf").read_text(), re.MULTILINE))
    asked = set(re.findall(r"output -raw (\w+)", (ROOT / "docs" / "deploy-aws.md").read_text()))
    assert len(asked) > 3
    assert asked <= there


def test_every_alarm_has_a_row_in_the_runbook() -> None:
    named = set(re.findall(r'^\s+"?([a-z0-9-]+)"? += \{$', (MODULE / "alarms.tf").read_text(), re.MULTILINE))
    told = set(re.findall(r"^\| an alarm `([^`]+)`", (ROOT / "docs" / "deploy-aws.md").read_text(), re.MULTILINE))
    assert named == told


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_sets_variables_that_exist(example: Path) -> None:
    assert set(re.findall(r"^(\w+) *=", example.read_text(), re.MULTILINE)) <= variables().keys()


def test_the_state_and_somebodys_variables_stay_out_of_git() -> None:
    ignored = (MODULE / ".gitignore").read_text().split()
    assert {"*.tfstate", "*.auto.tfvars", ".terraform/"} <= set(ignored)
    assert not list(ROOT.glob("terraform/*.tfstate"))
