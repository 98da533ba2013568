"""A spool's queue, as moto plays it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from typing import Any

from tests.services.aws import Aws


class Queues:
    """A queue for the spool, and one for its dead letters."""

    def __init__(
        self, aws: Aws, *, fifo: bool = False, redrive: bool = True, attributes: Mapping[str, str] | None = None
    ) -> None:
        self.client = aws.client("sqs")
        suffix = ".fifo" if fifo else ""
        name = f"spool-{uuid.uuid4().hex}"
        kind = {"FifoQueue": "true"} if fifo else {}
        self.name = f"{name}{suffix}"
        self.dead = self.client.create_queue(QueueName=f"{name}-graves{suffix}", Attributes=kind)["QueueUrl"]
        arn = self.client.get_queue_attributes(QueueUrl=self.dead, AttributeNames=["QueueArn"])
        policy = {"deadLetterTargetArn": arn["Attributes"]["QueueArn"], "maxReceiveCount": "1000"}
        own = {**kind, **(attributes or {}), **({"RedrivePolicy": json.dumps(policy)} if redrive else {})}
        self.url = self.client.create_queue(QueueName=self.name, Attributes=own)["QueueUrl"]

    def messages(self, url: str | None = None) -> list[Any]:
        """Up to ten messages of a queue, which are gone from there for a while."""
        received = self.client.receive_message(QueueUrl=url or self.url, MaxNumberOfMessages=10, AttributeNames=["All"])
        return list(received.get("Messages", []))

    def invocation(self) -> dict[str, Any]:
        """What Lambda would hand to the function on the queue."""
        return {
            "Records": [
                {
                    "messageId": message["MessageId"],
                    "receiptHandle": message["ReceiptHandle"],
                    "body": message["Body"],
                    "attributes": message["Attributes"],
                    "eventSource": "aws:sqs",
                }
                for message in self.messages()
            ]
        }
