"""Invocations in the full form in which AWS's services send them: every member, the null ones too."""

from __future__ import annotations

import json
from typing import Any

Event = dict[str, Any]

HOST = "qwertyuiop.execute-api.eu-west-1.amazonaws.com"
AGENT = "curl/8.5.0"
REQUEST_ID = "79104EXAMPLEB723"


def rest_api(method: str, path: str, headers: dict[str, str], body: str | None = None) -> Event:
    """A REST API with a resource for each route, Lambda proxy integration, payload 1.0."""
    fields = {"Accept": "*/*", "Host": HOST, "User-Agent": AGENT, "X-Forwarded-Proto": "https", **headers}
    topic = path.removeprefix("/topics/") if path.startswith("/topics/") else None
    resource = "/topics/{topic_name}" if topic else path
    return {
        "resource": resource,
        "path": path,
        "httpMethod": method,
        "headers": fields,
        "multiValueHeaders": {name: [value] for name, value in fields.items()},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": {"topic_name": topic} if topic else None,
        "stageVariables": None,
        "requestContext": {
            "resourceId": "2gxmpl",
            "authorizer": None,
            "resourcePath": resource,
            "httpMethod": method,
            "operationName": None,
            "extendedRequestId": "JJbxmplHYosFVYQ=",
            "requestTime": "10/Mar/2026:00:03:59 +0000",
            "path": f"/DEV{path}",
            "accountId": "123456789012",
            "protocol": "HTTP/1.1",
            "stage": "DEV",
            "domainPrefix": "qwertyuiop",
            "requestTimeEpoch": 1773100639000,
            "requestId": "77375676-xmpl-4b79-853a-f982474efe18",
            "identity": {
                "cognitoIdentityPoolId": None,
                "accountId": None,
                "apiKey": None,
                "caller": None,
                "sourceIp": "10.11.12.13",
                "principalOrgId": None,
                "accessKey": None,
                "cognitoAuthenticationType": None,
                "cognitoAuthenticationProvider": None,
                "userArn": None,
                "userAgent": AGENT,
                "user": None,
                "vpceId": "vpce-0123456789abcdef0",
            },
            "domainName": HOST,
            "apiId": "qwertyuiop",
        },
        "body": body,
        "isBase64Encoded": False,
    }


def http_api(method: str, path: str, headers: dict[str, str], body: str | None = None) -> Event:
    """An HTTP API with the default stage, payload 2.0."""
    return _payload_2(method, path, headers, body, HOST, "123456789012", "default")


def function_url(method: str, path: str, headers: dict[str, str], body: str | None = None) -> Event:
    """A function URL without IAM."""
    host = "abcdefghijklmnopqrstuvwxyz012345.lambda-url.eu-west-1.on.aws"
    return _payload_2(method, path, headers, body, host, "anonymous", "url")


def load_balancer(method: str, path: str, headers: dict[str, str], body: str | None = None) -> Event:
    """An application load balancer's target group, without multi-value headers."""
    target = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/lambda-279XGJDqGZ5rsrHC2Fjr/49e9d65c45"
    fields = {
        "accept": "*/*",
        "host": "lambda-alb-123578498.eu-west-1.elb.amazonaws.com",
        "user-agent": AGENT,
        "x-amzn-trace-id": "Root=1-5c536348-3d683b8b04734faae651f476",
        "x-forwarded-for": "10.11.12.13",
        "x-forwarded-port": "443",
        "x-forwarded-proto": "https",
    }
    return {
        "requestContext": {"elb": {"targetGroupArn": target}},
        "httpMethod": method,
        "path": path,
        "queryStringParameters": {},
        "headers": fields | {name.lower(): value for name, value in headers.items()},
        "body": body or "",
        "isBase64Encoded": False,
    }


def _payload_2(
    method: str, path: str, headers: dict[str, str], body: str | None, host: str, account: str, api: str
) -> Event:
    fields = {"accept": "*/*", "host": host, "user-agent": AGENT, "x-forwarded-proto": "https"}
    event: Event = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": "",
        "headers": fields | {name.lower(): value for name, value in headers.items()},
        "requestContext": {
            "accountId": account,
            "apiId": api,
            "domainName": host,
            "domainPrefix": host.partition(".")[0],
            "http": {
                "method": method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "10.11.12.13",
                "userAgent": AGENT,
            },
            "requestId": REQUEST_ID,
            "routeKey": "$default",
            "stage": "$default",
            "time": "10/Mar/2026:00:03:59 +0000",
            "timeEpoch": 1773100639000,
        },
        "isBase64Encoded": False,
    }
    return event if body is None else event | {"body": body}


SHAPES = {each.__name__: each for each in (rest_api, http_api, function_url, load_balancer)}


def problems(answer: Any) -> list[str]:
    """What a service would answer 502 for: an answer that is not of the proxy's form."""
    wrong = [] if isinstance(answer, dict) else ["no object"]
    if not wrong:
        wrong += [] if isinstance(answer.get("statusCode"), int) else ["statusCode"]
        wrong += [] if isinstance(answer.get("body", ""), str) else ["body"]
        wrong += [] if isinstance(answer.get("isBase64Encoded", False), bool) else ["isBase64Encoded"]
        fields = answer.get("headers") or {}
        wrong += [name for name, value in fields.items() if not isinstance(value, str)]
        many = answer.get("multiValueHeaders") or {}
        wrong += [name for name, values in many.items() if not isinstance(values, list)]
    return wrong


def body_of(answer: Any) -> Any:
    """The JSON document in an answer that a service could pass on."""
    assert problems(answer) == []
    return json.loads(answer["body"])
