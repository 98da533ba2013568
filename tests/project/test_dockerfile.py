"""The image, as far as it can be built without an engine: its files, its libraries, its handlers."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from eventgate.package.lock import locked, runtime_lock, versions
from eventgate.package.target import ARCHITECTURES, Target
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
OURS = shutil.ignore_patterns("event*", "src")


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


def test_kerberos_reads_its_configuration_where_it_is_put() -> None:
    """MIT's library goes on to the next file where one is absent."""
    assert re.search(r"^ENV .*KRB5_CONFIG=/opt/sasl_ssl_artifacts/krb5\.conf:/etc/krb5\.conf", LAST, re.MULTILINE)


def test_a_closed_network_may_name_its_own_sources() -> None:
    """Of the base image and of librdkafka; pip's are pip's own configuration."""
    assert {"BASE_IMAGE", "LIBRDKAFKA_URL", "LIBRDKAFKA_SHA256"} <= arguments().keys()
    assert TEXT.count("FROM ${BASE_IMAGE}") == 2
    assert "--mount=type=secret,id=pip,target=/etc/pip.conf" in FIRST


def test_neither_processor_is_written_down() -> None:
    """`--platform` chooses: the base image has both."""
    assert not re.search(r"^FROM .*(--platform|arm64|x86_64|amd64)", TEXT, re.MULTILINE)


def test_librdkafka_is_the_version_that_the_client_was_written_for() -> None:
    assert arguments()["LIBRDKAFKA_VERSION"] == versions(runtime_lock())[COMPILED_THERE]
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
    """pip finds each, with a digest of the lock; nothing is unpacked."""
    names = versions(runtime_lock()).keys() - {COMPILED_THERE, NOT_ON_LINUX}
    wanted = tmp_path / "requirements.txt"
    wanted.write_text(locked(runtime_lock(), names))
    target = Target(next(each for each in ARCHITECTURES if each == architecture))
    tags = [f"--python-version={target.python}", *(f"--platform={platform}" for platform in target.platforms)]
    how = ["--dry-run", "--ignore-installed", "--no-deps", "--require-hashes", "--only-binary=:all:", "--target", "x"]
    command = [sys.executable, "-m", "pip", "install", "--quiet", *how, *tags, "--report", "report", "-r", str(wanted)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = {each["metadata"]["name"] for each in json.loads((tmp_path / "report").read_text())["install"]}
    assert len(found) == len(names)


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory, packages: Callable[[str], Built]) -> Path:
    """The task's folder as the image has it: what is copied, beside libraries for the base's Python."""
    folder = tmp_path_factory.mktemp("image")
    shutil.copytree(packages("3.13").code.root, folder, ignore=OURS, dirs_exist_ok=True)
    for sources, target in copies(FIRST):
        if target.startswith(TASK_ROOT):
            put(ROOT / sources[0], folder / target.removeprefix(TASK_ROOT).lstrip("/"))
    return folder


@pytest.mark.parametrize("handler", HANDLERS)
def test_the_handlers_can_be_imported_from_what_is_copied(
    image: Path, packages: Callable[[str], Built], handler: str
) -> None:
    """From there alone, under that Python."""
    module, _, name = handler.rpartition(".")
    program = f"from {module} import {name}; import eventgate; print(eventgate.__file__)"
    command = [str(packages("3.13").code.interpreter), "-S", "-c", program]
    shown = subprocess.run(command, cwd=image, env=unmeasured(), check=True, capture_output=True, text=True).stdout
    assert Path(shown.strip()).is_relative_to(image / "eventgate")
    assert (image / "conf" / "config.json").exists()


def step(beginning: str) -> str:
    """The shell command of the one RUN step of the first stage that begins so."""
    (found,) = (line for line in re.findall(r"^RUN (.+)$", FIRST, re.MULTILINE) if line.startswith(beginning))
    return str(found)


def shell(command: str, cwd: Path, **env: object) -> subprocess.CompletedProcess[str]:
    """Run a step's command as an engine does."""
    given = unmeasured() | {name: str(value) for name, value in env.items()}
    return subprocess.run(["sh", "-c", command], cwd=cwd, env=given, capture_output=True, text=True, check=False)


