"""Answers that Lambda and its callers pass on: larger ones would reach the client as a 502 that says nothing."""

from __future__ import annotations

import json
import logging
from typing import Final

from eventgate.adapters.invocations.fields import HttpInvocation
from eventgate.core import responses
from eventgate.core.accept import reads_gzip
from eventgate.core.limits import MOST_ESCAPED
from eventgate.core.model import Response
from eventgate.errors import AnswerTooLarge, Misconfigured, Refusal

log = logging.getLogger("eventgate.lambda")

_REST: Final = 64 * 1024
"""More than status and headers take."""
_CODED: Final = b"content-encoding"
_CORRELATION: Final = b"x-correlation-id"


def fitting(http: HttpInvocation, response: Response) -> Response:
    """`response` if it is passed on, else pressed for a client that reads gzip, else an answer that says why not.

    A post that is answered so may have been delivered all the same.
    """
    if _fits(http, response):
        return response
    if reads_gzip(http.headers) and _CODED not in dict(response.headers):
        pressed = _pressed(response)
        if _fits(http, pressed):
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
    if len(response.body) * MOST_ESCAPED + _REST <= http.most_answer_bytes:
        return True
    return len(json.dumps(http.answer(response))) <= http.most_answer_bytes


def _pressed(response: Response) -> Response:
    import gzip  # no other answer needs it

    body = gzip.compress(response.body, 6, mtime=0)
    headers = [(name, value) for name, value in response.headers if name != b"content-length"]
    return Response(response.status, (*headers, (_CODED, b"gzip"), (b"vary", b"Accept-Encoding")), body)
