"""`eventgate dev`, as a stranger uses it: started, its printed commands pasted, stopped."""

from __future__ import annotations

import json
import os
import re
import select
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import urllib3

from tests.cli.commands import PROGRAM, environment, eventgate

EXAMPLE = Path(__file__).parents[2] / "examples" / "data-lake"
PATIENCE_SECONDS = 60


class Running:
    """A development gate and what it printed."""

    def __init__(self, process: subprocess.Popen[bytes], printed: str, cwd: Path) -> None:
        self.process = process
        self.printed = printed
        self._cwd = cwd

    @property
    def url(self) -> str:
        """The gate's address."""
        found = re.search(r"The gate listens on (\S+)\. ", self.printed)
        assert found is not None, self.printed
        return found[1]

    @property
    def issuer(self) -> str:
        """The token issuer's address."""
        found = re.search(r"issuer at (\S+) ", self.printed)
        assert found is not None, self.printed
        return found[1]

    def commands(self, start: str) -> list[str]:
        """The printed commands that begin so."""
        return [line.strip() for line in self.printed.splitlines() if line.strip().startswith(start)]

    def paste(self, command: str) -> str:
        """Run a printed command in a shell."""
        done = subprocess.run(
            ["sh", "-c", command], cwd=self._cwd, capture_output=True, text=True, check=True, env=environment()
        )
        return done.stdout

    def stop(self) -> int:
        """Ctrl-C: the whole foreground group gets the signal."""
        os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(PATIENCE_SECONDS)


def read_until(process: subprocess.Popen[bytes], wanted: bytes) -> str:
    """What the process prints, up to `wanted`."""
    assert process.stdout is not None
    text, end = b"", time.monotonic() + PATIENCE_SECONDS
    while wanted not in text:
        assert select.select([process.stdout], [], [], max(0.0, end - time.monotonic()))[0], text
        chunk = os.read(process.stdout.fileno(), 65536)
        assert chunk, text
        text += chunk
    return text.decode()


@contextmanager
def dev(cwd: Path, *arguments: str) -> Iterator[Running]:
    """`eventgate dev` on a free port, in a process group of its own."""
    command = [PROGRAM, "dev", "--port", "0", *arguments]
    with (
        open(cwd / "log", "wb") as log,
        subprocess.Popen(
            command, cwd=cwd, stdout=subprocess.PIPE, stderr=log, env=environment(), start_new_session=True
        ) as process,
    ):
        try:
            yield Running(process, read_until(process, b"/token?sub=NAME'\n"), cwd)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
                process.wait(PATIENCE_SECONDS)


def test_the_printed_commands_work_as_pasted(tmp_path: Path) -> None:
    with dev(tmp_path) as running:
        accept, refuse, ask_token = running.commands("curl ")
        answer = json.loads(running.paste(accept))
        assert (answer["statusCode"], answer["writers"]["sqlite"]["outcome"]) == (202, "delivered")

        landed = json.loads(eventgate("events", cwd=tmp_path).out)
        assert (landed["topic"], landed["event_id"]) == ("orders", answer["event_id"])
        assert landed["event"]["order_id"] == "CZ-1001"

        refused = json.loads(running.paste(refuse))
        assert refused["statusCode"] == 400
        assert {(error["pointer"], error["keyword"]) for error in refused["errors"]} == {
            ("", "required"),
            ("/order_id", "pattern"),
            ("/placed_at", "format"),
            ("/lines/0/quantity", "minimum"),
        }
        assert running.paste(ask_token).count(".") == 2
        assert running.stop() == 0


def test_followed_events_show_as_they_land(tmp_path: Path) -> None:
    with dev(tmp_path, "--dir", "my dir") as running:
        (follow,) = (line for line in running.commands("") if "events --follow" in line)
        with subprocess.Popen(
            ["sh", "-c", f"exec {follow}"], cwd=tmp_path, stdout=subprocess.PIPE, env=environment()
        ) as following:
            try:
                answer = json.loads(running.paste(running.commands("curl ")[0]))
                assert json.loads(read_until(following, b"\n"))["event_id"] == answer["event_id"]
            finally:
                following.send_signal(signal.SIGINT)
        assert following.returncode == 0


def test_it_says_loudly_that_it_is_for_development(tmp_path: Path) -> None:
    with dev(tmp_path) as running:
        assert "FOR DEVELOPMENT ONLY" in running.printed
        assert running.url.startswith("http://127.0.0.1:")
        assert running.issuer.startswith("http://127.0.0.1:")


