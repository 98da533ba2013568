"""`smoke`: what a deployed gate is asked over HTTP, one question after the other, and what a good answer is."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final, Literal
from urllib.parse import quote

import msgspec

from eventgate.cli.terminal import count
from eventgate.client.course import Lost
from eventgate.client.reading import Reply, read_answer
from eventgate.client.transport import Transport
from eventgate.errors import EventGateError

Result = Literal["ok", "failed", "skipped"]

_JSON: Final = {"Content-Type": "application/json"}
_NOBODYS_EVENT: Final = b"{}"
"""What is judged where no event was given: any answer of the schema to it shows that the way there is open."""
_LONGEST_DETAIL: Final = 300
_DESCRIPTION: Final = re.compile(rb"""(^|[{,\s])["']?(openapi|swagger)["']?\s*:""")
_LOOKED_AT: Final = 4096


class Asked(msgspec.Struct, frozen=True, omit_defaults=True):
    """One question and what came of it; `milliseconds` until the last answer, where anything was asked."""

    question: str
    result: Result
    detail: str
    milliseconds: int | None = None


@dataclass
class Visit:
    """What is known of the gate so far. `topic` is the one to ask about; None until the gate has named one.

    `event` is None where the caller gave none; `send`: post it in earnest.
    """

    transport: Transport
    token: str
    topic: str | None = None
    event: bytes | None = None
    send: bool = False
    failed: list[str] = field(default_factory=list)

    def get(self, path: str) -> Reply:
        """What the gate says; raises `_Failed`, `_Unreached`."""
        return self._ask("GET", path, {}, b"")

    def post(self, path: str, event: bytes, *, authorized: bool = True) -> Reply:
        """As `get`."""
        bearer = {"Authorization": f"Bearer {self.token}"} if authorized else {}
        return self._ask("POST", path, {**_JSON, **bearer}, event)

    def path(self, rest: str = "") -> str:
        """The topic's address; there is none in a gate that has shown no topic, and it must refuse strangers there."""
        return f"/topics/{quote(self.topic or 'none', safe='')}{rest}"

    def _ask(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Reply:
        reply = self.transport.exchange(path, headers, body, method)
        if isinstance(reply, Reply):
            return reply
        raise _Failed(f"no answer: {reply.reason}") if reply.reached else _Unreached(reply)


class _Failed(EventGateError):
    """The answer is not what a gate that is well gives."""


class _Skipped(EventGateError):
    """The question was not asked."""


class _Unreached(EventGateError):
    """No connection: no further question need be asked."""

    def __init__(self, lost: Lost) -> None:
        super().__init__(f"the gate cannot be reached: {lost.reason}")


def ask_all(visit: Visit) -> Iterator[Asked]:
    """Put every question, and say of each what came of it; ends early, with a failure, where nothing is reached."""
    for question, ask in QUESTIONS.items():
        begun = time.monotonic()
        try:
            detail = ask(visit)
        except _Skipped as reason:
            yield Asked(question, "skipped", str(reason))
            continue
        except (_Failed, _Unreached) as reason:
            visit.failed.append(question)
            yield Asked(question, "failed", _shown(str(reason)), _since(begun))
            if isinstance(reason, _Unreached):
                return
            continue
        yield Asked(question, "ok", _shown(detail), _since(begun))


def _health(visit: Visit) -> str:
    """All that the gate depends on, as it finds it."""
    reply = visit.get("/health")
    document = _document(reply)
    asked, warnings = document.get("dependencies"), document.get("warnings")
    if reply.status == 503 and isinstance(document.get("failures"), dict):
        raise _Failed("; ".join(f"{name}: {why}" for name, why in document["failures"].items()))
    if reply.status != 200 or not isinstance(asked, dict) or not isinstance(warnings, list):
        raise _Failed(_told(reply))
    return "; ".join([f"{len(asked)} dependencies asked", *(f"warning: {warning}" for warning in warnings)])


def _description(visit: Visit) -> str:
    reply = visit.get("/api")
    if reply.status != 200 or not _DESCRIPTION.search(reply.content[:_LOOKED_AT]):
        raise _Failed(_told(reply))
    paths = _document(reply).get("paths")
    return count(len(paths), "path") if isinstance(paths, dict) else "the deployment's own"


def _topics(visit: Visit) -> str:
    reply = visit.get("/topics")
    names = _decoded(reply)
    if reply.status != 200 or not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise _Failed(_told(reply))
    if not names:
        raise _Failed("the gate has no topics")
    if visit.topic is not None and visit.topic.lower() not in names:
        raise _Failed(f"{visit.topic} is none of its {count(len(names), 'topic')}")
    visit.topic = visit.topic or names[0]
    return count(len(names), "topic")


def _schema(visit: Visit) -> str:
    if visit.topic is None:
        raise _Skipped("no topic is known")
    reply = visit.get(visit.path())
    if reply.status != 200 or not isinstance(_decoded(reply), dict | bool):
        raise _Failed(_told(reply))
    return f"of {visit.topic}"


def _login(visit: Visit) -> str:
    reply = visit.get("/token")
    if reply.status == 303 and (reply.location or "").startswith(("https://", "http://")):
        return "leads to the token provider"
    if reply.status == 404 and [error.type for error in read_answer(reply, "", 1).errors] == ["route"]:
        return "no token provider is set"
    raise _Failed(_told(reply))


def _stranger(visit: Visit) -> str:
    """Who may not post is turned away before the body is looked at, so nothing is sent in earnest here."""
    reply = visit.post(visit.path(), _NOBODYS_EVENT, authorized=False)
    answer = read_answer(reply, "", 1)
    if reply.status == 401 and [error.reason for error in answer.errors] == ["missing"]:
        return "a post without a token is refused"
    raise _Failed(f"a post without a token is not refused as it should be: {_told(reply)}")


def _validation(visit: Visit) -> str:
    if not visit.token:
        raise _Skipped("there is no token: EVENTGATE_TOKEN or --token-file")
    if visit.topic is None:
        raise _Skipped("no topic is known")
    reply = visit.post(visit.path("/validate"), _NOBODYS_EVENT if visit.event is None else visit.event)
    if reply.status == 200 and _document(reply).get("valid") is True:
        return f"the token and the event are good for {visit.topic}"
    types = {error.type for error in read_answer(reply, "", 1).errors}
    if visit.event is None and reply.status == 400 and types == {"validation"}:
        return f"the token is good for {visit.topic}, whose schema refuses {{}}; --event has an event judged"
    raise _Failed(_told(reply))


def _delivery(visit: Visit) -> str:
    if not visit.send or visit.event is None:
        raise _Skipped("nothing was sent; --send posts the event")
    if "validate" in visit.failed or visit.topic is None:
        raise _Skipped("the event was not sent, as it is not good")
    reply = visit.post(visit.path(), visit.event)
    answer = read_answer(reply, "", 1)
    writers = [f"{name} {result.outcome.value}" for name, result in answer.writers.items()]
    if not answer.accepted:
        raise _Failed("; ".join([_told(reply), *writers]))
    return "; ".join([f"accepted as {answer.event_id}", *writers])


QUESTIONS: Final[dict[str, Callable[[Visit], str]]] = {
    "health": _health,
    "api": _description,
    "topics": _topics,
    "schema": _schema,
    "token": _login,
    "stranger": _stranger,
    "validate": _validation,
    "post": _delivery,
}
"""In this order: each may rely on those before."""


def _told(reply: Reply) -> str:
    """Why an answer is not a good one, in the gate's words if they are its."""
    answer = read_answer(reply, "", 1)
    reasons = [f"{error.reason or error.pointer or error.type}: {error.message}" for error in answer.errors]
    return f"status {reply.status}: " + ("; ".join(reasons) or "and no reason given")


def _document(reply: Reply) -> dict[str, Any]:
    decoded = _decoded(reply)
    return decoded if isinstance(decoded, dict) else {}


def _decoded(reply: Reply) -> Any:
    try:
        return msgspec.json.decode(reply.content)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def _shown(text: str) -> str:
    """On one line: whoever answers may not be a gate, and must not get at the terminal."""
    line = "".join(character if character.isprintable() else " " for character in text)
    return line if len(line) <= _LONGEST_DETAIL else line[:_LONGEST_DETAIL] + "..."


def _since(begun: float) -> int:
    return round((time.monotonic() - begun) * 1000)
