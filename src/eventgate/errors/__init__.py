"""One tree for all that can go wrong, and what the caller is told of it.

EventGateError
├── Refusal                   becomes an answer: it has a status and a type
│   ├── RouteNotFound         404 route
│   ├── MethodNotAllowed      405 method
│   ├── HeadersTooLarge       431 headers
│   ├── MalformedRequest      400 headers
│   ├── Unauthenticated       401 auth
│   ├── TopicNotFound         404 topic
│   ├── NoExample             404 example
│   ├── BodyTooLarge          413 size
│   ├── BodyTooSlow           408 timeout
│   ├── BatchTooLong          413 size
│   ├── AnswerTooLarge        413 size
│   ├── UnsupportedMedia      415 media
│   ├── NotListed             403 auth
│   ├── FieldForbidden        403 permission
│   ├── InvalidJson           400 json
│   ├── InvalidEvent          400 validation
│   ├── UnacceptableEvent     400 or 413, the writer's name
│   ├── ReceiptMismatch       422 receipt
│   ├── Overloaded            503 overload
│   │   └── RateLimited       429 overload
│   ├── Unavailable           503 unavailable
│   ├── Misconfigured         503 configuration
│   ├── TopicBroken           503 topic
│   └── InternalError         500 internal
├── ConfigurationError        findings that keep a gate from starting
├── SourceError               a file or address could not be read
├── KeySetError               key material that holds no usable key
├── SchemaError               a JSON Schema that cannot judge
├── SinkUnavailable           what a writer's probe raises
└── Unreachable               a command cannot reach something (exit code 3)

Messages hold no values of events, tokens, addresses or secrets (contract, section 2).
"""

from __future__ import annotations

from eventgate.errors.base import EventGateError
from eventgate.errors.bodies import (
    AnswerTooLarge,
    BatchTooLong,
    BodyTooLarge,
    BodyTooSlow,
    InvalidJson,
    UnsupportedMedia,
)
from eventgate.errors.faults import KeySetError, SchemaError, SinkUnavailable, SourceError, Unreachable
from eventgate.errors.findings import ConfigurationError, Finding
from eventgate.errors.refusals import (
    AccessReason,
    AuthReason,
    FieldForbidden,
    HeadersTooLarge,
    InternalError,
    InvalidEvent,
    MalformedRequest,
    MethodNotAllowed,
    Misconfigured,
    NoExample,
    NotListed,
    Overloaded,
    Problem,
    RateLimited,
    ReceiptMismatch,
    Refusal,
    RouteNotFound,
    TopicBroken,
    TopicNotFound,
    UnacceptableEvent,
    Unauthenticated,
    Unavailable,
)

__all__ = [
    "AccessReason",
    "AnswerTooLarge",
    "AuthReason",
    "BatchTooLong",
    "BodyTooLarge",
    "BodyTooSlow",
    "ConfigurationError",
    "EventGateError",
    "FieldForbidden",
    "Finding",
    "HeadersTooLarge",
    "InternalError",
    "InvalidEvent",
    "InvalidJson",
    "KeySetError",
    "MalformedRequest",
    "MethodNotAllowed",
    "Misconfigured",
    "NoExample",
    "NotListed",
    "Overloaded",
    "Problem",
    "RateLimited",
    "ReceiptMismatch",
    "Refusal",
    "RouteNotFound",
    "SchemaError",
    "SinkUnavailable",
    "SourceError",
    "TopicBroken",
    "TopicNotFound",
    "UnacceptableEvent",
    "Unauthenticated",
    "Unavailable",
    "Unreachable",
    "UnsupportedMedia",
]