def test_a_second_start_takes_the_directory_as_it_is(tmp_path: Path) -> None:
    with dev(tmp_path) as running:
        running.paste(running.commands("curl ")[0])
        running.stop()
    directory = tmp_path / ".eventgate-dev"
    key = (directory / ".dev" / "private.pem").read_bytes()
    access = json.loads((directory / "access.json").read_bytes())
    access["orders"].append("guest")
    (directory / "access.json").write_text(json.dumps(access))

    with dev(tmp_path) as running:
        assert (directory / ".dev" / "private.pem").read_bytes() == key
        token = eventgate("token", "--sub", "guest", cwd=tmp_path).out.strip()
        events = directory / "samples" / "orders.ndjson"
        ended = eventgate("send", "orders", events, "--url", running.url, "--token", token)
        assert (ended.code, ended.out) == (1, "2 events: 1 accepted, 1 not accepted\n")
        subjects = [json.loads(line)["subject"] for line in eventgate("events", cwd=tmp_path).out.splitlines()]
        assert subjects == ["demo", "guest"]


def test_two_gates_side_by_side_each_with_its_issuer(tmp_path: Path) -> None:
    with dev(tmp_path, "--dir", "a") as first, dev(tmp_path, "--dir", "b") as second:
        assert first.issuer != second.issuer
        for running in (first, second):
            assert json.loads(running.paste(running.commands("curl ")[0]))["statusCode"] == 202
        config = json.loads((tmp_path / "b" / "config.json").read_bytes())
        assert config["token_public_keys_url"] == f"{second.issuer}/keys"


def test_the_issuer_ends_with_its_gate_however_that_ends(tmp_path: Path) -> None:
    with dev(tmp_path) as running:
        address = urllib3.util.parse_url(running.issuer)
        running.process.kill()
        running.process.wait()
        end = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                socket.create_connection((str(address.host), int(address.port or 0))).close()
            except ConnectionRefusedError:
                break
            assert time.monotonic() < end


def test_a_port_in_use_is_one_line_and_exit_code_3(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ended = eventgate("dev", "--port", port, cwd=tmp_path)
    assert ended.code == 3
    assert f"127.0.0.1:{port}: the port is in use" in ended.error()


def test_a_directory_of_other_things_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("mine")
    ended = eventgate("dev", "--dir", tmp_path, "--port", "0")
    assert ended.code == 2
    assert "holds no config.json" in ended.error()


def test_an_unknown_example_lists_those_there_are(tmp_path: Path) -> None:
    ended = eventgate("dev", "--example", "data-lak", cwd=tmp_path)
    assert ended.code == 2
    assert "there are: data-lake" in ended.error()


def test_a_broken_directory_says_what_is_wrong(tmp_path: Path) -> None:
    eventgate("init", "d", cwd=tmp_path)
    config: dict[str, Any] = json.loads((tmp_path / "d" / "config.json").read_bytes())
    (tmp_path / "d" / "config.json").write_text(json.dumps(config | {"topic": "x"}))
    ended = eventgate("dev", "--dir", "d", "--port", "0", cwd=tmp_path)
    assert ended.code == 1
    assert "config.json#/topic: unknown key" in ended.err


@pytest.mark.parametrize("topic", ["public.cps.za.runs", "public.cps.za.status_change"])
def test_the_data_lake_is_offered_and_takes_its_events(tmp_path: Path, topic: str) -> None:
    with dev(tmp_path, "--example", "data-lake") as running:
        assert json.loads(running.paste(running.commands("curl ")[0]))["statusCode"] == 202
        subject = {"public.cps.za.runs": "FooBarUser"}.get(topic, "TestUser")
        directory = tmp_path / ".eventgate-dev-data-lake"
        token = eventgate("token", "--sub", subject, "--dir", directory).out.strip()
        events = EXAMPLE / "events" / "valid" / f"{topic}.ndjson"
        ended = eventgate("send", topic, events, "--url", running.url, "--token", token)
        assert ended.code == 0, ended
        kept = eventgate("events", "--topic", topic, "--db", directory / "events.db").out.splitlines()
        assert len(kept) == len(events.read_bytes().splitlines())


def test_a_second_gate_in_one_directory_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    """It would lead the first one's keys to another issuer."""
    with dev(tmp_path) as running:
        config = (tmp_path / ".eventgate-dev" / "config.json").read_bytes()
        ended = eventgate("dev", "--port", "0", cwd=tmp_path)
        assert ended.code == 3
        assert ended.error() == "another `eventgate dev` serves .eventgate-dev; --dir names another directory"
        assert (tmp_path / ".eventgate-dev" / "config.json").read_bytes() == config
        assert running.stop() == 0
    with dev(tmp_path) as again:
        assert again.commands("curl ")
