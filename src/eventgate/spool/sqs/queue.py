"""One SQS queue: its address, its limits, and what is done with its messages."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from eventgate.aws.client import Client
from eventgate.aws.faults import AwsFailure
from eventgate.core.spool import Untaken

MAX_ENTRIES: Final = 10
"""Most messages of one request (SQS API reference, SendMessageBatch)."""
MAX_HIDDEN_SECONDS: Final = 43_200
"""Longest time for which a message that is received is hidden from others (SQS API reference, ReceiveMessage)."""
KEEP_SECONDS: Final = 5.0
"""How long what the queue said of itself counts."""
FIFO: Final = ".fifo"

_COUNTS: Final = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)


class Outgoing(msgspec.Struct, frozen=True):
    """A message to be sent; `lane` is what a FIFO queue keeps in order."""

    text: str
    lane: str

    @property
    def size(self) -> int:
        """Its bytes, as SQS counts them."""
        return len(self.text.encode())


class Received(msgspec.Struct, frozen=True):
    """A message that was received; `receipt` is what changes it. `group` is its lane in a FIFO queue, else unique."""

    id: str
    receipt: str
    text: str
    receives: int
    group: str


class Queue:
    """A queue by its name or URL. Raises `AwsFailure`; all deadlines are `loop.time()`."""

    def __init__(self, client: Client, name: str, owner: str | None = None) -> None:
        self._client = client
        self._name = name
        self._owner = owner
        self._url = name if "://" in name else None
        self._attributes: Mapping[str, str] = {}
        self._asked_at = float("-inf")

    @property
    def name(self) -> str:
        """Its name."""
        return urlsplit(self._name).path.rpartition("/")[2] if "://" in self._name else self._name

    @property
    def is_fifo(self) -> bool:
        """Whether it keeps the order of each group."""
        return self.name.endswith(FIFO)

    async def url(self, deadline: float) -> str:
        """Its address."""
        if self._url is None:
            owner = {} if self._owner is None else {"QueueOwnerAWSAccountId": self._owner}
            arguments = {"QueueName": self._name, **owner}
            self._url = await self._client.call(
                "get_queue_url", arguments, lambda answer: str(answer["QueueUrl"]), deadline=deadline
            )
        return self._url

    async def attributes(self, deadline: float) -> Mapping[str, str]:
        """What the queue says of itself, a moment ago or now; empty where that is denied."""
        now = asyncio.get_running_loop().time()
        if now - self._asked_at > KEEP_SECONDS:
            arguments = {"QueueUrl": await self.url(deadline), "AttributeNames": ["All"]}
            try:
                self._attributes = await self._client.call(
                    "get_queue_attributes", arguments, lambda answer: dict(answer["Attributes"]), deadline=deadline
                )
            except AwsFailure as problem:
                if not problem.denied:
                    raise
            self._asked_at = now
        return self._attributes

    async def count(self, deadline: float) -> int | None:
        """About how many messages it holds; None where that is denied."""
        attributes = await self.attributes(deadline)
        return sum(int(attributes.get(name, 0)) for name in _COUNTS) if attributes else None

    async def send(self, messages: Sequence[Outgoing], max_bytes: int, deadline: float) -> list[Untaken | None]:
        """Send `messages`; of each, in order, why that did not succeed. Does not raise."""
        untaken: list[Untaken | None] = [None] * len(messages)
        batches = _batches(messages, max_bytes)
        if self.is_fifo:  # one after the other, in order
            for batch in batches:
                await self._send(messages, batch, untaken, deadline)
        else:
            await asyncio.gather(*(self._send(messages, batch, untaken, deadline) for batch in batches))
        return untaken

    async def _send(
        self, messages: Sequence[Outgoing], batch: Sequence[int], untaken: list[Untaken | None], deadline: float
    ) -> None:
        entries = [{"Id": str(number), "MessageBody": messages[number].text} for number in batch]
        if self.is_fifo:
            for entry, number in zip(entries, batch, strict=True):
                entry |= {"MessageGroupId": messages[number].lane, "MessageDeduplicationId": uuid.uuid4().hex}
        try:
            arguments = {"QueueUrl": await self.url(deadline), "Entries": entries}
            answer = await self._client.call("send_message_batch", arguments, dict, deadline=deadline)
        except AwsFailure as problem:
            for number in batch:
                untaken[number] = Untaken(f"SQS: {problem.reason}", certain=not problem.acted)
            return
        sent = {entry["Id"] for entry in answer.get("Successful", ())}
        for number in batch:
            if str(number) not in sent:
                untaken[number] = Untaken("SQS did not take it")

    async def receive(self, wait_seconds: int, visibility_seconds: int, deadline: float) -> list[Received]:
        """Up to ten messages, hidden from others for a while; none if none came within `wait_seconds`."""
        arguments = {
            "QueueUrl": await self.url(deadline),
            "MaxNumberOfMessages": MAX_ENTRIES,
            "WaitTimeSeconds": wait_seconds,
            "VisibilityTimeout": visibility_seconds,
            "AttributeNames": ["ApproximateReceiveCount", "MessageGroupId"],
        }
        return await self._client.call("receive_message", arguments, _received, deadline=deadline)

    async def delete(self, receipt: str, deadline: float) -> None:
        """Take a message out of the queue for good."""
        arguments = {"QueueUrl": await self.url(deadline), "ReceiptHandle": receipt}
        await self._client.call("delete_message", arguments, bool, deadline=deadline)

    async def hide(self, receipt: str, seconds: int, deadline: float) -> None:
        """Have a message come back after `seconds`."""
        arguments = {"QueueUrl": await self.url(deadline), "ReceiptHandle": receipt, "VisibilityTimeout": seconds}
        await self._client.call("change_message_visibility", arguments, bool, deadline=deadline)


def _received(answer: Mapping[str, Any]) -> list[Received]:
    return [
        Received(
            message["MessageId"],
            message["ReceiptHandle"],
            message["Body"],
            int(message.get("Attributes", {}).get("ApproximateReceiveCount", 1)),
            message.get("Attributes", {}).get("MessageGroupId", message["MessageId"]),
        )
        for message in answer.get("Messages", ())
    ]


def _batches(messages: Sequence[Outgoing], max_bytes: int) -> list[list[int]]:
    """The numbers of `messages`, cut into requests that SQS takes."""
    batches: list[list[int]] = []
    size = 0
    for number, message in enumerate(messages):
        size += message.size
        if not batches or len(batches[-1]) == MAX_ENTRIES or size > max_bytes:
            batches.append([])
            size = message.size
        batches[-1].append(number)
    return batches
