"""A function without a gate: the same clients, connected by hand, an event written to both sinks and nothing checked.

`bench.cold_start` puts this file into the package beside the gate: what it takes, no gate with these clients can save.
"""

from __future__ import annotations

import asyncio
import os
from typing import Any

import asyncpg
import confluent_kafka

LOOP = asyncio.new_event_loop()
PRODUCER = confluent_kafka.Producer(
    {
        "bootstrap.servers": os.environ["FLOOR_KAFKA"],
        "acks": "all",
        "enable.idempotence": True,
        "linger.ms": 1,
        "reconnect.backoff.ms": 20,
    }
)
CONNECTION = LOOP.run_until_complete(asyncpg.connect(os.environ["FLOOR_POSTGRES"]))


INSERT = """
    INSERT INTO eventgate_events (topic, event_id, subject, payload, body_sha256, received_at)
    VALUES ('floor', gen_random_uuid()::text, 'nobody', $1::text::jsonb, '', now())
"""


async def deliver(event: str) -> None:
    """Both sinks have `event` when this returns."""
    told: list[object] = []
    PRODUCER.produce(os.environ["FLOOR_TOPIC"], event, on_delivery=lambda error, _: told.append(error))
    await CONNECTION.execute(INSERT, event)
    while not told:
        PRODUCER.poll(1.0)
    if told[0] is not None:
        raise RuntimeError(told[0])


def handler(invocation: dict[str, Any], context: object) -> dict[str, Any]:
    """The answer, once the event is delivered."""
    LOOP.run_until_complete(deliver(invocation["body"]))
    return {"statusCode": 202, "body": "{}"}
