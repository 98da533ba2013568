"""The shapes in which AWS hands an HTTP request to a Lambda function, one module each.

`read_invocation` takes any value at all: what is no HTTP request (a scheduled warm-up, say) is read as one that no
route serves, so that it is answered with a 404 and never with an exception.
"""

from __future__ import annotations

from collections.abc import Mapping

from eventgate.adapters.invocations import alb, http_v2, rest_v1
from eventgate.adapters.invocations.fields import HttpInvocation, LambdaAnswer

__all__ = ["HttpInvocation", "LambdaAnswer", "read_invocation"]


def read_invocation(invocation: object) -> HttpInvocation:
    """The HTTP request in `invocation`, whatever its shape. Raises nothing."""
    fields: Mapping[str, object] = invocation if isinstance(invocation, Mapping) else {}
    if alb.matches(fields):
        return alb.read(fields)
    if http_v2.matches(fields):
        return http_v2.read(fields)
    return rest_v1.read(fields)
