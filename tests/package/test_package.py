"""`eventgate package lambda`: what comes out, the same each time, and one clear line where nothing can."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from eventgate.package import bytecode, sbom
from eventgate.package.contents import distributions
from eventgate.package.errors import NotPackaged
from eventgate.package.lock import locked, runtime_lock, versions
from eventgate.package.target import Target
from tests.cli.commands import Ended, eventgate
from tests.package.conftest import package_for_arm
from tests.project.sources import ROOT

Arm = tuple[Path, Ended]


def names(file: Path) -> set[str]:
    with zipfile.ZipFile(file) as archive:
        return set(archive.namelist())


def content(file: Path, name: str) -> bytes:
    with zipfile.ZipFile(file) as archive:
        return archive.read(name)


def refusal(*options: str | Path, env: dict[str, str] | None = None) -> tuple[int, str]:
    ended = eventgate("package", "lambda", *options, env=env)
    assert ended.out == ""
    return ended.code, ended.error()


def test_the_same_input_gives_the_same_bytes(arm: Arm, wheelhouse: Path, tmp_path: Path) -> None:
    """From another folder, at another time, under another name."""
    again = tmp_path / "again.zip"
    package_for_arm(wheelhouse, again)
    assert hashlib.sha256(again.read_bytes()).digest() == hashlib.sha256(arm[0].read_bytes()).digest()


def test_libraries_are_those_of_the_target_and_no_others(arm: Arm) -> None:
    """Built on this machine, for a processor and a Python version that need not be its own."""
    modules = {name for name in names(arm[0]) if name.endswith(".so")}
    assert "asyncpg/protocol/protocol.cpython-312-aarch64-linux-gnu.so" in modules
    assert [name for name in modules if "x86_64" in name or "cpython-313" in name] == []
    found = {name.partition("/")[0] for name in names(arm[0])}
    assert {"asyncpg", "cryptography", "eventgate", "jsonschema_rs", "jwt", "msgspec", "urllib3"} <= found
    assert not found & {"boto3", "botocore", "confluent_kafka", "pycparser", "rich", "typer", "uvicorn", "uvloop"}


def test_every_module_has_bytecode_that_is_never_checked(arm: Arm) -> None:
    """PEP 552: the flags after the magic number say that a hash is there, and that it is not to be compared."""
    sources = {name for name in names(arm[0]) if name.endswith(".py")}
    compiled = {importlib.util.cache_from_source(name).rsplit(".", 2)[0] for name in sources}
    cached = {name.rsplit(".", 2)[0] for name in names(arm[0]) if name.endswith(".cpython-312.pyc")}
    assert compiled == cached
    code = content(arm[0], "eventgate/core/__pycache__/model.cpython-312.pyc")
    assert code[4:8] == b"\x01\x00\x00\x00"
    assert b"/var/task/eventgate/core/model.py" in code


def test_the_handlers_and_the_configuration_are_where_lambda_looks(arm: Arm) -> None:
    assert {"event_gate_lambda.py", "src/event_gate_lambda.py", "conf/config.json"} <= names(arm[0])
    assert {f"conf/topics/{path.name}" for path in (ROOT / "conf" / "topics").iterdir()} <= names(arm[0])
    assert content(arm[0], "conf/config.json") == (ROOT / "conf" / "config.json").read_bytes()


def test_everybody_may_read_every_file(arm: Arm) -> None:
    with zipfile.ZipFile(arm[0]) as archive:
        entries = archive.infolist()
    assert {entry.external_attr >> 16 & 0o777 for entry in entries} == {0o644}
    assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}
    assert [entry.filename for entry in entries] == sorted(entry.filename for entry in entries)


def test_sizes_are_printed(arm: Arm) -> None:
    lines = dict(line.split(maxsplit=1) for line in arm[1].out.splitlines()[:-1])
    assert {"asyncpg", "cryptography", "eventgate", "unpacked", "packed"} <= lines.keys()
    assert lines["packed"] == f"{arm[0].stat().st_size / 1024 / 1024:.2f} MiB"
    assert arm[1].out.splitlines()[-1].endswith("Python 3.12, arm64")


def test_the_bill_of_materials_is_valid_and_names_every_library_with_its_licence(arm: Arm) -> None:
    text = content(arm[0], sbom.FILE).decode()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    components: list[dict[str, Any]] = json.loads(text)["components"]
    lock = runtime_lock()
    pinned = versions(lock)
    wanted = {name: pinned[name] for name in distributions(["postgres"])}
    assert {each["name"]: each["version"] for each in components} == wanted
    assert [each["name"] for each in components if not each.get("licenses")] == []


def test_the_wheels_bill_of_materials_is_of_the_lock() -> None:
    """If not: `make docs`."""
    text = (ROOT / "requirements" / "eventgate.cdx.json").read_text()
    assert text == sbom.of_lock(versions(runtime_lock())).decode()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    components: list[dict[str, Any]] = json.loads(text)["components"]
    assert [each["name"] for each in components if not each.get("licenses")] == ["colorama"]  # for Windows only


@pytest.mark.parametrize("other", ["librdkafka", "librdkafka==2.1", "==1=MIT", "a==1=MIT OR x"])
def test_a_further_component_says_name_version_and_licence(tmp_path: Path, other: str) -> None:
    with pytest.raises(ValueError, match="NAME==VERSION=LICENCE"):
        sbom.of_image(tmp_path, [other])


def test_the_texts_of_the_licences_are_shipped(arm: Arm) -> None:
    told = {name.partition("-")[0] for name in names(arm[0]) if ".dist-info/" in name and "LICENSE" in name.upper()}
    assert {"asyncpg", "cryptography", "cffi", "msgspec", "pyjwt", "urllib3"} <= told  # jsonschema-rs has none


def test_a_configuration_leaves_databases_and_hidden_files_at_home(wheelhouse: Path, tmp_path: Path) -> None:
    conf = tmp_path / "conf"
    conf.mkdir()
    for name in ("config.json", "events.db", "events.db-wal", ".env", "server.key", "a.json"):
        (conf / name).write_text("{}")
    (conf / "server.key").write_text("-----BEGIN PRIVATE KEY-----\n")
    file = tmp_path / "x.zip"
    ended = package_for_arm(wheelhouse, file, "--conf", conf, "--no-bytecode")
    assert {name for name in names(file) if name.startswith("conf/")} == {
        "conf/a.json",
        "conf/config.json",
        "conf/server.key",
    }
    assert "server.key holds a private key" in ended.error()
    assert [name for name in names(file) if name.endswith(".pyc")] == []


@pytest.mark.parametrize(
    ("options", "code", "reason"),
    [
        (["--arch", "sparc"], 2, "--arch is one of x86_64, arm64"),
        (["--python", "3.11"], 2, "--python is one of 3.12, 3.13"),
        (["--writers", "kafka,carrier"], 2, "--writers knows no carrier"),
        (["--wheelhouse", "nowhere"], 1, "the wheelhouse nowhere is no folder"),
        (["--conf", "src"], 1, "src is no configuration directory"),
    ],
)
def test_a_wrong_option_is_told_in_one_line(tmp_path: Path, options: list[str], code: int, reason: str) -> None:
    told = refusal(*options, "-o", tmp_path / "x.zip")
    assert told[0] == code
    assert reason in told[1]
    assert list(tmp_path.iterdir()) == []


def test_a_wheelhouse_that_lacks_a_wheel_is_told(tmp_path: Path) -> None:
    """Nothing else is asked, and no half of a file is left."""
    code, reason = refusal("--wheelhouse", tmp_path, "--writers", "", "-o", tmp_path / "x.zip")
    assert code == 1
    assert "pip could not get the libraries" in reason
    assert "backports-zstd" in reason
    assert list(tmp_path.iterdir()) == []


def test_a_wheel_that_was_tampered_with_is_refused(wheelhouse: Path, tmp_path: Path) -> None:
    """The digests are the lock's."""
    for wheel in wheelhouse.glob("*.whl"):
        (tmp_path / wheel.name).write_bytes(wheel.read_bytes())
    evil = next(tmp_path.glob("urllib3-*.whl"))
    with zipfile.ZipFile(evil, "a") as archive:
        archive.writestr("urllib3/evil.py", "")
    file = tmp_path / "x.zip"
    ended = package_for_arm(tmp_path, file)
    assert (ended.code, file.exists()) == (1, False)
    assert "hash" in ended.error().lower()


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    assert "no folder" in refusal("-o", tmp_path / "absent" / "x.zip")[1]
    assert "a folder" in refusal("-o", tmp_path)[1]


def test_a_python_that_is_not_there_is_told_with_the_way_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr("sys.executable", str(tmp_path / "python"))
    with pytest.raises(NotPackaged, match=r"needs a Python 3\.12 here.*--no-bytecode"):
        bytecode.find_interpreter(Target(python="3.12"))


def test_a_placeholder_of_a_version_manager_is_no_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shim = tmp_path / "python3.12"
    shim.write_text("#!/bin/sh\nexit 127\n")
    shim.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr("sys.executable", str(shim))
    with pytest.raises(NotPackaged):
        bytecode.find_interpreter(Target(python="3.12"))


def test_a_library_that_the_lock_does_not_know_is_a_defect_that_is_told() -> None:
    with pytest.raises(NotPackaged, match="the lock has no left-pad"):
        locked(runtime_lock(), ["left-pad", "six"])
