"""The image, as far as it can be built without an engine: its files, its libraries, its handlers."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from eventgate.package.lock import locked, runtime_lock, version
from eventgate.package.target import ARCHITECTURES, Target
from eventgate.package.wheels import install
from tests.aws_lambda.packages import Built
from tests.project.sources import ROOT
from tests.unmeasured import unmeasured

TEXT = re.sub(r"\\\n", "", (ROOT / "Dockerfile").read_text())
FIRST, LAST = re.split(r"^FROM ", TEXT, flags=re.MULTILINE)[1:]
TASK_ROOT = "${LAMBDA_TASK_ROOT}"
HANDLERS = (
    "src.event_gate_lambda.lambda_handler",
    "event_gate_lambda.lambda_handler",
    "eventgate.adapters.aws_lambda.handler",
)
COMPILED_THERE = "confluent-kafka"
NOT_ON_LINUX = "colorama"


def arguments() -> dict[str, str]:
    """Build arguments and their defaults."""
    return dict(re.findall(r"^ARG (\w+)=(.*)$", TEXT, re.MULTILINE))


def copies(stage: str) -> list[tuple[list[str], str]]:
    """Sources and target of what a stage copies out of the build's context."""
    lines = [line.split() for line in re.findall(r"^COPY (?!--from)(.+)$", stage, re.MULTILINE)]
    return [(parts[:-1], parts[-1]) for parts in lines]


def test_the_earlier_build_arguments_and_paths_are_there() -> None:
    assert arguments()["TRUSTED_SSL_CERTS"] == "./trusted_certs"
    assert arguments()["SASL_SSL_ARTIFACTS"] == "./sasl_ssl_artifacts"
    assert {"/opt/certs/", "/opt/sasl_ssl_artifacts/"} <= {target for _, target in copies(LAST)}
    assert re.search(r"^ENV .*KRB5CCNAME=FILE:/tmp/krb5cc", LAST, re.MULTILINE)


def test_a_closed_network_may_name_its_own_sources() -> None:
    """Of the base image and of librdkafka; pip's are pip's own configuration."""
    assert {"BASE_IMAGE", "LIBRDKAFKA_URL", "LIBRDKAFKA_SHA256"} <= arguments().keys()
    assert TEXT.count("FROM ${BASE_IMAGE}") == 2
    assert "--mount=type=secret,id=pip,target=/etc/pip.conf" in FIRST


def test_neither_processor_is_written_down() -> None:
    """`--platform` chooses: the base image has both."""
    assert not re.search(r"^FROM .*(--platform|arm64|x86_64|amd64)", TEXT, re.MULTILINE)


def test_librdkafka_is_the_version_that_the_client_was_written_for() -> None:
    assert arguments()["LIBRDKAFKA_VERSION"] == version(runtime_lock(), COMPILED_THERE)
    assert "cyrus-sasl-devel" in FIRST
    assert f"--no-binary {COMPILED_THERE}" in FIRST


def test_nobody_runs_it_as_root() -> None:
    assert re.findall(r"^USER (\d+)$", LAST, re.MULTILINE) == ["1000"]


def test_every_file_that_is_copied_exists() -> None:
    """Save the two folders of the user's, which may be absent."""
    sources = [source for stage in (FIRST, LAST) for found, _ in copies(stage) for source in found]
    assert [each for each in sources if not each.startswith("${") and not (ROOT / each).exists()] == []


def test_nothing_that_is_copied_is_ignored() -> None:
    ignored = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and line[0] != "#"]
    for needed in ("src", "conf", "requirements", "LICENSE"):
        assert needed not in ignored


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_other_libraries_have_wheels_for_the_bases_c_library(tmp_path: Path, architecture: str) -> None:
    names = set(re.findall(r"^([a-z0-9-]+)==", runtime_lock().read_text(), re.MULTILINE))
    target = Target(next(each for each in ARCHITECTURES if each == architecture))
    install(locked(runtime_lock(), names - {COMPILED_THERE, NOT_ON_LINUX}), target, tmp_path)
    assert (tmp_path / "botocore").is_dir()


@pytest.mark.parametrize("handler", HANDLERS)
def test_the_handlers_can_be_imported_from_what_is_copied(
    tmp_path: Path,
    packages: Callable[[str], Built],
    handler: str,
) -> None:
    """The copied files alone, with libraries for the base's Python, under that Python."""
    for sources, target in copies(FIRST):
        if target.startswith(TASK_ROOT):
            put(ROOT / sources[0], tmp_path / target.removeprefix(TASK_ROOT).lstrip("/"))
    built = packages("3.13")
    libraries = shutil.copytree(built.code.root, tmp_path / "libraries", ignore=shutil.ignore_patterns("event*", "src"))
    module, _, name = handler.rpartition(".")
    program = f"from {module} import {name}; import eventgate; print(eventgate.__file__)"
    env = unmeasured() | {"PYTHONPATH": str(libraries)}
    command = [str(built.code.interpreter), "-S", "-c", program]
    shown = subprocess.run(command, cwd=tmp_path, env=env, check=True, capture_output=True, text=True).stdout
    assert Path(shown.strip()).is_relative_to(tmp_path / "eventgate")
    assert (tmp_path / "conf" / "config.json").exists()


def put(source: Path, target: Path) -> None:
    """COPY: a file to its place, a folder's contents into the folder."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copyfile(source, target)


def test_the_command_is_a_handler_that_exists() -> None:
    assert re.findall(r'^CMD \["(.+)"\]$', LAST, re.MULTILINE) == [HANDLERS[0]]
