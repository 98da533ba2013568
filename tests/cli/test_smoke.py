"""`eventgate smoke`, against a real server, a Lambda handler behind a stage, and what is no gate."""

from __future__ import annotations

import io
import json
import logging
import socket
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from eventgate.cli.program import run
from tests.cli.commands import Ended
from tests.deployment import Deployment, deployment, key_server
from tests.scripted_gate import Says, scripted_gate
from tests.server_process import ServerProcess
from tests.stage import stage_of

GOOD = '{"event_id": "e-1", "tenant_id": "t1"}'
Smoke = Callable[..., Ended]


@pytest.fixture
def smoke(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Smoke]:
    """Runs the command in this process, with `token` in the environment, to its end."""
    level = logging.getLogger("urllib3").level

    def command(*arguments: str | Path, token: str = "", stdin: bytes = b"") -> Ended:
        monkeypatch.setenv("EVENTGATE_TOKEN", token)
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        code = run(["smoke", *map(str, arguments)])
        told = capsys.readouterr()
        return Ended(code, told.out, told.err)

    yield command
    logging.getLogger("urllib3").setLevel(level)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """A configuration with the SQLite writer; its sample of a broken topic is mended."""
    with deployment(tmp_path_factory.mktemp("gate")) as deployed:
        deployed.config["writers"] = {"sqlite": {"path": "events.db"}}
        deployed.topic("broken", {"type": "object"})
        deployed.write()
        yield deployed


@pytest.fixture(scope="module")
def server(site: Deployment) -> Iterator[str]:
    with ServerProcess(site.conf, log_level="ERROR") as process:
        yield f"http://127.0.0.1:{process.port}"


@pytest.fixture(scope="module")
def staged(site: Deployment) -> Iterator[str]:
    with stage_of(site.conf) as url:
        yield url


@pytest.fixture(params=["server", "staged"])
def gate(request: pytest.FixtureRequest) -> Any:
    """The address of a gate: a server's, and that of a stage of API Gateway before the Lambda handler."""
    return request.getfixturevalue(request.param)


def results(ended: Ended) -> dict[str, str]:
    """The result of each question; a handler in this process logs among them, in JSON."""
    lines = [line.split() for line in ended.out.splitlines()[:-1] if not line.startswith("{")]
    return {question: result for result, question, *_ in lines}


def held(site: Deployment) -> list[str]:
    """The events in the gate's sink."""
    if not (file := site.conf / "events.db").exists():
        return []  # a function opens its writers when it is first asked
    with closing(sqlite3.connect(file)) as db:
        return [row[0] for row in db.execute("SELECT event_id FROM events ORDER BY event_id")]


def test_without_a_token_all_that_anybody_may_ask_is_asked(gate: str, smoke: Smoke) -> None:
    ended = smoke(gate)
    assert (ended.code, ended.err) == (0, "")
    asked = dict.fromkeys(["health", "api", "topics", "schema", "token", "stranger"], "ok")
    assert results(ended) == asked | {"validate": "skipped", "post": "skipped"}
    assert ended.out.splitlines()[-1] == "6 ok, 0 failed, 2 skipped"


def test_with_a_token_an_event_is_judged_and_nothing_delivered(gate: str, site: Deployment, smoke: Smoke) -> None:
    before = held(site)
    token = site.maker.token("alice")
    ended = smoke(gate, "--topic", "runs", "--event", GOOD, token=token)
    assert ended.code == 0
    assert results(ended)["validate"] == "ok"
    assert token not in ended.out
    assert held(site) == before


def test_only_when_asked_for_the_event_is_posted(gate: str, site: Deployment, smoke: Smoke, tmp_path: Path) -> None:
    file, before = tmp_path / "event.json", held(site)
    file.write_text(GOOD)
    ended = smoke(gate, "--topic", "runs", "--event", file, "--send", token=site.maker.token("alice"))
    assert ended.code == 0
    assert "sqlite delivered" in ended.out
    assert len(held(site)) == len(before) + 1


def test_without_an_event_the_schemas_no_is_as_good_as_its_yes(server: str, site: Deployment, smoke: Smoke) -> None:
    """Either shows that the token was taken and the event judged."""
    token = site.maker.token("alice")
    refused, taken = smoke(server, "--topic", "runs", token=token), smoke(server, "--topic", "free", token=token)
    assert (refused.code, taken.code) == (0, 0)
    assert "schema refuses {}" in refused.out
    assert "the token and the event are good for free" in taken.out


def test_an_event_that_is_no_good_is_not_posted(server: str, site: Deployment, smoke: Smoke) -> None:
    before = held(site)
    ended = smoke(server, "--topic", "runs", "--event", '{"event_id": 7}', "--send", token=site.maker.token("alice"))
    assert ended.code == 1
    assert (results(ended)["validate"], results(ended)["post"]) == ("failed", "skipped")
    assert "/event_id" in ended.out
    assert held(site) == before


