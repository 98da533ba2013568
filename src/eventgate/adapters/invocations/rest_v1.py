"""API Gateway REST APIs, and HTTP APIs set to payload version 1.0.

Also the least that programs and notebooks send: `{"resource": "/topics", "httpMethod": "GET"}`. Source of the form:
API Gateway Developer Guide, "Lambda proxy integrations in API Gateway".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from urllib.parse import unquote

from eventgate.adapters.invocations import fields
from eventgate.adapters.invocations.fields import HttpInvocation, LambdaAnswer, mapping, text
from eventgate.core.model import Headers, Response

_NOWHERE = "//"
"""A path that no route has."""
_GZIP = (b"content-encoding", b"gzip")
_GZIP_IN_BASE64 = "H4s"
"""The first two bytes, 1F 8B (RFC 1952, section 2.3.1), and the method, 8, which is always the same."""


def read(invocation: Mapping[str, object]) -> HttpInvocation:
    """The request in an invocation of payload version 1.0; of anything else, a GET of a path that no route has."""
    method = text(invocation.get("httpMethod"))
    context = mapping(invocation.get("requestContext"))
    return HttpInvocation(
        method=method or "GET",
        paths=fields.decoded(_paths(invocation, context)) if method else (_NOWHERE,),
        headers=_headers(invocation),
        body=fields.body_reader(invocation),
        request_id=fields.request_id(context),
        answer=answer,
        outer_path=unquote(text(context.get("path"))) or None,
    )


def answer(response: Response) -> LambdaAnswer:
    """The form of payload version 1.0, with the headers in both of its forms."""
    body, is_base64 = fields.answer_text(response)
    multi = fields.answer_multi_headers(response)
    return {
        "statusCode": response.status,
        "headers": {name: ", ".join(values) for name, values in multi.items()},
        "multiValueHeaders": multi,
        "body": body,
        "isBase64Encoded": is_base64,
    }


def _paths(invocation: Mapping[str, object], context: Mapping[str, object]) -> Iterator[str]:
    """`path` holds the base path of a custom domain, or the stage; the resource with its parameters never does.

    The stage alone may as well be a path of that name where a resource says so: the root has one of its own.
    """
    path, resource, stage = text(invocation.get("path")), text(invocation.get("resource")), text(context.get("stage"))
    yield from fields.routed(resource, mapping(invocation.get("pathParameters")))
    if path != f"/{stage}" or not resource.startswith("/"):
        yield fields.without_stage(path, stage)
    yield path


def _headers(invocation: Mapping[str, object]) -> Headers:
    """Both forms are sent as a rule; `headers` knows only the last of several values.

    Which codings the client reads is API Gateway's affair: it would hand out bytes of ours as base64.
    """
    multi = tuple(fields.multi_headers(mapping(invocation.get("multiValueHeaders"))))
    names = {name for name, _ in multi}
    single = fields.single_headers(mapping(invocation.get("headers")))
    headers = multi + tuple(field for field in single if field[0] not in names)
    unsaid = _GZIP if _is_decompressed(invocation) else None
    return tuple(field for field in headers if field != unsaid and field[0] != b"accept-encoding")


def _is_decompressed(invocation: Mapping[str, object]) -> bool:
    """Whether the body is not gzip, whatever the headers say.

    REST APIs decompress a gzip body themselves, answer one that is none with 415, and pass the header on as it was
    ("Call an API method with a compressed payload").
    """
    is_base64 = invocation.get("isBase64Encoded") is True
    return not (is_base64 and text(invocation.get("body")).startswith(_GZIP_IN_BASE64))
