"""Application Load Balancers with a Lambda function as target.

Source of the form: Elastic Load Balancing, Application Load Balancers, "Lambda functions as targets".
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from eventgate.adapters.invocations import fields
from eventgate.adapters.invocations.fields import HttpInvocation, LambdaAnswer, mapping, text
from eventgate.core.model import Response

_MOST_ANSWER_BYTES: Final = 1_000_000
"""Of the answer's JSON, 1 MB ("Lambda functions as targets", limits)."""


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
    return HttpInvocation(
        method=text(invocation.get("httpMethod")) or "GET",
        paths=fields.decoded([text(invocation.get("path"))]),
        headers=headers,
        body=fields.body_reader(invocation),
        request_id=None,
        answer=_multi_value_answer if multi else _single_value_answer,
        most_answer_bytes=_MOST_ANSWER_BYTES,
    )


def _single_value_answer(response: Response) -> LambdaAnswer:
    return {**_answer(response), "headers": fields.answer_single_headers(response)}


def _multi_value_answer(response: Response) -> LambdaAnswer:
    """A target group with multi-value headers takes no notice of `headers`."""
    return {**_answer(response), "multiValueHeaders": fields.answer_multi_headers(response)}


def _answer(response: Response) -> LambdaAnswer:
    body, is_base64 = fields.answer_text(response)
    return {
        "statusCode": response.status,
        "statusDescription": f"{response.status} {HTTPStatus(response.status).phrase}",
        "body": body,
        "isBase64Encoded": is_base64,
    }
