"""Sending a request through each host, and what comes back in one form for all."""

from __future__ import annotations

import asyncio
import base64
import http.client
import re
from collections.abc import Callable, Iterable, MutableMapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from eventgate.adapters.asgi import Application
from eventgate.adapters.aws_lambda import Environment
from eventgate.app import Gate
from tests.parity import invocations
from tests.parity.case import Case, Fields

Host = Callable[[Case, Fields], "Answer"]

LAMBDA_SHAPES: dict[str, Callable[[Case, Fields], invocations.Invocation]] = {
    "REST API": invocations.rest_multi,
    "REST API, proxy resource": invocations.rest_proxy,
    "HTTP API": invocations.http_api,
    "function URL": invocations.function_url,
    "ALB": invocations.alb_single,
    "ALB, multi-value": invocations.alb_multi,
}
ONE_VALUE_A_HEADER = {"REST API, proxy resource", "ALB"}
"""Hosts that are not sent a repeated header, so that no case with one can be run through them."""
JOINS_HEADERS = {"HTTP API", "function URL"}
"""Hosts that are sent repeated headers joined by a comma, which may just as well stand in one value."""

_TRANSPORT = {"connection", "content-length", "date", "server", "transfer-encoding"}
_UUID = re.compile(rb"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_UPTIME = re.compile(rb'"uptime_seconds":\d+')


def carries(host: str, case: Case) -> bool:
    """Whether `host` can be sent the request of `case` as it is."""
    if host in ONE_VALUE_A_HEADER:
        return not case.repeats_a_header
    return not (host in JOINS_HEADERS and case.name == "header: two idempotency keys")


@dataclass(frozen=True)
class Answer:
    """Status, headers without the transport's own, and body; ids and times made equal."""

    status: int
    headers: dict[str, str]
    body: bytes


def answer(status: int, headers: Iterable[tuple[str, str]], body: bytes) -> Answer:
    """An answer in the form that can be compared."""
    fields: dict[str, list[str]] = {}
    for name, value in headers:
        if name.lower() not in _TRANSPORT:
            fields.setdefault(name.lower(), []).append(_UUID.sub(b"ID", value.encode()).decode())
    normal = _UPTIME.sub(b'"uptime_seconds":0', _UUID.sub(b"ID", body))
    return Answer(status, {name: ", ".join(values) for name, values in fields.items()}, normal)


class AsgiHost:
    """The ASGI application, called in this process on a loop of its own."""

    def __init__(self, runner: asyncio.Runner, gate: Gate) -> None:
        self._runner = runner
        self._application = Application(gate)

    def __call__(self, case: Case, headers: Fields) -> Answer:
        """Answer one request."""
        return self._runner.run(self._answer(case, headers))

    async def _answer(self, case: Case, headers: Fields) -> Answer:
        sent: list[MutableMapping[str, Any]] = []

        async def receive() -> MutableMapping[str, Any]:
            return {"type": "http.request", "body": case.body or b"", "more_body": False}

        async def send(message: MutableMapping[str, Any]) -> None:
            sent.append(message)

        fields = [(name.lower().encode(), value) for name, value in headers]
        scope = {"type": "http", "method": case.method, "path": unquote(case.path), "headers": fields}
        await self._application(scope, receive, send)
        start, *parts = sent
        received = [(name.decode(), value.decode()) for name, value in start["headers"]]
        return answer(start["status"], received, b"".join(part["body"] for part in parts))


class ServerHost:
    """A server process, over the wire."""

    def __init__(self, host: str, port: int) -> None:
        self._address = (host, port)

    def __call__(self, case: Case, headers: Fields) -> Answer:
        """Answer one request, on a connection of its own."""
        connection = http.client.HTTPConnection(*self._address, timeout=60)
        try:
            connection.putrequest(case.method, case.target, skip_accept_encoding=True)
            for name, value in headers:
                connection.putheader(name, value)
            if case.body is not None:
                connection.putheader("Content-Length", str(len(case.body)))
            connection.endheaders(case.body)
            response = connection.getresponse()
            return answer(response.status, response.getheaders(), response.read())
        finally:
            connection.close()


class LambdaHost:
    """The Lambda handler, given invocations of one shape."""

    def __init__(self, environment: Environment, shape: str) -> None:
        self._environment = environment
        self._invocation = LAMBDA_SHAPES[shape]

    def __call__(self, case: Case, headers: Fields) -> Answer:
        """Answer one request."""
        result: dict[str, Any] = self._environment.answer(self._invocation(case, headers), None)
        multi = result.get("multiValueHeaders") or {name: [value] for name, value in result["headers"].items()}
        fields = [(name, value) for name, values in multi.items() for value in values]
        body = base64.b64decode(result["body"]) if result["isBase64Encoded"] else result["body"].encode()
        return answer(result["statusCode"], fields, body)
