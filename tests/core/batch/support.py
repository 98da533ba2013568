"""What the tests of batches share."""

from __future__ import annotations

from typing import Any

from eventgate.core.model import Response
from tests.core.gateway_support import Bench, said

NDJSON = {"content-type": "application/x-ndjson"}
CLOUDEVENTS = {"content-type": "application/cloudevents-batch+json"}
GOOD, BAD, WORSE = b'{"a":1}', b'{"a":"x"}', b"nope"


async def send(bench: Bench, *lines: bytes, **headers: str) -> Response:
    """The answer to a batch of lines."""
    return await bench.post(
        b"\n".join(lines), headers=NDJSON | {name.replace("_", "-"): v for name, v in headers.items()}
    )


def cloudevent(event_id: str, **changes: Any) -> dict[str, Any]:
    return {"specversion": "1.0", "id": event_id, "source": "s", "type": "t", "data": {"a": 1}} | changes


def results(answer: Response) -> list[dict[str, Any]]:
    """The results, after a look at what holds for all of them."""
    body = said(answer)
    found: list[dict[str, Any]] = body["results"]
    statuses = {result["status"] for result in found}
    assert answer.status == body["statusCode"] == (statuses.pop() if len(statuses) == 1 else 207)
    assert [result["index"] for result in found] == list(range(len(found)))
    assert body["success"] is (answer.status in (200, 202))
    assert ("errors" in body) is (answer.status >= 400)
    return found
