"""How the server sends an answer: whole, in one write, where ASGI would make it two."""

from __future__ import annotations

import asyncio
import logging

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

from eventgate.adapters.asgi import Application
from eventgate.adapters.refusals import refused
from eventgate.core.gateway import content_length
from eventgate.core.model import Response
from eventgate.errors import InternalError, Refusal, Unavailable

log = logging.getLogger("eventgate.server")


async def answer(cycle: RequestResponseCycle, application: Application) -> None:
    """Answer the request of `cycle`, also if it is cancelled because the time to stop has come."""
    try:
        response = await application.answer(cycle.scope, cycle.receive)  # type: ignore[arg-type]  # TypedDicts, at run time dicts
    except asyncio.CancelledError:
        response = _refuse(cycle, Unavailable("the gate has stopped before the request was done"))
    except Exception:
        log.exception("the gate failed to answer")
        response = _refuse(cycle, InternalError())
    _send(cycle, response)


def _refuse(cycle: RequestResponseCycle, refusal: Refusal) -> Response:
    return refused(refusal, list(cycle.scope["headers"]))


def _send(cycle: RequestResponseCycle, response: Response) -> None:
    """Write `response` and end the cycle, as uvicorn does after the last message of an application.

    Flow control is left out: an answer is small, and a connection has one under way.
    """
    if cycle.disconnected:
        return
    parts = [STATUS_LINE[response.status]]
    for name, value in cycle.default_headers:
        parts += (name, b": ", value, b"\r\n")
    for name, value in content_length(response.headers, response.body):
        parts += (name, b": ", value, b"\r\n")
    parts.append(b"\r\n" if cycle.keep_alive else b"connection: close\r\n\r\n")
    parts.append(response.body)
    cycle.response_started = cycle.response_complete = True
    cycle.waiting_for_100_continue = False
    cycle.transport.write(b"".join(parts))
    cycle.message_event.set()
    if not cycle.keep_alive:
        cycle.transport.close()
    cycle.on_response()
