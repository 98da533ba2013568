"""The pages as answers: who gets them, with which headers, at what cost to those who ask for none."""

from __future__ import annotations

import asyncio
import gzip
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from eventgate.app import Gate, open_gate
from eventgate.catalogue.assets import TYPES
from eventgate.core.model import Request, Response
from tests.deployment import Deployment, deployment
from tests.unmeasured import unmeasured

BROWSER = (b"accept", b"text/html,*/*;q=0.8")
ASSETS = sorted(
    name
    for each in (files("eventgate.catalogue") / "static").iterdir()
    if (name := each.name).partition(".")[2] in TYPES
)
"""Our own; what others made is beside them, compressed."""
LARGEST_ASSETS = 64 * 1024
"""Bytes of all of them together."""


async def no_body(_: int) -> bytes:
    return b""


async def ask(gate: Gate, path: str, *fields: tuple[bytes, bytes], method: str = "GET", **host: Any) -> Response:
    return await gate.handle(Request(method, path, fields, no_body, **host))


def header(response: Response, name: bytes) -> bytes:
    return b", ".join(value for each, value in response.headers if each == name)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    with deployment(tmp_path_factory.mktemp("pages") / "conf") as site:
        yield site


class Gates:
    """Gates for the same topics on a loop of their own, one that is public and one that is not."""

    def __init__(self, site: Deployment, runner: asyncio.Runner) -> None:
        self._stack = AsyncExitStack()
        self._runner = runner
        self.public = self._open(site)
        site.config["catalogue"] = {"public": False}
        site.write()
        self.private = self._open(site)

    def _open(self, site: Deployment) -> Gate:
        opening = open_gate(str(site.conf), background=False, default_sqlite=False)
        return self._runner.run(self._stack.enter_async_context(opening))

    def ask(self, gate: Gate, path: str, *fields: tuple[bytes, bytes], method: str = "GET", **host: Any) -> Response:
        """The answer of one of them."""
        return self._runner.run(ask(gate, path, *fields, method=method, **host))

    def close(self) -> None:
        """Close both."""
        self._runner.run(self._stack.aclose())


@pytest.fixture(scope="module")
def gates(site: Deployment) -> Iterator[Gates]:
    with asyncio.Runner() as runner:
        gates = Gates(site, runner)
        yield gates
        gates.close()


@pytest.mark.parametrize("path", ["/", "/topics", "/topics/runs", "/topics/nope", "/topics/broken"])
def test_a_page_is_kept_to_what_comes_from_its_gate(gates: Gates, path: str) -> None:
    """No script or style but the gate's files, no other host, no frame around it, no text that becomes markup."""
    answer = gates.ask(gates.public, path, BROWSER)
    assert header(answer, b"content-type") == b"text/html; charset=utf-8"
    policy = dict(
        part.strip().partition(" ")[::2] for part in header(answer, b"content-security-policy").decode().split(";")
    )
    assert (
        policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == policy["trusted-types"] == "'none'"
    )
    assert {policy[f"{kind}-src"] for kind in ("script", "style", "img", "connect")} == {"'self'"}
    assert header(answer, b"x-frame-options") == b"DENY"
    assert header(answer, b"vary") == b"Accept"
    assert re.search(rb"<[^>]*\s(style|on\w+)=", answer.body) is None
    assert b"//" not in answer.body.replace(b"https://json-schema.org", b"").replace(b"https://gate.example", b"")


def test_json_is_as_ever_for_everyone_else_and_says_that_there_are_two_forms(gates: Gates, site: Deployment) -> None:
    for fields in ((), ((b"accept", b"*/*"),), ((b"accept", b"application/json"),)):
        names, schema = gates.ask(gates.public, "/topics", *fields), gates.ask(gates.public, "/topics/runs", *fields)
        assert json.loads(names.body) == ["free", "runs", "straße"]
        assert schema.body == (site.conf / "topics" / "runs.json").read_bytes()
        assert header(names, b"vary") == header(schema, b"vary") == b"Accept"


@pytest.mark.parametrize("path", ["/", "/topics", "/topics/runs", "/topics/runs/example", "/api"])
def test_what_is_not_public_is_for_those_with_a_token(gates: Gates, site: Deployment, path: str) -> None:
    """Any good one will do; and no cache keeps a page."""
    for fields in ((), (BROWSER,)):
        refused = gates.ask(gates.private, path, *fields)
        assert refused.status == 401
        assert b"runs" not in refused.body
        assert header(refused, b"www-authenticate") == b"Bearer"
        taken = gates.ask(gates.private, path, *fields, (b"authorization", site.bearer("nobody").encode()))
        assert taken.status == 200
        if b"html" in header(taken, b"content-type"):
            assert header(taken, b"cache-control") == header(refused, b"cache-control") == b"no-store"


def test_what_says_nothing_of_topics_stays_open(gates: Gates) -> None:
    assert [gates.ask(gates.private, path).status for path in ("/livez", "/readyz", "/assets/catalogue.css")] == [
        200
    ] * 3


@pytest.mark.parametrize("name", ASSETS)
def test_an_asset_is_sent_once_and_confirmed_afterwards(gates: Gates, name: str) -> None:
    answer = gates.ask(gates.public, f"/assets/{name}")
    assert header(answer, b"content-type") == TYPES[name.rpartition(".")[2]]
    etag = header(answer, b"etag")
    for condition in (etag, b"W/" + etag, b'"other", ' + etag, b"*"):
        again = gates.ask(gates.public, f"/assets/{name}", (b"if-none-match", condition))
        assert (again.status, again.body, header(again, b"etag")) == (304, b"", etag)
    assert gates.ask(gates.public, f"/assets/{name}", (b"if-none-match", b'"other"')).status == 200


