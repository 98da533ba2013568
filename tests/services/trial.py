"""A configuration to try the three writers with by hand, on the services that tests use."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

from eventgate.dev.scaffold import scaffold_dev
from tests.services.aws import ACCOUNT, REGION, Aws
from tests.services.broker import Broker
from tests.services.database import Database

BUS = QUEUE = "trial"
ENVIRONMENT = "services.env"


def make_trial(folder: Path, kafka: Broker, postgres: Database, aws: Aws) -> str:
    """Make `folder` a configuration with sample topics, and what it needs in the services; what to tell its user.

    Beside it lies a file for a shell to read: where AWS is played.
    """
    scaffold_dev(folder)
    config = json.loads((folder / "config.json").read_bytes())
    database, queue = postgres.create_database(), _bus_with_queue(aws)
    config["writers"] = writers(kafka, postgres.dsn(database), aws)
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    (folder / ENVIRONMENT).write_text("".join(f"export {k}={shlex.quote(v)}\n" for k, v in aws.env.items()))
    for topic in sorted(file.stem for file in (folder / "topics").glob("[!_.]*.json")):
        kafka.create_topic(topic)
    return f"""\
Kafka          {kafka.bootstrap}
PostgreSQL     {postgres.dsn(database)}
EventBridge    {aws.endpoint_url} (bus {BUS}; a rule leads to the queue {queue})
configuration  {folder}

A gate on all three, in another terminal:

    . {folder}/{ENVIRONMENT}; eventgate dev --dir {folder}
"""


def writers(kafka: Broker, dsn: str, aws: Aws) -> dict[str, Any]:
    """`writers` of a configuration: one of each type, on these services."""
    return {
        "kafka": {"bootstrap_servers": kafka.bootstrap},
        "eventbridge": {
            "event_bus_arn": f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/{BUS}",
            "endpoint_url": aws.endpoint_url,
        },
        "postgres": {"dsn": dsn, "create_tables": True},
    }


def _bus_with_queue(aws: Aws) -> str:
    """A bus whose events can be read back from a queue; the queue's address."""
    events, queues = aws.client("events"), aws.client("sqs")
    queue = queues.create_queue(QueueName=QUEUE)["QueueUrl"]
    events.create_event_bus(Name=BUS)
    pattern = json.dumps({"account": [ACCOUNT]})
    events.put_rule(Name="all", EventBusName=BUS, EventPattern=pattern, State="ENABLED")
    target = {"Id": "queue", "Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{QUEUE}"}
    events.put_targets(Rule="all", EventBusName=BUS, Targets=[target])
    return str(queue)
