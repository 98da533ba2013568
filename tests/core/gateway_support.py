"""A gateway over doubles, for tests of the course that a request takes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from eventgate.core.admission import Admission
from eventgate.core.auth.access import parse_access
from eventgate.core.auth.keyring import KeyRing
from eventgate.core.auth.tokens import AuthRules
from eventgate.core.cors import Cors
from eventgate.core.delivery import Delivery
from eventgate.core.gateway import Gateway
from eventgate.core.health import Health
from eventgate.core.instruments import Trail
from eventgate.core.limits import Limits
from eventgate.core.model import Request, Response
from eventgate.core.pointer import Pointer
from eventgate.core.policy import Policy
from eventgate.core.posting import Posting
from eventgate.core.reading import Reading
from eventgate.core.receipts import Receipts
from eventgate.core.topics import Topic, compile_schema
from eventgate.core.writer import Writer, WriterUse
from eventgate.errors import BodyTooLarge
from eventgate.testing import RecordingWriter, TokenMaker

TOKENS = TokenMaker()
SCHEMA = b'{"type":"object","required":["a"],"properties":{"a":{"type":"integer"},"t":{"type":"string"}}}'
ACCESS = {
    "orders": {"tester": {}, "both": {}, "bound": {"t": ["x.*"]}},
    "other": ["someone", "both"],
    "broken": ["tester"],
}


class Trails:
    """Keeps what the gateway tells its instruments."""

    def __init__(self) -> None:
        self.all: list[Trail] = []

    def finished(self, trail: Trail) -> None:
        """Keep it."""
        self.all.append(trail)


class Bench:
    """One gateway with the topics `orders` and `other`, and `broken`, which never was good."""

    def __init__(
        self,
        *writers: Writer,
        optional: Sequence[str] = (),
        guard: str | None = None,
        receipts: Receipts | None = None,
        limits: Limits | None = None,
        event_id: str | None = None,
        ready: str | None = None,
        terminators: frozenset[str] = frozenset(),
        cors: Cors | None = None,
        token_url: str | None = None,
        api_document: bytes | None = None,
    ) -> None:
        self.writers = writers or (RecordingWriter(),)
        schema = compile_schema(SCHEMA, uri="orders.json", resources={})
        uses = {writer.name: WriterUse(required=writer.name not in optional) for writer in self.writers}
        pointer = None if event_id is None else Pointer(event_id)
        topics = {
            name: Topic(name=name, schema=schema, uses=uses, event_id=pointer, guard=guard)
            for name in ("orders", "other")
        }
        access, _ = parse_access(ACCESS, file="access.json", fold_case=False)
        self.policy = Policy(topics, access, "1", broken={"broken": "a bad pattern"})
        self.trails = Trails()
        self.terminated = 0
        self.key_document: bytes | None = TOKENS.jwks()
        self.keyring = KeyRing(self._keys, AuthRules())
        limits = limits or Limits()
        admission = Admission(limits, lambda: self.policy, self.keyring)
        self.gateway = Gateway(
            admission=admission,
            posting=Posting(limits, admission, Delivery(self.writers), receipts),
            reading=Reading(
                admission=admission,
                policy=lambda: self.policy,
                health=Health([], list),
                ready=lambda: ready,
                token_url=token_url,
                api_document=api_document,
            ),
            instruments=self.trails,
            terminators=terminators,
            terminate=self._terminate,
            cors=cors,
        )

    async def ask(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        *,
        token: str | None = None,
        request_id: str | None = None,
        deadline: float | None = None,
        headers: Mapping[str, str] | None = None,
        fields: Sequence[tuple[bytes, bytes]] = (),
    ) -> Response:
        """The answer to one request, with `headers` and further header fields."""
        fields = [*((name.encode(), value.encode()) for name, value in (headers or {}).items()), *fields]
        if token is not None:
            fields.append((b"authorization", b"Bearer " + token.encode()))

        async def read(limit: int) -> bytes:
            if len(body) > limit:
                raise BodyTooLarge(limit)
            return body

        return await self.gateway.handle(Request(method, path, fields, read, request_id, deadline))

    async def post(
        self,
        body: bytes = b'{"a":1}',
        *,
        sub: str = "tester",
        path: str = "/topics/orders",
        headers: Mapping[str, str] | None = None,
        receipts: Sequence[bytes] = (),
    ) -> Response:
        """The answer to a post with a good token of `sub`, and a header for each of `receipts`."""
        fields = [(b"eventgate-receipt", receipt) for receipt in receipts]
        return await self.ask("POST", path, body, token=TOKENS.token(sub), headers=headers, fields=fields)

    async def _keys(self, _: float) -> bytes:
        assert self.key_document is not None
        return self.key_document

    def _terminate(self) -> None:
        self.terminated += 1


def said(response: Response) -> Any:
    """The JSON of an answer."""
    return json.loads(response.body)


def error(response: Response) -> dict[str, Any]:
    """The only error of an answer."""
    body = said(response)
    assert body["success"] is False
    assert body["statusCode"] == response.status
    (only,) = body["errors"]
    return dict(only)
