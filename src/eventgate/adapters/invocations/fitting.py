"""Answers that Lambda and its callers pass on: larger ones would reach the client as a 502 that says nothing."""

from __future__ import annotations

import json
import logging
import re
from typing import Final

from eventgate.adapters.invocations.fields import HttpInvocation
from eventgate.core import responses
from eventgate.core.model import Headers, Response
from eventgate.errors import AnswerTooLarge, Misconfigured, Refusal

log = logging.getLogger("eventgate.lambda")

_MOST_ESCAPED: Final = 6
"""Bytes that JSON may make of one byte of a body: `\\u0000`."""
_REST: Final = 64 * 1024
"""More than status and headers take."""
_GZIP: Final = re.compile(rb"gzip\s*(;\s*q=(1(\.0*)?|0?\.0*[1-9]\d*))?")
_CORRELATION: Final = b"x-correlation-id"


def fitting(http: HttpInvocation, response: Response) -> Response:
    """`response` if it is passed on, else pressed for a client that reads gzip, else an answer that says why not.

    A post that is answered so may have been delivered all the same.
    """
    if _fits(http, response):
        return response
    if http.passes_bytes and _reads_gzip(http.headers) and _fits(http, pressed := _pressed(response)):
        return pressed
    log.error(
        "the answer to a %s has %d bytes, more than Lambda or what invoked it passes on",
        http.method,
        len(response.body),
    )
    correlation = tuple(field for field in response.headers if field[0] == _CORRELATION)
    refused = responses.refused(_refusal(http))
    return Response(refused.status, (*refused.headers, *correlation), refused.body)


def _refusal(http: HttpInvocation) -> Refusal:
    if http.method == "POST":
        return AnswerTooLarge()
    return Misconfigured("this answer is larger than AWS passes on; the gate's operator can make topics smaller")


def _fits(http: HttpInvocation, response: Response) -> bool:
    """The runtime writes an answer as JSON, in some images with all but ASCII escaped."""
    if len(response.body) * _MOST_ESCAPED + _REST <= http.most_answer_bytes:
        return True
    return len(json.dumps(http.answer(response))) <= http.most_answer_bytes


def _reads_gzip(headers: Headers) -> bool:
    """Whether a quality over zero is given to gzip (RFC 9110, section 12.5.3)."""
    codings = (each for name, value in headers if name == b"accept-encoding" for each in value.lower().split(b","))
    return any(_GZIP.fullmatch(each.strip()) for each in codings)


def _pressed(response: Response) -> Response:
    import gzip  # no other answer needs it

    body = gzip.compress(response.body, 6, mtime=0)
    headers = [(name, value) for name, value in response.headers if name != b"content-length"]
    return Response(response.status, (*headers, (b"content-encoding", b"gzip"), (b"vary", b"Accept-Encoding")), body)
