"""API Gateway HTTP APIs and Lambda function URLs, payload version 2.0.

Source of the form: API Gateway Developer Guide, "Create AWS Lambda proxy integrations for HTTP APIs"; AWS Lambda
Developer Guide, "Invoking Lambda function URLs".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from urllib.parse import unquote

from eventgate.adapters.invocations import fields
from eventgate.adapters.invocations.fields import HttpInvocation, LambdaAnswer, mapping, text
from eventgate.core.model import Response

_NEXT_CREDENTIALS = re.compile(r"\s*,\s*(?=[A-Za-z0-9_-]+ )")
"""Between two `Authorization` values: a scheme and a space follow. Within SigV4's one value, `name=` follows."""
_NEXT_VALUE = re.compile(r"\s*,\s*")
_SPLIT = {b"authorization": _NEXT_CREDENTIALS, b"bearer": _NEXT_VALUE, b"content-type": _NEXT_VALUE}
"""Headers of which the gate must see whether there is more than one, and whose values hold no such comma."""


def matches(invocation: Mapping[str, object]) -> bool:
    """Whether this is payload version 2.0."""
    return invocation.get("version") == "2.0" or "http" in mapping(invocation.get("requestContext"))


def read(invocation: Mapping[str, object]) -> HttpInvocation:
    """The request in an invocation of payload version 2.0."""
    context = mapping(invocation.get("requestContext"))
    http = mapping(context.get("http"))
    raw = text(invocation.get("rawPath")) or text(http.get("path"))
    return HttpInvocation(
        method=text(http.get("method")) or "GET",
        paths=fields.decoded(_paths(invocation, context, raw)),
        headers=tuple(_headers(invocation)),
        body=fields.body_reader(invocation),
        request_id=fields.request_id(context),
        answer=answer,
        outer_path=unquote(raw) or None,
    )


def answer(response: Response) -> LambdaAnswer:
    """The form of payload version 2.0, which has one value for each header."""
    body, is_base64 = fields.answer_text(response)
    return {
        "statusCode": response.status,
        "headers": fields.answer_single_headers(response),
        "body": body,
        "isBase64Encoded": is_base64,
    }


def _paths(invocation: Mapping[str, object], context: Mapping[str, object], raw: str) -> Iterator[str]:
    """`rawPath` starts with the stage, unless that is `$default`, and with the key of a custom domain's mapping."""
    _, _, template = text(invocation.get("routeKey")).partition(" ")
    yield from fields.routed(template, mapping(invocation.get("pathParameters")))
    yield fields.without_stage(raw, text(context.get("stage")))
    yield raw


def _headers(invocation: Mapping[str, object]) -> Iterator[tuple[bytes, bytes]]:
    """The header fields. Several values of a name arrive joined: two tokens must not pass as one."""
    for name, value in fields.single_headers(mapping(invocation.get("headers"))):
        if b"," in value and name in _SPLIT:
            yield from ((name, part.encode("latin-1")) for part in _SPLIT[name].split(value.decode("latin-1")))
        else:
            yield name, value
    cookies = invocation.get("cookies")
    if isinstance(cookies, list) and cookies:
        yield from fields.single_headers({"cookie": "; ".join(text(cookie) for cookie in cookies)})
