"""The console of a development gate without a browser: what it is told, whom it answers, and where it is not."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import urllib3

from eventgate.core.instruments import Trail
from eventgate.core.model import Outcome, WriteResult
from eventgate.dev.console import Console
from eventgate.dev.feed import Arrivals, Feed, feed_line
from eventgate.dev.issuer import Issuer
from eventgate.dev.keys import ensure_key
from eventgate.dev.samples import Samples
from eventgate.dev.scaffold import scaffold_dev
from eventgate.errors import Problem
from tests.project.sources import imports, modules

PATHS = ("/", "/about", "/stream", "/token?sub=a", "/keys")
FOREIGN = (
    {"Host": "evil.example"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Dest": "empty"},
    {"Origin": "http://evil.example"},
    {"Origin": "null"},
)


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A scaffolded configuration."""
    made = tmp_path_factory.mktemp("console") / "dev"
    scaffold_dev(made)
    return made


@pytest.fixture(scope="module")
def console(directory: Path) -> Iterator[tuple[Console, str]]:
    """A console whose gate is not up, and its address."""
    key = ensure_key(directory)
    made = Console(directory, key)
    issuer = Issuer(key, 0, console=made)
    yield made, issuer.url
    issuer.close()


def ask(method: str, url: str, **headers: str) -> urllib3.BaseHTTPResponse:
    with urllib3.PoolManager(retries=False) as pool:
        return pool.request(method, url, headers=headers, redirect=False)


def posted(**changes: object) -> Trail:
    trail = Trail("POST", "/topics/{topic}", "c-1", status=202, topic="orders", subject="demo", payload=b'{"a": 1}')
    for name, value in changes.items():
        setattr(trail, name, value)
    return trail


def told(trail: Trail) -> list[dict[str, object]]:
    """What the feed says of `trail`."""
    ours, theirs = feed_line()
    with ours, theirs:
        Feed(ours).finished(trail)
        ours.close()
        theirs.setblocking(False)
        messages = []
        try:
            while message := theirs.recv(1 << 20):
                messages.append(json.loads(message))
        except BlockingIOError:
            pass
        return messages


def test_a_post_is_told_with_its_payload_and_what_became_of_it() -> None:
    problem = Problem("validation", "too small", pointer="/a")
    result = WriteResult(Outcome.FAILED, reason="gone")
    (message,) = told(posted(status=500, problems=(problem,), results={"sqlite": result}, event_id="e-1"))
    assert (message["topic"], message["subject"], message["event_id"], message["status"]) == (
        "orders",
        "demo",
        "e-1",
        500,
    )
    assert message["payload"] == '{"a": 1}'
    assert message["problems"] == [{"type": "validation", "message": "too small", "reason": None, "pointer": "/a"}]
    assert message["writers"] == {"sqlite": {"outcome": "failed", "reason": "gone"}}


@pytest.mark.parametrize("changes", [{"method": "GET"}, {"route": "/health"}, {"route": ""}])
def test_nothing_else_is_told(changes: dict[str, object]) -> None:
    assert told(posted(**changes)) == []


@pytest.mark.parametrize("payload", [b"x" * 3_000_000, b"\xff\x00" * 50_000, "ž".encode() * 9000, None])
def test_a_payload_is_told_as_far_as_it_can_be_read(payload: bytes | None) -> None:
    (message,) = told(posted(payload=payload))
    assert message["bytes"] == (None if payload is None else len(payload))
    assert len(json.dumps(message)) <= 128 * 1024


def test_a_console_that_does_not_read_holds_nobody_up() -> None:
    ours, theirs = feed_line()
    with ours, theirs:
        feed = Feed(ours)
        for _ in range(2000):
            feed.finished(posted(payload=b"x" * 10_000))
        theirs.setblocking(False)
        kept = 0
        with suppress(BlockingIOError):
            while theirs.recv(1 << 20):
                kept += 1
        assert 0 < kept < 2000
        theirs.close()
        feed.finished(posted())