@pytest.mark.parametrize(
    ("subject", "claims", "reason"), [("alice", {"ttl": -3600}, "expired"), ("bob", {}, "not_listed")]
)
def test_a_token_that_is_refused_fails_with_the_gates_reason(
    server: str, site: Deployment, smoke: Smoke, subject: str, claims: dict[str, Any], reason: str
) -> None:
    ended = smoke(server, "--topic", "runs", token=site.maker.token(subject, **claims))
    assert (ended.code, results(ended)["validate"]) == (1, "failed")
    assert reason in ended.out


@pytest.mark.parametrize("kept", ["{}", "Bearer {}\n"])
def test_the_token_may_come_in_a_file_or_by_standard_input(
    server: str, site: Deployment, smoke: Smoke, tmp_path: Path, kept: str
) -> None:
    """In front of the environment's, and so that no list of processes shows it."""
    text = kept.format(site.maker.token("alice"))
    file = tmp_path / "token"
    file.write_text(text)
    for arguments, stdin in (((server, "--token-file", file), b""), ((server, "--token-file", "-"), text.encode())):
        ended = smoke(*arguments, "--topic", "free", token="x", stdin=stdin)
        assert (ended.code, results(ended)["validate"]) == (0, "ok")


def test_programs_get_one_document(server: str, smoke: Smoke) -> None:
    document = json.loads(smoke(server, "--json", "--topic", "absent").out)
    assert (document["success"], document["ok"], document["failed"], document["skipped"]) == (False, 4, 2, 2)
    questions = {each["question"]: each for each in document["questions"]}
    assert questions["topics"]["detail"] == "absent is none of its 4 topics"
    assert questions["stranger"]["milliseconds"] >= 0
    assert "milliseconds" not in questions["post"]


def test_what_is_wrong_inside_the_gate_is_told_in_its_words(tmp_path: Path, smoke: Smoke) -> None:
    """Here its token keys are not to be had, and a broken configuration lets no gate open at all."""
    with deployment(tmp_path / "a") as deployed, stage_of(deployed.conf) as url:
        deployed.config["token_public_keys_url"] = "http://127.0.0.1:1/keys"
        deployed.write()
        ended = smoke(url)
        assert (ended.code, results(ended)["health"]) == (1, "failed")
        assert "keys: " in ended.out
    with deployment(tmp_path / "b") as deployed, stage_of(deployed.conf) as url:
        deployed.config["limits"] = {"max_depth": "deep"}
        deployed.write()
        ended = smoke(url)
        assert set(results(ended).values()) == {"failed", "skipped"}
        assert ended.out.count("configuration: ") == 5


def test_an_address_without_its_stage_is_no_gates(staged: str, smoke: Smoke) -> None:
    ended = smoke(staged.removesuffix("/DEV"))
    assert (ended.code, results(ended)["health"]) == (1, "failed")
    assert "status 403, but not the answer of a gate; is the address right?" in ended.out


def test_some_other_server_fails_every_question(smoke: Smoke) -> None:
    """Whatever it says: none of it may take the terminal over."""
    with key_server(b'{"status": "ok\\u001b[2J", "dependencies": {}, "warnings": ["\\u001b[31m"]}') as url:
        ended = smoke(url.removesuffix("/keys"))
    assert ended.code == 1
    assert results(ended)["stranger"] == "failed"
    assert "\x1b" not in ended.out
    with key_server(b"<html>") as url:
        assert set(results(smoke(url.removesuffix("/keys"))).values()) == {"failed", "skipped"}


def test_a_gate_that_lets_strangers_in_fails(smoke: Smoke) -> None:
    accepted = Says(202, {"success": True, "statusCode": 202, "event_id": "e", "writers": {}})
    with scripted_gate(lambda post: accepted) as gate:
        ended = smoke(gate.url)
    assert ended.code == 1
    assert "a post without a token is not refused" in ended.out


def test_an_answer_that_breaks_off_fails_one_question(smoke: Smoke) -> None:
    with scripted_gate(lambda post: Says(200, None)) as gate:
        ended = smoke(gate.url)
    assert ended.code == 1
    assert "no answer: it breaks the connection" in ended.out


def test_nothing_there_is_exit_code_3(smoke: Smoke) -> None:
    """After one question: the others could say no more."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    ended = smoke(url)
    assert (ended.code, results(ended)) == (3, {"health": "failed"})
    assert "nothing listens there" in ended.out


@pytest.mark.parametrize(
    ("arguments", "token", "says"),
    [
        (("localhost",), "", "looks like http://"),
        (("http://x", "--send"), "t", "--send needs --topic and --event"),
        (("http://x", "--send", "--topic", "t", "--event", "{}"), "", "--send needs a token"),
        (("http://x", "--token-file", "-", "--event", "-"), "", "standard input"),
        (("http://x", "--token-file", "absent"), "", "cannot read the token file: No such file"),
        (("http://x", "--event", "absent"), "", "cannot read the event: No such file"),
        (("http://x",), "two words", "this is no token"),
        (("https://x", "--ca-bundle", "absent"), "", "CA bundle"),
        (("http://x", "--timeout", "0"), "", "--timeout"),
    ],
)
def test_wrong_usage(smoke: Smoke, arguments: tuple[str, ...], token: str, says: str) -> None:
    ended = smoke(*arguments, token=token)
    assert (ended.code, ended.out) == (2, "")
    assert says in ended.error()
