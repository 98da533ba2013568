"""Configurations and requests that grow: in topics, in subjects, in bytes."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from bench.load import post
from bench.workload import LAKE, TOPIC, sample_event

TOPICS = (1, 10, 100, 1000)
SUBJECTS = (1, 10, 100, 1000, 10_000)
KILOBYTES = (0.3, 3, 30, 300, 900)
SMALL = 1000
"""Requests a round of events that are not large."""

_ITEM: Any = {
    "type": "object",
    "properties": {"name": {"type": "string", "maxLength": 40}, "value": {"type": "number"}},
    "required": ["name", "value"],
}
SIZED: Any = {
    "type": "object",
    "properties": {"event_id": {"type": "string"}, "items": {"type": "array", "items": _ITEM}},
    "required": ["event_id", "items"],
}
"""The schema of events that may be of any size."""


def counted(count: int, what: str) -> str:
    """So many of something, in words."""
    return f"{count:,} {what}{'s' * (count > 1)}"


@dataclass(frozen=True)
class Variant:
    """One size of one thing. `requests` are posted in turn, `count` of them a round; `bytes` is what an event has."""

    name: str
    group: str
    conf: Path
    requests: Sequence[bytes]
    count: int
    bytes: int
    tells_opening: bool = False


class Grower:
    """Makes variants in `folder`, which it makes as well. Tokens are signed with a key of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._event, self._event_id = sample_event()

    def with_topics(self, count: int) -> Variant:
        """So many topics with the example's schema; events go to the last."""
        schema = json.loads((LAKE / "topics" / f"{TOPIC}.json").read_bytes())
        names = [f"topic-{number:04}" for number in range(count)]
        conf = self._configure(f"{count}-topics", dict.fromkeys(names, schema), ["subject-0"])
        return Variant(
            counted(count, "topic"), "topics", conf, self._requests(names[-1], 1), SMALL, len(self._event), True
        )

    def with_subjects(self, count: int) -> Variant:
        """So many subjects, each with a token, that post in turn."""
        schema = json.loads((LAKE / "topics" / f"{TOPIC}.json").read_bytes())
        subjects = [f"subject-{number}" for number in range(count)]
        conf = self._configure(f"{count}-subjects", {TOPIC: schema}, subjects)
        return Variant(
            counted(count, "subject"), "subjects", conf, self._requests(TOPIC, count), SMALL, len(self._event)
        )

    def with_bytes(self, kilobytes: float) -> Variant:
        """Events of that size."""
        conf = self._configure(f"{kilobytes}-kb", {"sized": SIZED}, ["subject-0"])
        head = b'{"event_id":"%b","items":[' % self._event_id
        items = [json.dumps({"name": f"name of {number}", "value": number / 8}) for number in range(30_000)]
        size = len(head) + 2
        kept = []
        for item in items:
            size += len(item) + 1
            if size > kilobytes * 1000:
                break
            kept.append(item)
        event = head + ",".join(kept).encode() + b"]}"
        request = post("sized", self._token("subject-0"), event, self._event_id).render(1)
        count = max(5, min(SMALL, int(3000 / kilobytes)))
        return Variant(f"{kilobytes:g} KB", "bytes", conf, [request], count, len(event))

    def _requests(self, topic: str, subjects: int) -> list[bytes]:
        return [
            post(topic, self._token(f"subject-{number}"), self._event, self._event_id).render(number)
            for number in range(subjects)
        ]

    def _token(self, subject: str) -> str:
        now = int(time.time())
        return jwt.encode({"sub": subject, "iat": now, "exp": now + 3600}, self._key, algorithm="ES256")

    def _configure(self, name: str, topics: dict[str, Any], subjects: list[str]) -> Path:
        folder = self._folder / name
        (folder / "topics").mkdir(parents=True)
        for topic, schema in topics.items():
            (folder / "topics" / f"{topic}.json").write_text(json.dumps(schema))
        public = self._key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        (folder / "key.pem").write_bytes(public)
        (folder / "access.json").write_text(json.dumps(dict.fromkeys(topics, subjects)))
        config = {
            "access_config": "access.json",
            "topics": "topics/",
            "token_public_keys_url": "key.pem",
            "auth": {"algorithms": ["ES256"]},
            "writers": {"discard": {}},
        }
        (folder / "config.json").write_text(json.dumps(config))
        return folder


def variants(folder: Path, *, quick: bool) -> list[Variant]:
    """All of them, or of each group the two smallest."""
    grower = Grower(folder)
    last = 2 if quick else None
    return [
        *map(grower.with_topics, TOPICS[:last]),
        *map(grower.with_subjects, SUBJECTS[:last]),
        *map(grower.with_bytes, KILOBYTES[:last]),
    ]
