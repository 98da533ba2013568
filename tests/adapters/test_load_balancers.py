"""Answers to load balancers, which take less than others."""

from __future__ import annotations

import base64
import gzip
from typing import Any

import pytest

from eventgate.adapters.invocations import read_invocation
from eventgate.core.model import Response


@pytest.mark.parametrize("form", ["headers", "multiValueHeaders"])
def test_what_is_too_large_for_a_load_balancer_is_pressed_for_who_can_read_that(form: str) -> None:
    large = Response(200, ((b"content-type", b"text/javascript"),), b"x" * 1_700_000)
    small = Response(200, (), b"{}")

    def answered(coding: str, response: Response) -> dict[str, Any]:
        value: Any = coding if form == "headers" else [coding]
        invocation = {"requestContext": {"elb": {}}, "httpMethod": "GET", "path": "/", form: {"Accept-Encoding": value}}
        return dict(read_invocation(invocation).answer(response))

    pressed = answered("gzip, br", large)
    assert gzip.decompress(base64.b64decode(pressed["body"])) == large.body
    assert pressed["isBase64Encoded"] is True
    assert "gzip" in str(pressed[form])
    assert answered("br", large)["body"] == large.body.decode()
    assert answered("gzip", small)["isBase64Encoded"] is False
