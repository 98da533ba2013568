"""Posts events to a gate, and tries again where that can help: for your programs, and what `eventgate send` uses.

docs/client.md is its manual. `Client` is for threads, `AsyncClient` for an event loop; both follow the same rules.
"""

from __future__ import annotations

from eventgate.client.aio import AsyncClient
from eventgate.client.answers import Answer, BatchAnswer, Unanswered, WriterResult
from eventgate.client.bodies import Event
from eventgate.client.course import Retry
from eventgate.client.sync import Client
from eventgate.client.tokens import AsyncToken, Token
from eventgate.core.model import Outcome
from eventgate.errors import EventGateError, Problem, Unreachable

__all__ = [
    "Answer",
    "AsyncClient",
    "AsyncToken",
    "BatchAnswer",
    "Client",
    "Event",
    "EventGateError",
    "Outcome",
    "Problem",
    "Retry",
    "Token",
    "Unanswered",
    "Unreachable",
    "WriterResult",
]
