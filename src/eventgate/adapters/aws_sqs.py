"""Redelivery as an AWS Lambda function on the spool's queue: `eventgate.adapters.aws_sqs.handler`.

The event source mapping has to report failures of single messages (`ReportBatchItemFailures`): without it, Lambda
takes messages that are to come back for done.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Any, Final

from eventgate.adapters.aws_lambda import Context, Environment, environment
from eventgate.spool.sqs.queue import Received

log = logging.getLogger("eventgate.spool")

MARGIN_SECONDS: Final = 10.0
"""What is left of the function's time when no further attempt is begun or goes on."""

Failures = dict[str, list[dict[str, str]]]


def handler(invocation: object, context: Context | None = None) -> Failures:
    """Try the writes that an SQS invocation's messages ask for; says which messages are to come back."""
    return redeliver(environment(), invocation, context)


def redeliver(environment: Environment, invocation: object, context: Context | None) -> Failures:
    """As `handler`, by the gate of `environment`. Without a gate or a spool every message comes back."""
    received = _received(invocation)
    done: set[str] = environment.run(_redeliver(environment, received, context))
    return {"batchItemFailures": [{"itemIdentifier": each.id} for each in received if each.id not in done]}


async def _redeliver(environment: Environment, received: Sequence[Received], context: Context | None) -> set[str]:
    try:
        gate = await environment.open()
        if gate is None:
            return set()
        await gate.refresh_if_due(1.0)
        return await gate.redeliver(received, _until(context))
    except Exception:
        log.exception("messages of the spool could not be worked on")
        return set()


def _until(context: Context | None) -> float:
    """When no attempt may go on any more (`loop.time()`)."""
    remaining = getattr(context, "get_remaining_time_in_millis", None)
    seconds = 60.0 if remaining is None else max(0.0, remaining() / 1000 - MARGIN_SECONDS)
    return asyncio.get_running_loop().time() + seconds


def _received(invocation: object) -> list[Received]:
    """The messages of an invocation (Lambda developer guide, "Using Lambda with Amazon SQS")."""
    records = invocation.get("Records") if isinstance(invocation, Mapping) else None
    return [_message(each) for each in records or () if isinstance(each, Mapping) and "messageId" in each]


def _message(record: Mapping[str, Any]) -> Received:
    attributes = record.get("attributes") or {}
    return Received(
        str(record["messageId"]),
        str(record.get("receiptHandle", "")),
        str(record.get("body", "")),
        int(attributes.get("ApproximateReceiveCount", 1)),
        str(attributes.get("MessageGroupId", record["messageId"])),
    )
