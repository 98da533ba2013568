"""Calls a Lambda handler over and over in one process, as fast as it answers, and says what that took.

    python -m bench.inprocess gate|handmade TOKEN_FILE

For every line with a number of seconds on its standard input it runs one round and prints one line of JSON.
`gate` reads `CONF_DIR`, `handmade` what `handmade.py` says. Invocations are those of an HTTP API (payload 2.0).
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.workload import TOPIC, sample_event

Handler = Callable[[Any, Any], dict[str, Any]]
INVOCATIONS = 1_000
"""Made beforehand, with an event id each, and used again and again."""


class Context:
    """What AWS hands a handler beside the invocation."""

    aws_request_id = "00000000-0000-4000-8000-000000000000"
    function_name = "bench"
    memory_limit_in_mb = "1024"

    def get_remaining_time_in_millis(self) -> int:
        return 30_000


def invocation(event: str, token: str) -> dict[str, Any]:
    path = f"/topics/{TOPIC}"
    return {
        "version": "2.0",
        "routeKey": "POST /topics/{topic}",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {
            "authorization": f"Bearer {token}",
            "content-type": "application/json",
            "content-length": str(len(event.encode())),
            "host": "api.example",
            "user-agent": "bench",
            "x-forwarded-for": "192.0.2.1",
            "x-forwarded-port": "443",
            "x-forwarded-proto": "https",
        },
        "requestContext": {
            "apiId": "bench",
            "domainName": "api.example",
            "http": {"method": "POST", "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1"},
            "requestId": "bench-request",
            "routeKey": "POST /topics/{topic}",
            "stage": "$default",
        },
        "pathParameters": {"topic": TOPIC},
        "body": event,
        "isBase64Encoded": False,
    }


def measured(handler: Handler, invocations: list[dict[str, Any]], seconds: float) -> dict[str, Any]:
    """One round: how many invocations by status, wall and CPU seconds."""
    context = Context()
    statuses: Counter[int] = Counter()
    used, begun = time.process_time(), time.perf_counter()
    while time.perf_counter() - begun < seconds:
        for call in invocations[:100]:
            statuses[handler(call, context)["statusCode"]] += 1
        invocations = invocations[100:] + invocations[:100]
    return {
        "statuses": statuses,
        "seconds": time.perf_counter() - begun,
        "cpu_seconds": time.process_time() - used,
    }


def load_handler(name: str) -> Handler:
    if name == "gate":
        from eventgate.adapters.aws_lambda import handler as ours

        return ours
    from bench.handmade import handler as theirs

    return theirs


def main() -> None:
    name, token_file = sys.argv[1:]
    answers, sys.stdout = sys.stdout, sys.stderr  # a handler under Lambda logs to its standard output
    handler = load_handler(name)
    event, event_id = sample_event()
    before, after = event.decode().split(event_id.decode())
    token = Path(token_file).read_text()
    invocations = [invocation(f"{before}{number:036}{after}", token) for number in range(INVOCATIONS)]
    for line in sys.stdin:
        print(json.dumps(measured(handler, invocations, float(line))), file=answers, flush=True)


if __name__ == "__main__":
    main()