def test_certificates_to_trust_join_the_bases(tmp_path: Path) -> None:
    """PEM files by either ending; whatever else lies there does not, and nothing need be there."""
    bundle = tmp_path / "bundle"
    bundle.write_text("base\n")
    command = step("for file in").replace("/etc/pki/tls/certs/ca-bundle.crt", str(bundle))
    command = command.replace("/opt/certs", str(tmp_path))
    assert (shell(command, tmp_path).returncode, bundle.read_text()) == (0, "base\n")
    for name in ("a.pem", "b.crt", "LICENSE"):
        (tmp_path / name).write_text(f"{name}\n")
    assert (shell(command, tmp_path).returncode, bundle.read_text()) == (0, "base\na.pem\nb.crt\n")


def test_librdkafkas_source_may_come_from_anywhere_and_is_compared_with_its_digest(tmp_path: Path) -> None:
    """A model of it: what is configured and made is what the step asks for."""
    source, build = tmp_path / "librdkafka-1", tmp_path / "build"
    source.mkdir()
    build.mkdir()
    (source / "configure").write_text('#!/bin/sh\necho "$@" > configured\n')
    (source / "configure").chmod(0o755)
    (source / "Makefile").write_text("all:\n\ninstall:\n\ttouch installed\n")
    archive = shutil.make_archive(str(tmp_path / "own"), "gztar", tmp_path, source.name)
    digest = hashlib.sha256(Path(archive).read_bytes()).hexdigest()
    command = step("curl")
    assert shell(command, build, LIBRDKAFKA_URL=f"file://{archive}", LIBRDKAFKA_SHA256="0" * 64).returncode != 0
    assert not (build / "configured").exists()
    made = shell(command, build, LIBRDKAFKA_URL=f"file://{archive}", LIBRDKAFKA_SHA256=digest)
    assert (made.returncode, (build / "installed").exists()) == (0, True), made.stderr
    assert "--prefix=/usr/local" in (build / "configured").read_text()


def test_the_bill_of_materials_is_valid_and_names_what_was_compiled(
    image: Path, packages: Callable[[str], Built], tmp_path: Path
) -> None:
    (tmp_path / "python").symlink_to(packages("3.13").code.interpreter)
    version = arguments()["LIBRDKAFKA_VERSION"]
    command = step('PYTHONPATH="${LAMBDA_TASK_ROOT}"').replace("/build/", f"{tmp_path}/")
    path = f"{tmp_path}:/usr/bin:/bin"
    done = shell(command, tmp_path, LAMBDA_TASK_ROOT=image, LIBRDKAFKA_VERSION=version, PATH=path)
    assert done.returncode == 0, done.stderr
    text = (image / "eventgate-sbom.cdx.json").read_text()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    components = {each["name"]: each for each in json.loads(text)["components"]}
    assert components["librdkafka"]["version"] == components["confluent-kafka"]["version"] == version
    assert [name for name, each in components.items() if not each.get("licenses")] == []


def test_bytecode_is_compiled_for_the_gate(image: Path, packages: Callable[[str], Built], tmp_path: Path) -> None:
    (tmp_path / "python").symlink_to(packages("3.13").code.interpreter)
    path = f"{tmp_path}:/usr/bin:/bin"
    command = step("python -m compileall").replace(TASK_ROOT, f"{TASK_ROOT}/eventgate/errors")
    assert shell(command, tmp_path, LAMBDA_TASK_ROOT=image, PATH=path).returncode == 0
    assert list((image / "eventgate" / "errors" / "__pycache__").glob("base.cpython-313.pyc"))


def put(source: Path, target: Path) -> None:
    """COPY: a file to its place, a folder's contents into the folder."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copyfile(source, target)


def test_the_command_is_a_handler_that_exists() -> None:
    assert re.findall(r'^CMD \["(.+)"\]$', LAST, re.MULTILINE) == [HANDLERS[0]]
