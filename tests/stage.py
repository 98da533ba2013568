"""API Gateway as its callers see it: HTTP below a stage, where each request is an invocation of the Lambda handler."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from eventgate.adapters.aws_lambda import Environment
from tests.aws_lambda.events import rest_api
from tests.http_server import Exchange, http_server

STAGE: Final = "/DEV"
"""As in those invocations."""


@contextmanager
def stage_of(conf: Path) -> Iterator[str]:
    """The address, without a slash at its end, of a function with the configuration `conf`, in this process."""
    environment = Environment({"CONF_DIR": str(conf), "LOG_LEVEL": "CRITICAL"})

    class Invocation(Exchange):
        protocol_version = "HTTP/1.1"
        wbufsize = -1

        def reply(self) -> None:
            outer = urlsplit(self.path).path
            if outer != STAGE and not outer.startswith(f"{STAGE}/"):
                self.answer(403, json.dumps({"message": "Forbidden"}).encode(), {"Content-Type": "application/json"})
                return
            path = outer.removeprefix(STAGE) or "/"
            invocation = rest_api(self.command, path, dict(self.headers), self.body().decode() or None)
            invocation["requestContext"]["path"] = outer
            answer: Any = environment.answer(invocation, None)
            text = answer["body"]
            content = base64.b64decode(text) if answer["isBase64Encoded"] else text.encode()
            fields = {name: values[-1] for name, values in answer["multiValueHeaders"].items()}
            self.answer(answer["statusCode"], content, fields)

    try:
        with http_server(Invocation) as address:
            yield f"{address}{STAGE}"
    finally:
        environment.close()
