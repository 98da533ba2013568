"""The compose file: what its services say to each other fits together, and the commands of its page work."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from eventgate.core.responses import delivered
from eventgate.errors import Problem
from tests.cli.commands import eventgate
from tests.project.images import SERVER
from tests.project.sources import ROOT

COMPOSE = ROOT / "deploy" / "compose"
VARIABLE = re.compile(r"\$\{(\w+)(:-[^}]*)?\}")


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    """`services` of the compose file."""
    return dict(document()["services"])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder as it is after the first block of commands on its page."""
    copy = Path(shutil.copytree(COMPOSE, tmp_path / "compose"))
    first = re.findall(r"```sh\n(.*?)```", (COMPOSE / "README.md").read_text(), flags=re.DOTALL)[0]
    subprocess.run(["sh", "-ec", first], cwd=copy, check=True, capture_output=True)
    return copy


def document() -> dict[str, Any]:
    return dict(yaml.safe_load((COMPOSE / "compose.yaml").read_text()))


def config() -> dict[str, Any]:
    return dict(json.loads((COMPOSE / "conf" / "config.json").read_text()))


def variables() -> dict[str, str]:
    """The gate's environment, where no variable of the file is set."""
    return {name: filled(value) for name, value in document()["services"]["gate"]["environment"].items()}


def filled(value: str) -> str:
    """`value` where no variable is set: each has a default."""
    return VARIABLE.sub(lambda match: match[2].removeprefix(":-"), value)


def test_images_are_official_and_pinned(services: dict[str, Any]) -> None:
    """Kafka's version is the one that the tests run."""
    pom = (ROOT / "tests" / "services" / "pom.xml").read_text()
    version = re.search(r"kafka_2\.13</artifactId>\s*<version>([^<]+)", pom)
    assert version is not None
    images = {service["image"] for service in services.values() if "image" in service}
    assert images == {f"apache/kafka:{version[1]}", "postgres:17"}


def test_the_gate_is_the_servers_image_and_may_do_nothing_else(services: dict[str, Any]) -> None:
    """The image takes a read-only root and no capabilities."""
    gate = services["gate"]
    assert (COMPOSE / gate["build"]["context"]).resolve() == ROOT
    assert ROOT / gate["build"]["dockerfile"] == SERVER.path
    assert (gate["read_only"], gate["cap_drop"]) == (True, ["ALL"])
    assert gate["security_opt"] == ["no-new-privileges:true"]
    assert "user" not in gate


def test_everything_that_is_referred_to_exists(services: dict[str, Any]) -> None:
    """Services, volumes and folders."""
    waited_for = {name for service in services.values() for name in service.get("depends_on", ())}
    assert waited_for <= services.keys()
    sources = {volume.split(":")[0] for service in services.values() for volume in service.get("volumes", ())}
    named = {source for source in sources if not source.startswith(".")}
    assert named == document()["volumes"].keys()
    assert all((COMPOSE / source).is_dir() for source in sources - named)


def test_only_this_machine_reaches_it(services: dict[str, Any]) -> None:
    published = [port for service in services.values() for port in service.get("ports", ())]
    assert len(published) == 3
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_the_gate_is_told_where_the_database_is(services: dict[str, Any]) -> None:
    reference = config()["writers"]["postgres"]["dsn"]
    address = urlsplit(filled(services["gate"]["environment"][reference.removeprefix("env:")]))
    database = services["postgres"]["environment"]
    assert (address.username, address.password) == (database["POSTGRES_USER"], filled(database["POSTGRES_PASSWORD"]))
    assert (address.hostname, address.port, address.path) == ("postgres", 5432, "/" + database["POSTGRES_DB"])


def test_the_gate_is_told_where_the_broker_is(services: dict[str, Any]) -> None:
    """At a listener that tells its clients that very address."""
    advertised = services["kafka"]["environment"]["KAFKA_ADVERTISED_LISTENERS"].split(",")
    assert f"INSIDE://{config()['writers']['kafka']['bootstrap_servers']}" in advertised


def test_each_topic_has_a_kafka_topic(services: dict[str, Any]) -> None:
    made = re.search(r"for topic in (.+); do", services["topics"]["command"][-1])
    assert made is not None
    assert set(made[1].split()) == {file.stem for file in (COMPOSE / "conf" / "topics").glob("*.json")}


def test_the_gate_serves_what_is_mounted(services: dict[str, Any]) -> None:
    """With the port that is published, and time to drain before it is killed."""
    gate = services["gate"]
    command = dict(zip(SERVER.command[1::2], SERVER.command[2::2], strict=True))
    assert "command" not in gate
    assert f"./conf:{SERVER.variables['CONF_DIR']}:ro" in gate["volumes"]
    assert gate["ports"] == [f"127.0.0.1:8080:{command['--port']}"]
    assert f"127.0.0.1:{command['--port']}/readyz" in gate["healthcheck"]["test"][-1]
    assert int(gate["stop_grace_period"].removesuffix("s")) > 20


def test_the_configuration_has_no_finding(folder: Path) -> None:
    ended = eventgate("check", "--conf", folder / "conf", env=variables())
    assert (ended.code, ended.out.strip()) == (0, "0 errors, 0 warnings")


def test_the_token_and_the_event_of_the_page_are_good(folder: Path) -> None:
    """The key that the page makes signs it, and the topic's schema takes the event."""
    token = folder / "token"
    token.write_text(eventgate("token", "--sub", "demo", "--dir", ".", cwd=folder).out)
    first, failed, retried = re.findall(r"-d '(\{.*\})'", (folder / "README.md").read_text())
    assert failed == retried != first
    (folder / "events.ndjson").write_text(f"{first}\n{failed}\n")
    judged = eventgate("check", "--conf", folder / "conf", "--token", token, env=variables())
    assert judged.code == 0, judged.out
    checked = eventgate("validate", "orders", folder / "events.ndjson", "--conf", folder / "conf", env=variables())
    assert checked.code == 0, checked.out + checked.err


def test_the_receipt_is_found_in_an_answer(folder: Path) -> None:
    """By the page's own command, in what a gate answers."""
    (found,) = re.findall(r"^RECEIPT=\$\((sed .*)\)$", (folder / "README.md").read_text(), flags=re.MULTILINE)
    answer = delivered(500, "order-1", {}, [Problem("kafka", "kafka: failed")], "1.abc_-DEF")
    (folder / "answer.json").write_bytes(answer.body)
    shown = subprocess.run(["sh", "-c", found], cwd=folder, check=True, capture_output=True, text=True)
    assert shown.stdout.strip() == "1.abc_-DEF"
