"""How much a gate takes on: sizes, counts and times."""

# No annotations as text (`from __future__`): msgspec would compile each, a fifteenth of an empty handler's cold start.

from typing import Annotated

from msgspec import Meta, Struct

MAX_HEADER_FIELDS = 128
"""Header fields of one request; more are 431. Nginx and API Gateway stay well below."""
MAX_HEADER_BYTES = 32 * 1024
"""Names and values of all header fields together, in bytes; more are 431."""
MAX_PROBLEMS = 100
"""Validation problems listed in one answer (contract, section 2)."""
ALL_PROBLEMS_BODY_BYTES = 32 * 1024
"""Bodies up to this many bytes are told every problem; larger ones the first (contract, section 2)."""
LAMBDA_ANSWER_BYTES = 6 * 1024 * 1024
"""An answer, written as JSON once more, that AWS Lambda passes on (Developer Guide, "Lambda quotas")."""
MOST_ESCAPED = 6
"""Bytes that JSON may make of one byte of text: `\\u0000`."""


class Limits(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Sizes in bytes of the decompressed body, times in seconds."""

    max_body_bytes: Annotated[int, Meta(ge=1, description="Largest event, in bytes. Larger ones are 413.")] = 1048576
    max_batch_bytes: Annotated[int, Meta(ge=1, description="Largest batch, in decompressed bytes.")] = 4194304
    max_batch_events: Annotated[int, Meta(ge=1, description="Most events in one batch.")] = 1000
    max_depth: Annotated[int, Meta(ge=1, le=512, description="Deepest nesting of arrays and objects.")] = 64
    request_timeout_seconds: Annotated[
        float, Meta(gt=0, description="Deadline of one request, all writers included. A topic may set less.")
    ] = 10
    max_in_flight: Annotated[
        int, Meta(ge=1, description="Events under way at once in one process. Beyond, 503 `overload`.")
    ] = 1024
    drain_seconds: Annotated[
        float, Meta(ge=0, description="How long a stopping server goes on answering what it has accepted.")
    ] = 20
    requests_per_second_per_subject: (
        Annotated[float, Meta(gt=0, description="Posts a second that one subject may send to one process, averaged.")]
        | None
    ) = None
