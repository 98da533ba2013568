"""The wheel, installed as a user would: in an empty environment, away from the source."""

from __future__ import annotations

import http.client
import json
import os
import shlex
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from eventgate.testing import TokenMaker
from tests.project.images import SERVER
from tests.project.sources import ROOT
from tests.services.process import free_port

PATIENCE_SECONDS = 60
WITHOUT_CAPABILITIES = ["/usr/bin/setpriv", "--bounding-set=-all"] if os.geteuid() == 0 else []
"""What takes root's rights away; on a container that is `--cap-drop ALL`."""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from this source."""
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `eventgate` command in an environment that holds the wheel, its locked dependencies, and nothing else."""
    environment = tmp_path_factory.mktemp("environment")
    run(sys.executable, "-m", "venv", environment)
    pip = (
        environment / "bin" / "python",
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--no-deps",
    )
    run(*pip, "--require-hashes", "--requirement", ROOT / "requirements" / "runtime.txt")
    run(*pip, wheel)
    return environment / "bin" / "eventgate"


@pytest.fixture
def gate(installed: Path, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """`eventgate dev` of the wheel, with its files in `tmp_path`/dev; ended as Ctrl-C would, if it still runs."""
    command = [str(installed), "dev", "--dir", "dev", "--port", "0"]
    with subprocess.Popen(command, cwd=tmp_path, env=clean(), stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.send_signal(signal.SIGINT)
        process.wait(PATIENCE_SECONDS)


def clean() -> dict[str, str]:
    """The environment without what would lead Python back to the source."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "COVERAGE"))}


def run(*command: str | Path, cwd: Path | None = None) -> str:
    """Standard output of a command that must succeed."""
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, env=clean(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_wheel_holds_the_package_and_its_data_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {
        "eventgate/py.typed",
        "eventgate/cli/__init__.py",
        "eventgate/dev/template/init/config.json",
        "eventgate/catalogue/static/catalogue.css",
    } <= set(names)
    assert [name for name in names if not name.startswith("eventgate") or name.endswith(".pyc")] == [
        "event_gate_lambda.py"  # the handler's earlier name
    ]
    assert any(name.endswith("/licenses/LICENSE") for name in names)
    assert any(name.endswith(".dist-info/sboms/eventgate.cdx.json") for name in names)  # PEP 770


def test_the_installed_command_tells_the_version_of_the_wheel(wheel: Path, installed: Path) -> None:
    assert run(installed, "--version").strip() == f"eventgate {wheel.name.split('-')[1]}"


def test_a_new_configuration_has_no_errors(installed: Path, tmp_path: Path) -> None:
    run(installed, "init", "my-gate", cwd=tmp_path)
    run(installed, "check", "--conf", "my-gate", cwd=tmp_path)


def test_an_event_that_was_posted_can_be_read_back(
    installed: Path, gate: subprocess.Popen[str], tmp_path: Path
) -> None:
    assert gate.stdout is not None
    curl = next(shlex.split(line) for line in gate.stdout if line.lstrip().startswith("curl -sS") and " -d " in line)
    answer = json.loads(post(curl))
    stored = json.loads(run(installed, "events", "--db", tmp_path / "dev" / "events.db"))
    assert answer["statusCode"] == 202
    assert stored["event_id"] == answer["event_id"]
    assert stored["event"] == json.loads(curl[curl.index("-d") + 1])


def post(curl: list[str]) -> bytes:
    """What the printed curl does, without curl."""
    url = next(part for part in curl if part.startswith("http"))
    headers = dict(curl[at + 1].split(": ", 1) for at, part in enumerate(curl) if part == "-H")
    address = urlsplit(url)
    with closing(http.client.HTTPConnection(address.netloc, timeout=PATIENCE_SECONDS)) as connection:
        connection.request("POST", address.path, curl[curl.index("-d") + 1].encode(), headers)
        return connection.getresponse().read()


def test_the_image_serves_and_is_healthy_where_nothing_can_be_written(installed: Path, tmp_path: Path) -> None:
    """Entry point, command and health check of the server's image, with an installed gate, without root's rights."""
    environment, conf = installed.parents[1], tmp_path / "conf"
    conf.mkdir()
    maker = TokenMaker()
    (conf / "keys.json").write_bytes(maker.jwks())
    (conf / "access.json").write_text('{"free": ["alice"]}')
    settings = {"token_public_keys_url": "keys.json", "topics": {"free": {"schema": {}}}, "writers": {"discard": {}}}
    (conf / "config.json").write_text(json.dumps({**settings, "access_config": "access.json"}))
    port = free_port()
    moved = {"eventgate": str(installed), "python": str(environment / "bin" / "python")}

    def command(words: list[str]) -> list[str]:
        given = [moved.get(word, word).replace("8080", str(port)) for word in words]
        return [*WITHOUT_CAPABILITIES, *given]

    health = command(SERVER.exec_form("HEALTHCHECK"))
    folders = {name: str(tmp_path) for name in ("HOME", "TMPDIR")}
    env = {**clean(), **SERVER.variables, **folders, "CONF_DIR": str(conf), "PATH": str(environment / "bin")}
    with unwritable(environment, tmp_path):
        denied = subprocess.run([*WITHOUT_CAPABILITIES, "/bin/sh", "-c", "> file"], cwd=tmp_path, check=False)
        assert denied.returncode != 0
        serve = command([*SERVER.exec_form("ENTRYPOINT"), *SERVER.command])
        with subprocess.Popen(serve, cwd=tmp_path, env=env, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert "listening on" in process.stdout.readline()
            assert subprocess.run(health, cwd=tmp_path, env=env, check=False).returncode == 0
            with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)) as connection:
                fields = {"Authorization": f"Bearer {maker.token('alice')}"}
                connection.request("POST", "/topics/free", b"{}", fields)
                assert connection.getresponse().status == 202
            process.terminate()
            assert process.wait(PATIENCE_SECONDS) == 0
        ill = subprocess.run(health, cwd=tmp_path, env=env, stderr=subprocess.DEVNULL, check=False)
        assert ill.returncode == 1


@contextmanager
def unwritable(*folders: Path) -> Iterator[None]:
    """Nobody may write in there; root neither, without its capabilities."""
    every = [Path(folder) for each in folders for folder, _, _ in os.walk(each)]
    for folder in every:
        folder.chmod(folder.stat().st_mode & ~0o222)
    try:
        yield
    finally:
        for folder in every:
            folder.chmod(folder.stat().st_mode | 0o200)
