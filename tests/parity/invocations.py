"""One request as AWS's services would hand it to a Lambda function."""

from __future__ import annotations

import base64
from typing import Any

from tests.parity.case import Case, Fields

Invocation = dict[str, Any]


def rest_multi(case: Case, headers: Fields) -> Invocation:
    """A REST API with a resource for each route; null members where there is nothing."""
    resource, parameters = case.path, None
    topic, slash, rest = case.path.removeprefix("/topics/").partition("/")
    if case.path.startswith("/topics/") and topic and rest in ("", "validate") and not case.path.endswith("/"):
        resource, parameters = f"/topics/{{topic_name}}{slash}{rest}", {"topic_name": topic}
    return {
        "resource": resource,
        "path": case.path,
        "httpMethod": case.method,
        "headers": _last_values(headers) or None,
        "multiValueHeaders": _every_value(headers) or None,
        "queryStringParameters": None,
        "pathParameters": parameters,
        "stageVariables": None,
        "requestContext": {"stage": "prod", "path": f"/prod{case.path}"},
        **_text_body(case.body),
    }


def rest_proxy(case: Case, headers: Fields) -> Invocation:
    """A REST API with one proxy resource, below the base path of a custom domain; only single headers."""
    greedy = case.path.lstrip("/")
    return {
        "resource": "/{proxy+}" if greedy else "/",
        "path": f"/events{case.path}",
        "httpMethod": case.method,
        "headers": _last_values(headers),
        "pathParameters": {"proxy": greedy} if greedy else None,
        "requestContext": {"stage": "prod", "path": f"/events{case.path}", "resourcePath": "/{proxy+}"},
        **_base64_body(case.body),
    }


def http_api(case: Case, headers: Fields) -> Invocation:
    """An HTTP API with a named stage, whose body came as base64."""
    return _payload_2(case, headers, "prod", f"/prod{case.path}") | _base64_body(case.body)


def function_url(case: Case, headers: Fields) -> Invocation:
    """A function URL; without a body there is no `body`."""
    body = {} if case.body is None else _text_body(case.body)
    return _payload_2(case, headers, "$default", case.path) | body


def alb_single(case: Case, headers: Fields) -> Invocation:
    """A load balancer whose target group has multi-value headers switched off."""
    return _load_balancer(case) | {"headers": _last_values(headers)}


def alb_multi(case: Case, headers: Fields) -> Invocation:
    """A load balancer whose target group has them switched on."""
    return _load_balancer(case) | {"multiValueHeaders": _every_value(headers)}


def _payload_2(case: Case, headers: Fields, stage: str, raw_path: str) -> Invocation:
    fields = {name.lower(): ",".join(values) for name, values in _every_value(headers).items()}
    cookies = [part for value in [fields.pop("cookie", None)] if value for part in value.split("; ")]
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": raw_path,
        "rawQueryString": case.target.partition("?")[2],
        "headers": fields,
        "requestContext": {"stage": stage, "http": {"method": case.method, "path": raw_path}},
    } | ({"cookies": cookies} if cookies else {})


def _load_balancer(case: Case) -> Invocation:
    return {
        "requestContext": {"elb": {"targetGroupArn": "arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/t/1"}},
        "httpMethod": case.method,
        "path": case.path,
        "queryStringParameters": {},
        **_text_body(case.body or b""),
    }


def _last_values(headers: Fields) -> dict[str, str]:
    return {name: value.decode() for name, value in headers}


def _every_value(headers: Fields) -> dict[str, list[str]]:
    """As the services do it: names that differ only in case are one."""
    fields: dict[str, list[str]] = {}
    for name, value in headers:
        fields.setdefault(name.title(), []).append(value.decode())
    return fields


def _text_body(body: bytes | None) -> Invocation:
    """As text, unless it is none."""
    try:
        return {"body": None if body is None else body.decode(), "isBase64Encoded": False}
    except UnicodeDecodeError:
        return _base64_body(body)


def _base64_body(body: bytes | None) -> Invocation:
    if body is None:
        return {"body": None, "isBase64Encoded": False}
    return {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}
