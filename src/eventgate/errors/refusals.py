"""The errors that become answers: each has a status and a type."""

from __future__ import annotations

from typing import ClassVar, Literal

import msgspec

from eventgate.errors.base import EventGateError

AuthReason = Literal[
    "missing",
    "malformed",
    "ambiguous",
    "signature",
    "unknown_key",
    "algorithm",
    "expired",
    "not_yet",
    "lifetime",
    "issuer",
    "audience",
    "claims",
]
AccessReason = Literal["not_listed", "case_differs"]


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """One entry of an answer's `errors`."""

    type: str
    message: str
    reason: str | None = None
    pointer: str | None = None
    keyword: str | None = None
    property: str | None = None


class Refusal(EventGateError):
    """A request that is answered with an error.

    `type` belongs to the class, and nearly always `status`; `problems` are what the caller reads;
    `headers` go into the answer as they are.
    """

    status: int
    type: ClassVar[str]
    problems: tuple[Problem, ...]
    headers: tuple[tuple[bytes, bytes], ...] = ()
    truncated: bool = False

    def __init__(self, message: str, *, reason: str | None = None, pointer: str | None = None) -> None:
        super().__init__(message)
        self.problems = (Problem(self.type, message, reason=reason, pointer=pointer),)


class RouteNotFound(Refusal):
    """Nothing is served at this path."""

    status = 404
    type = "route"

    def __init__(self, message: str = "no such path") -> None:
        super().__init__(message)


class MethodNotAllowed(Refusal):
    """The path exists, but not for this method. `allow` names the methods it takes."""

    status = 405
    type = "method"

    def __init__(self, allow: str) -> None:
        super().__init__(f"this path takes {allow}")
        self.headers = ((b"allow", allow.encode("ascii")),)


class HeadersTooLarge(Refusal):
    """More header fields or header bytes than the gate reads."""

    status = 431
    type = "headers"


class MalformedRequest(Refusal):
    """What came over the connection is not an HTTP request that can be read."""

    status = 400
    type = "headers"

    def __init__(self) -> None:
        super().__init__("the request line or a header field is not HTTP/1.1 as the gate reads it")


class Unauthenticated(Refusal):
    """No token, or none that can be trusted. `reason` is stable, the message is for people."""

    status = 401
    type = "auth"
    headers = ((b"www-authenticate", b"Bearer"),)
    reason: AuthReason

    def __init__(self, reason: AuthReason, message: str) -> None:
        super().__init__(message, reason=reason)
        self.reason = reason


class TopicNotFound(Refusal):
    """No topic of this name is configured."""

    status = 404
    type = "topic"

    def __init__(self) -> None:
        super().__init__("no such topic; GET /topics lists them")


class NoExample(Refusal):
    """No event was found that the topic takes."""

    status = 404
    type = "example"

    def __init__(self) -> None:
        super().__init__("no example event was found that this topic's schema takes")


class NotListed(Refusal):
    """The subject may not write to the topic."""

    status = 403
    type = "auth"

    def __init__(self, reason: AccessReason, message: str) -> None:
        super().__init__(message, reason=reason)


class FieldForbidden(Refusal):
    """The subject may write to the topic, but not an event with such a field."""

    status = 403
    type = "permission"

    def __init__(self, message: str, *, pointer: str | None = None) -> None:
        super().__init__(message, reason="field", pointer=pointer)


class InvalidEvent(Refusal):
    """The schema says no. `truncated`: there may be more problems than are listed."""

    status = 400
    type = "validation"

    def __init__(self, problems: tuple[Problem, ...], *, truncated: bool = False) -> None:
        super().__init__("the event does not match the topic's schema")
        self.problems = problems
        self.truncated = truncated


class UnacceptableEvent(Refusal):
    """A required sink can never take this event; each problem's type is the writer's name."""

    type = "writer"

    def __init__(self, problems: tuple[Problem, ...], *, too_large: bool) -> None:
        super().__init__("a required sink can never take this event")
        self.problems = problems
        self.status = 413 if too_large else 400


class ReceiptMismatch(Refusal):
    """A good receipt that is not this event's. `what` is what differs: topic, subject, body or event id."""

    status = 422
    type = "receipt"

    def __init__(self, what: str) -> None:
        super().__init__(f"the receipt is for another {what}; send it with the request that it answered, or not at all")


class Overloaded(Refusal):
    """The gate has as much to do as it may; the caller comes back after `retry_after` seconds."""

    status = 503
    type = "overload"

    def __init__(self, message: str, *, retry_after: int = 1) -> None:
        super().__init__(message)
        self.headers = ((b"retry-after", str(retry_after).encode("ascii")),)


class RateLimited(Overloaded):
    """This subject sends more requests per second than it may."""

    status = 429


class Unavailable(Refusal):
    """The gate cannot judge yet, or no longer: no key set, no policy, keys too old, draining."""

    status = 503
    type = "unavailable"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.headers = ((b"retry-after", b"5"),)


class Misconfigured(Refusal):
    """The configuration is broken; its findings are in the log."""

    status = 503
    type = "configuration"


class TopicBroken(Refusal):
    """This topic's schema is broken and never was good."""

    status = 503
    type = "topic"

    def __init__(self) -> None:
        super().__init__("this topic's configuration is broken; the gate's operator finds the reason in its log")


class InternalError(Refusal):
    """A defect of ours. It is logged with its traceback and never described to the caller."""

    status = 500
    type = "internal"

    def __init__(self) -> None:
        super().__init__("internal error; the gate's log has it under the correlation id of this answer")