def test_arrivals_are_numbered_and_the_latest_are_kept() -> None:
    arrivals = Arrivals()
    for number in range(700):
        arrivals.add(b"%d" % number)
    latest = arrivals.after(0, seconds=0)
    assert (len(latest), latest[-1]) == (500, (700, "699"))
    assert arrivals.after(699, seconds=0) == [(700, "699")]
    assert arrivals.after(700, seconds=0) == []


def test_a_stream_goes_on_where_it_was_left(console: tuple[Console, str]) -> None:
    made, url = console
    for text in (b'{"n": 1}', b'{"n": 2}', b'{"n": 3}'):
        made.arrivals.add(text)
    with urllib3.PoolManager() as pool:
        stream = pool.request("GET", f"{url}/stream", headers={"Last-Event-ID": "1"}, preload_content=False)
        text = b""
        while text.count(b"data: ") < 2:
            text += stream.read1(65536)
        stream.close()
    assert stream.headers["Content-Type"] == "text/event-stream"
    assert text.endswith(b'id: 2\ndata: {"n": 2}\n\nid: 3\ndata: {"n": 3}\n\n')


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
@pytest.mark.parametrize("path", PATHS)
def test_another_page_learns_nothing(console: tuple[Console, str], path: str, headers: dict[str, str]) -> None:
    """Neither one that calls itself by a name that leads to this machine, nor one that asks from where it is."""
    answer = ask("GET", console[1] + path, **headers)
    assert answer.status == 403
    assert not [name for name in answer.headers if name.lower().startswith("access-control-")]


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_another_page_starts_no_traffic(console: tuple[Console, str], headers: dict[str, str]) -> None:
    assert ask("POST", f"{console[1]}/sample", **headers).status == 403
    navigated = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "document"}
    assert ask("POST", f"{console[1]}/sample", **navigated).status == 403


def test_a_link_on_the_gates_page_leads_to_the_console(console: tuple[Console, str]) -> None:
    navigated = {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Dest": "document", "Accept": "text/html"}
    answer = ask("GET", f"{console[1]}/token", **navigated)
    assert (answer.status, answer.headers["Location"]) == (303, "/")
    page = ask("GET", f"{console[1]}/", **navigated)
    assert page.status == 200
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/"), ("GET", "/sample"), ("GET", "/console.html"), ("GET", "/x")]
)
def test_what_is_not_there_is_404(console: tuple[Console, str], method: str, path: str) -> None:
    assert ask(method, console[1] + path).status == 404


def test_sample_traffic_before_the_gate_is_up_or_after_it_is_gone_says_so(console: tuple[Console, str]) -> None:
    made, url = console
    answer = ask("POST", f"{url}/sample")
    assert (answer.status, answer.json()["message"]) == (503, "the gate is not up yet")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    made.gate = f"http://127.0.0.1:{port}"
    answer = ask("POST", f"{url}/sample")
    assert (answer.status, answer.json()["message"]) == (503, "the gate gave no answer")


def test_a_broken_configuration_is_told(tmp_path: Path) -> None:
    scaffold_dev(tmp_path / "dev")
    (tmp_path / "dev" / "config.json").write_text("{")
    key = ensure_key(tmp_path / "dev")
    issuer = Issuer(key, 0, console=Console(tmp_path / "dev", key))
    try:
        assert ask("GET", f"{issuer.url}/about").status == 503
    finally:
        issuer.close()


def test_samples_are_of_every_topic_new_each_time_and_one_is_spoilt(directory: Path) -> None:
    samples = Samples(directory)
    first, second = samples.some(), samples.some()
    assert {sample.path for sample in first} == {"/topics/orders", "/topics/readings"}
    assert len(first) == 8
    assert not {sample.body for sample in first[:3]} & {sample.body for sample in second[:3]}


def test_only_the_command_for_development_knows_of_the_console() -> None:
    knowing = {module for module in modules() if any(name.startswith("eventgate.dev.") for name in imports(module))}
    rooms = {module.split(".")[1] for module in knowing}
    assert rooms <= {"dev", "cli"}
    users = {name for name in knowing if any(each.startswith("eventgate.dev.console") for each in imports(name))}
    assert users == {"eventgate.dev.child", "eventgate.dev.issuer"}