def test_what_is_kept_pressed_goes_so_to_who_reads_gzip(gates: Gates) -> None:
    """And is another thing to caches, with an ETag of its own."""
    path = "/assets/swagger-ui-bundle.js"
    plain = gates.ask(gates.public, path, (b"accept-encoding", b"br, gzip;q=0"))
    pressed = gates.ask(gates.public, path, (b"accept-encoding", b"gzip, deflate, br"))
    assert gzip.decompress(pressed.body) == plain.body
    assert len(pressed.body) * 2 < len(plain.body)
    assert header(pressed, b"content-encoding") == b"gzip"
    assert header(pressed, b"vary") == header(plain, b"vary") == b"Accept-Encoding"
    assert header(pressed, b"etag") != header(plain, b"etag")
    assert b"content-encoding" not in dict(plain.headers)
    known = (b"if-none-match", header(pressed, b"etag"))
    assert gates.ask(gates.public, path, (b"accept-encoding", b"gzip"), known).status == 304
    assert gates.ask(gates.public, path, known).status == 200


@pytest.mark.parametrize(
    "name", ["", "nope.js", "../pages.py", "..", "catalogue.css/", "__init__.py", "CATALOGUE.CSS", "a\0b"]
)
def test_nothing_but_the_assets_is_an_asset(gates: Gates, name: str) -> None:
    assert gates.ask(gates.public, f"/assets/{name}").status == 404


def test_the_assets_are_small_plain_and_ask_for_nothing_elsewhere() -> None:
    """No source map, no import from another host, no markup out of text, and one kind of storage."""
    texts = {name: (files("eventgate.catalogue") / "static" / name).read_text() for name in ASSETS}
    assert sum(map(len, texts.values())) < LARGEST_ASSETS
    for name, text in texts.items():
        assert "http" not in text.replace("http://www.w3.org/2000/svg", "").replace("https://gate.example", ""), name
        for word in (
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "localStorage",
            "cookie",
        ):
            assert word not in text, (name, word)


def test_the_root_without_its_slash_is_left_for_the_one_that_has_it(gates: Gates) -> None:
    """`/prod` of an API Gateway stage: relative addresses on it would miss the stage."""
    moved = gates.ask(gates.public, "/", outer_path="/prod")
    assert (moved.status, header(moved, b"location")) == (308, b"./prod/")
    odd = gates.ask(gates.public, "/", outer_path="//evil.example/a:b?")
    assert header(odd, b"location") == b"./a%3Ab%3F/"
    assert gates.ask(gates.public, "/", outer_path="/prod/").status == 200


def test_head_tells_the_length_and_nothing_else(gates: Gates) -> None:
    for path in ("/", "/topics/runs", "/assets/catalogue.js"):
        whole = gates.ask(gates.public, path, BROWSER)
        head = gates.ask(gates.public, path, BROWSER, method="HEAD")
        assert (head.body, header(head, b"content-length")) == (b"", str(len(whole.body)).encode())


async def test_a_page_follows_the_policy(tmp_path: Path) -> None:
    """It is made once for each policy, and a new one makes it anew."""
    with deployment(tmp_path / "conf") as site:
        async with open_gate(str(site.conf), background=False, default_sqlite=False) as gate:
            before = await ask(gate, "/topics/runs", BROWSER)
            assert (await ask(gate, "/topics/runs", BROWSER)).body is before.body
            site.topic("runs", {"title": "Quite another"})
            await gate.reload()
            assert b"Quite another" in (await ask(gate, "/topics/runs", BROWSER)).body


async def test_a_gate_without_topics_says_what_to_do(tmp_path: Path) -> None:
    with deployment(tmp_path / "conf") as site:
        for topic in (site.conf / "topics").iterdir():
            topic.unlink()
        site.config["allow_empty"] = True
        site.write()
        async with open_gate(str(site.conf), background=False, default_sqlite=False) as gate:
            assert b"has no topic yet" in (await ask(gate, "/", BROWSER)).body


def test_nothing_of_it_is_loaded_before_a_page_is_asked_for(tmp_path: Path) -> None:
    """Neither with the gate, nor with an event, nor with JSON of the topics; with the first page it is."""
    program = """
import asyncio, sys
from eventgate.app import open_gate
from eventgate.core.model import Request
async def body(limit): return b"{}"
async def main():
    async with open_gate(sys.argv[1], background=False, default_sqlite=False) as gate:
        token = [(b"authorization", sys.argv[2].encode())]
        statuses = [(await gate.handle(Request("POST", "/topics/free", token, body))).status]
        for path in ("/topics", "/topics/free", "/api", "/health"):
            statuses.append((await gate.handle(Request("GET", path, [], body))).status)
        before = sorted(name for name in sys.modules if name.startswith("eventgate.catalogue"))
        statuses.append((await gate.handle(Request("GET", "/", [], body))).status)
        print(statuses, before, "eventgate.catalogue.pages" in sys.modules)
asyncio.run(main())
"""
    with deployment(tmp_path / "conf") as site:
        command = [sys.executable, "-c", program, str(site.conf), site.bearer()]
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=unmeasured())
    assert done.stdout.splitlines()[-1] == "[202, 200, 200, 200, 200, 200] [] True"
