"""Application Load Balancers with a Lambda function as target.

Source of the form: Elastic Load Balancing, Application Load Balancers, "Lambda functions as targets".
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from http import HTTPStatus
from typing import Final

from eventgate.adapters.invocations import fields
from eventgate.adapters.invocations.fields import HttpInvocation, LambdaAnswer, mapping, text
from eventgate.core.model import Response

_LARGE: Final = 900_000
"""Bytes of a body that may be too many: an answer from Lambda may have 1 MB, the quotes of its JSON included."""


def matches(invocation: Mapping[str, object]) -> bool:
    """Whether a load balancer sent this."""
    return "elb" in mapping(invocation.get("requestContext"))


def read(invocation: Mapping[str, object]) -> HttpInvocation:
    """The request in a load balancer's invocation. Its target group decides whether headers have many values."""
    multi = isinstance(invocation.get("multiValueHeaders"), Mapping)
    headers = tuple(
        fields.multi_headers(mapping(invocation["multiValueHeaders"]))
        if multi
        else fields.single_headers(mapping(invocation.get("headers")))
    )
    takes_gzip = any(name == b"accept-encoding" and b"gzip" in value.lower() for name, value in headers)
    return HttpInvocation(
        method=text(invocation.get("httpMethod")) or "GET",
        paths=fields.decoded([text(invocation.get("path"))]),
        headers=headers,
        body=fields.body_reader(invocation),
        request_id=None,
        answer=partial(_multi_value_answer if multi else _single_value_answer, takes_gzip=takes_gzip),
    )


def _single_value_answer(response: Response, *, takes_gzip: bool) -> LambdaAnswer:
    response = _fitting(response, takes_gzip)
    return {**_answer(response), "headers": fields.answer_single_headers(response)}


def _multi_value_answer(response: Response, *, takes_gzip: bool) -> LambdaAnswer:
    """A target group with multi-value headers takes no notice of `headers`."""
    response = _fitting(response, takes_gzip)
    return {**_answer(response), "multiValueHeaders": fields.answer_multi_headers(response)}


def _fitting(response: Response, takes_gzip: bool) -> Response:
    """`response`, pressed if it would be too large for a load balancer and the client can read that."""
    if len(response.body) < _LARGE or not takes_gzip:
        return response
    import gzip  # no other answer needs it

    body = gzip.compress(response.body, 6, mtime=0)
    headers = [(name, value) for name, value in response.headers if name != b"content-length"]
    return Response(response.status, (*headers, (b"content-encoding", b"gzip"), (b"vary", b"Accept-Encoding")), body)


def _answer(response: Response) -> LambdaAnswer:
    body, is_base64 = fields.answer_text(response)
    return {
        "statusCode": response.status,
        "statusDescription": f"{response.status} {HTTPStatus(response.status).phrase}",
        "body": body,
        "isBase64Encoded": is_base64,
    }
