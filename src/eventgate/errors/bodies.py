"""What is wrong with a body before it is an event."""

from __future__ import annotations

from eventgate.errors.refusals import Refusal


class BodyTooLarge(Refusal):
    """The body, what it decompresses to, or one event of a batch (`what`) is larger than the limit (bytes)."""

    status = 413
    type = "size"

    def __init__(self, limit: int, what: str = "body") -> None:
        super().__init__(f"the {what} is larger than {limit} bytes")


class BodyTooSlow(Refusal):
    """The body took longer to arrive than a body may."""

    status = 408
    type = "timeout"

    def __init__(self) -> None:
        super().__init__("the body did not arrive in time")


class BatchTooLong(Refusal):
    """The batch has more events than the limit."""

    status = 413
    type = "size"

    def __init__(self, limit: int) -> None:
        super().__init__(f"the batch has more than {limit} events")


class AnswerTooLarge(Refusal):
    """The answer to a post is larger than what is between gate and client passes on: AWS Lambda, a load balancer."""

    status = 413
    type = "size"

    def __init__(self) -> None:
        super().__init__(
            "the answer would be larger than AWS passes on; the events may have been delivered; send fewer at once"
        )


class UnsupportedMedia(Refusal):
    """The media type, charset or content coding is not one the gate reads."""

    status = 415
    type = "media"


class InvalidJson(Refusal):
    """The body is not one I-JSON document (RFC 7493)."""

    status = 400
    type = "json"
